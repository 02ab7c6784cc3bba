// Package sitetest runs the program behind real web servers, set up with the examples that are shipped, and checks what
// holds behind every one of them. It is imported by tests only.
//
//	program := sitetest.Build(t)                    // once
//	place := sitetest.NewPlace(t)                   // a folder for one site
//	program.Serve(t, place, "-fcgi", place.FCGI())  // the program on a socket there, where the web server does not start it
//	site := sitetest.Nginx(t, place, conf)          // the web server, ready when this returns
//	site.Check(t)                                   // dialogues, logins, addresses, bodies
//	site.CheckKill(t, …)                            // and what needs a site of its own
//
// The web servers are Debian's, started in the foreground with a configuration in the place and nothing of the
// system's own: loopback ports, a certificate made here, sockets and logs in the place. As root they switch to the
// user they have on Debian (www-data), so that the examples' words about permissions are tested too. A server that is not
// installed skips the test and names its package. What they wrote to their logs is printed when a test fails.
package sitetest
