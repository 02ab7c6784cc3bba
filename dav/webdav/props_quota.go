package webdav

import (
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// Charged is a collection whose content counts against the quota of a principal.
type Charged interface {
	Collection
	Payer() *store.Principal
}

// quotaProperties are those of RFC 4331. A quota is the account's: everywhere in its homes the numbers are the same
// (§3, §4), and none is in allprop (§2).
func quotaProperties() []Property {
	return []Property{
		On(Prop[Charged]{Name: DAV("quota-available-bytes"), // §3; without a quota there is no such number
			Get: func(rq *Request, c Charged, w *Writer) error {
				p := c.Payer()
				limit, limited := rq.Tx.Limit(p)
				if !limited || !rq.mayCharge(p, c) {
					return ErrNoValue
				}
				w.Int(max(0, limit-p.Bytes))
				return nil
			}}),
		On(Prop[Charged]{Name: DAV("quota-used-bytes"), // §4
			Get: func(rq *Request, c Charged, w *Writer) error {
				p := c.Payer()
				if !rq.mayCharge(p, c) {
					return ErrNoValue
				}
				w.Int(p.Bytes)
				return nil
			}}),
	}
}

// mayCharge: how much somebody holds is for himself to know, and for who may add to it.
func (rq *Request) mayCharge(p *store.Principal, c Charged) bool {
	return rq.Who.Is(p.ID) || rq.May(c, privilege.WriteContent)
}
