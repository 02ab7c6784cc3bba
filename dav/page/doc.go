// Package page is what a browser sees: who you are, your collections with their addresses, what to type in which
// client, and where the configuration falls short. It reads only, and works without scripts.
package page
