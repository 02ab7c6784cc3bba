package webdav

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"caldav-fcgi/store"
)

// syncCollection is RFC 6578 §3.2.
func syncCollection(rq *Request, c Syncer) (Response, error) {
	list, deep, err := syncLevel(rq, c)
	if err != nil {
		return Response{}, err
	}
	var since store.Token
	if text := TextOf(Find(rq.Body, DAV("sync-token"))); text != "" {
		if since, err = store.ParseToken(text); err != nil {
			return Response{}, refusedToken(rq, c, "sync token %q is none of this server's", text)
		}
	}
	limit, err := syncLimit(rq)
	if err != nil {
		return Response{}, err
	}
	sel, err := rq.Select(rq.Body)
	if err != nil {
		return Response{}, err
	}
	if since == (store.Token{}) && limit == 0 && !deep {
		return syncFirst(rq, c, sel)
	}
	changes, next, more, err := list(rq, since, limit)
	if errors.Is(err, store.ErrTokenUnknown) {
		return Response{}, refusedToken(rq, c, "this collection never gave out that sync token")
	}
	if err != nil {
		return Response{}, err
	}
	return Response{Header: rq.Preferred(), Stream: func(w *Writer) error {
		w.Multistatus()
		if err := syncResponses(rq, c, sel, changes, deep, w); err != nil {
			return err
		}
		if more { // §3.6
			w.Raw("<d:response>")
			w.Href(rq.Target)
			w.Status(http.StatusInsufficientStorage)
			w.Raw("<d:error><d:number-of-matches-within-limits/></d:error></d:response>\n")
		}
		endSync(w, next)
		return nil
	}}, nil
}

// refusedToken is DAV:valid-sync-token, with the status that the client recovers from.
func refusedToken(rq *Request, c Syncer, format string, a ...any) error {
	if r, ok := c.(TokenRefuser); ok {
		return (&Condition{ErrValidSyncToken.Name, r.RefusesTokens(rq)}).With(format, a...)
	}
	return ErrValidSyncToken.With(format, a...)
}

// syncFirst answers a client that knows nothing yet: all members, as they lie in the store.
func syncFirst(rq *Request, c Syncer, sel *Selection) (Response, error) {
	token, err := c.Token(rq)
	if err != nil {
		return Response{}, err
	}
	return Response{Header: rq.Preferred(), Stream: func(w *Writer) error {
		w.Multistatus()
		if err := syncMembers(rq, c, rq.Target, sel, nil, false, w); err != nil {
			return err
		}
		endSync(w, token)
		return nil
	}}, nil
}

func endSync(w *Writer, token store.Token) {
	w.Raw("<d:sync-token>")
	w.Text(token.String())
	w.Raw("</d:sync-token>")
	w.Close()
}

// lister is Changes or ChangesBelow.
type lister func(rq *Request, since store.Token, limit int) (changes []store.Change, next store.Token, more bool, err error)

// syncLevel: §3.3. Without the element, Depth decides, as in the drafts that old clients were written for; with it,
// Depth is left aside, though §3.2 wants a 400: clients send 1.
func syncLevel(rq *Request, c Syncer) (list lister, deep bool, err error) {
	level := TextOf(Find(rq.Body, DAV("sync-level")))
	if Find(rq.Body, DAV("sync-level")) == nil {
		d, err := rq.Depth()
		if err != nil {
			return nil, false, err
		}
		if level = "1"; d == DepthInfinity {
			level = "infinite"
		}
	}
	switch level {
	case "1":
		return c.Changes, false, nil
	case "infinite", "infinity":
		if deep, ok := c.(DeepSyncer); ok {
			return deep.ChangesBelow, true, nil
		}
		return nil, false, ErrSyncTraversal.With("sync-collection of %s takes level 1", rq.Target)
	}
	return nil, false, BadRequest("sync-level %q is neither 1 nor infinite", level)
}

// syncLimit: §3.7.
func syncLimit(rq *Request) (int, error) {
	el := Find(rq.Body, DAV("limit"))
	if el == nil {
		return 0, nil
	}
	text := TextOf(Find(el, DAV("nresults")))
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n < 0:
		return 0, BadRequest("nresults %q is no number", text)
	case n == 0:
		return 0, ErrMatchesWithinLimits.With("no answer has room within a limit of 0")
	}
	return min(n, 1_000_000), nil
}

// syncResponses writes the changes. Members are read in pages of names, so that a first sync holds few of them.
func syncResponses(rq *Request, c Syncer, sel *Selection, changes []store.Change, deep bool, w *Writer) error {
	const page = 500
	for len(changes) > 0 {
		n := min(page, len(changes))
		for _, g := range together(changes[:n]) {
			var of Collection = c
			for _, name := range g.in {
				child, err := of.Child(rq, name, 0)
				if err != nil {
					return err
				}
				of = child.(Collection)
			}
			if err := syncMembers(rq, of, below(rq.Target, g.in), sel, g.names, deep, w); err != nil {
				return err
			}
		}
		for _, ch := range changes[:n] {
			if ch.Gone {
				w.StatusResponse(below(rq.Target, ch.In).Child(ch.Name, ch.Collection), http.StatusNotFound, nil)
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

// siblings are changed members of one collection.
type siblings struct{ in, names []string }

// together gathers those that are there by the collection they are in, the one of the oldest change first.
func together(changes []store.Change) (list []siblings) {
	at := map[string]int{}
	for _, ch := range changes {
		if ch.Gone {
			continue
		}
		key := strings.Join(ch.In, "\x00")
		i, ok := at[key]
		if !ok {
			i = len(list)
			at[key] = i
			list = append(list, siblings{in: ch.In})
		}
		list[i].names = append(list[i].names, ch.Name)
	}
	return list
}

func below(p Path, names []string) Path {
	for _, name := range names {
		p = p.Child(name, true)
	}
	return p
}

// syncMembers writes a response for each member. A deep report does not go into one whose members lie elsewhere, and says
// so (§3.3).
func syncMembers(rq *Request, c Collection, at Path, sel *Selection, names []string, deep bool, w *Writer) error {
	path := at.Child("", false)
	for m, err := range c.Members(rq, names, sel.listed()) {
		if err != nil {
			return err
		}
		if !rq.May(m, readNeeded) {
			continue
		}
		path.rename(m.Name())
		if mount, ok := m.(Mount); deep && ok && mount.Mounted() {
			w.StatusResponse(at.Child(m.Name(), true), http.StatusForbidden, ErrSyncTraversal)
			continue
		}
		if err := sel.Response(w, path, m); err != nil {
			return err
		}
		if err := w.Flush(); err != nil { // bodies may be in it
			return err
		}
	}
	return nil
}
