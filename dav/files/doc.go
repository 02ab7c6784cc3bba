// Package files gives every account /files/{user}/: an ordinary WebDAV tree of files of any media type under any names,
// with folders in folders (RFC 4918 §5). It is off unless a site switches it on (-files=on).
//
// A body of up to one row stands beside its object, as an event does; a larger one is written while it comes, in rows
// of 256 KB, and read the same way, so that memory does not grow with it (store.WriteContent, upload.go). What is
// served is a download with a sandbox policy, whatever its media type: the tree is no web site.
//
// DELETE hides a whole tree in one transaction and leaves it to a job. MOVE of a tree is one transaction; COPY takes many,
// of which the last shows it (store.Copy). So no answer is ever 207: all of it is done, or nothing.
//
// A folder's sync token and getctag move with whatever changes below it, at any depth, and both levels of sync-collection
// tell of it (RFC 6578 §3.3): level 1 names the folder that it is in.
//
// Start at folder.go.
package files
