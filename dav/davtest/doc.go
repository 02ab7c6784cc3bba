// Package davtest runs dialogues: what a client sends and what the service must answer, one txtar file each.
// It knows HTTP, XML and the line form of iCalendar and nothing of the service, so that the same files judge
// a handler in process, a server behind Apache or nginx, and somebody else's server. Start with [Run].
//
// # A dialogue
//
//	# Partial retrieval of events by time range.
//	include rfc4791-b.txtar
//
//	as bernard
//	REPORT /calendars/bernard/work/ < query.xml
//	Depth: 1
//	207 = answer.xml
//	> Content-Type: application/xml**
//	-- query.xml --
//	…
//	-- answer.xml --
//	…
//
// The comment section of the archive is the script, its other sections are files. A line of the script is
// blank, a comment (#), or one of
//
//	as ann                who asks from here on; "as nobody" without login, "as ann:wrong" with that password
//	needs login           skip the dialogue unless the client has that feature: "login", a front that checks passwords;
//	                      "encoded-slash", one that lets %2F through; "host-root", one that owns /.well-known of the host
//	include x.txtar       the steps of another dialogue of the same folder come first; its files can be used here
//	METHOD /path [< body] a request
//
// A path stands below the base path of the service; "^/path" is a path of the host. The body is a file of the
// archive or {{event N}}, an event of exactly N octets. Files named *.ics and *.vcf are sent with CRLF.
// Lines after the request are header fields, "Name: value", until the line with the expected status.
// "Transfer-Encoding: chunked" sends the body in chunks, "Host" sets the host. XML bodies are sent as
// application/xml *.ics as text/calendar and *.vcf as text/vcard unless the dialogue has a Content-Type; "Content-Type: none" sends none.
//
//	207                   the status; also 2xx, 201|204
//	207 = answer.xml      and the body equals the file in canonical form
//	200 == event.ics      and the body equals the file octet for octet
//	200 ~ text            and the body contains text
//	403 CALDAV:no-uid-conflict    and the body is a DAV:error of exactly that condition (prefixes DAV, CALDAV, CARDDAV, CS)
//
// More expectations may follow, one a line:
//
//	~ text                the body contains text
//	!~ text               it does not
//	> ETag: {{tag}}       a header field with that value
//	> !ETag               no such field
//	> Allow has PUT, DELETE       a list field names all of these
//	> DAV lacks 2, addressbook    and none of those
//	has /calendars/ann/x.ics      the multi-status has a response for that href
//	has /calendars/ann/x.ics 404  … with that status of its own
//	not /calendars/ann/x.ics      it has none
//	count 3                       it has that many responses
//
// What follows two blanks and a # on such a line is a comment.
//
// # Variables
//
// {{name}} in an expectation stands for one or more characters and captures them the first time; from then on,
// in requests and expectations, it is what was captured. ** stands for anything. Both work in header
// fields, XML text and attributes, lines of iCalendar and paths of has and not. Known from the start are {{origin}}
// (http://host), {{url}} (the same and the base path), {{host}} and {{bom}}.
//
// # Canonical form
//
// XML is compared by names, not prefixes; order does not matter. In a DAV:multistatus the responses are a set by href
// (origin and base path cut off, escapes made equal), propstats are joined by status, properties are a set.
// What the file does not name is a failure, unless the element carries the attribute partial="yes": on multistatus
// further responses and properties are welcome, on a response further properties, on any other element further children.
// DAV:responsedescription and what a condition of a DAV:error contains are compared only where the file has them.
// CALDAV:calendar-data and CARDDAV:address-data are compared component by component, lines unfolded and as a multiset;
// partial="yes" there means that further lines and components are welcome. A property that contains only ** may
// contain anything.
//
// Whatever a dialogue expects, a multi-status must be well-formed, name no href twice and write statuses as clients read them
// ("HTTP/1.1 200 OK"), a DAV:error must name one condition, and a 401 must carry a Basic challenge.
package davtest
