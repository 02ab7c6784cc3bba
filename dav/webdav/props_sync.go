package webdav

// syncProperties are the two tokens of a collection: RFC 6578 §4 and Apple's older ctag. They are one text, and it
// changes with every write.
func syncProperties() []Property {
	token := func(rq *Request, c Syncer, w *Writer) error {
		t, err := c.Token(rq)
		if err == nil {
			w.Text(t.String())
		}
		return err
	}
	return []Property{
		On(Prop[Syncer]{Name: DAV("sync-token"), Get: token}),
		On(Prop[Syncer]{Name: Name{NSCalendarServer, "getctag"}, Get: token}),
	}
}

// addMemberProperty is RFC 5995 §3.2.1.
func addMemberProperty() Property {
	return On(Prop[Container]{Name: DAV("add-member"),
		Get: func(rq *Request, c Container, w *Writer) error {
			if _, ok := c.(interface{ TakesNoObjects() }); ok {
				return ErrNoValue
			}
			w.Href(w.Self)
			return nil
		}})
}
