// Package fcgi is the front: it turns what a web server sends into an *http.Request and says who is asking.
//
// # Ways in
//
// Detect says how the process was started, in this order:
//
//   - systemd handed over sockets (LISTEN_FDS, LISTEN_PID): FastCGI on them;
//   - descriptor 0 is a listening socket (mod_fcgid, lighttpd, spawn-fcgi): FastCGI on it;
//   - GATEWAY_INTERFACE and REQUEST_METHOD are set: one request as plain CGI (CGI);
//   - else the command line decides: Listen opens "unix:PATH", "tcp:HOST:PORT" or "fd:N", and NewPlain serves HTTP.
//
// Server is the FastCGI record layer of our own, of the same shape as net/http/fcgi (Serve, ProcessEnv), which stays
// selectable as StdServer. What ours adds: a panic is a 500 and the process goes on; the request's context ends
// when the web server aborts or hangs up; every size, count and time is bounded; a body that is shorter or longer
// than CONTENT_LENGTH is an error its reader sees; a small answer is one write; Shutdown lets running requests
// finish. It serves one request per connection at a time (FCGI_MPXS_CONNS=0), which is all that the web servers do.
//
// # Who is asking
//
// Handlers are stacked so, the outermost first:
//
//	Server | StdServer | CGI | NewPlain with Basic
//	Identity.Handler    REMOTE_USER, CALDAV_BASE → dav.Caller in the context
//	Guard.Handler       recover, deadline, header, URL and body limits
//	the service
//
// A FastCGI parameter (or CGI variable) without "HTTP_" is the web server's word; what begins with HTTP_, and all
// of http.Request.Header, is the client's. So identity is read from these parameters alone:
//
//	REMOTE_USER     the user, only when AUTH_TYPE is not empty: nginx with its stock parameters puts any name
//	                that a client types into REMOTE_USER where no auth_basic stands (RFC 3875 §4.1.1, §4.1.11)
//	CALDAV_BASE     the base path; SCRIPT_NAME, PATH_INFO and REQUEST_URI only to guess it
//	AUTHENTICATE_*, OIDC_CLAIM_*, SSL_CLIENT_*    name, mail address and groups
//	CALDAV_LOGIN    "token" in a location that the web server does not guard: REMOTE_USER counts for nothing there, and
//	                the password of a device does, from Authorization or from CALDAV_AUTHORIZATION
//
// and headers that look like them (Remote-User, Auth-Type, Caldav-Base …) are dropped, as are Authorization, but for such a
// location, and Proxy. Over plain HTTP the user is one that Basic has verified, or the value of the header that a setting names,
// from a unix socket or a trusted proxy.
//
// Whoever can connect to the socket can be everybody: the socket is made with mode 0660, Server.AllowUIDs checks who
// connects, and TCP has to be asked for.
//
// Requests are routed on REQUEST_URI only: it is the one variable that arrives the same everywhere. The parameters
// are never put into our own environment (httpoxy, CVE-2016-5386).
package fcgi
