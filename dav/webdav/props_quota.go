package webdav

import (
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// Charged is a collection whose content counts against the quota of a principal.
type Charged interface {
	Collection
	ChargedTo() int64
}

// quotaProperties are those of RFC 4331. A quota is the account's: everywhere in its homes the numbers are the same
// (§3, §4), and none is in allprop (§2).
func quotaProperties() []Property {
	return []Property{
		On(Prop[Charged]{Name: DAV("quota-available-bytes"), // §3; without a quota there is no such number
			Get: func(rq *Request, c Charged, w *Writer) error {
				p, err := rq.charged(c)
				if err != nil {
					return err
				}
				limit, limited := rq.Tx.Limit(p)
				if !limited || !rq.mayCharge(p, c) {
					return ErrNoValue
				}
				w.Int(max(0, limit-p.Bytes))
				return nil
			}}),
		On(Prop[Charged]{Name: DAV("quota-used-bytes"), // §4
			Get: func(rq *Request, c Charged, w *Writer) error {
				p, err := rq.charged(c)
				if err != nil {
					return err
				}
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

// charged reads the principal that pays for c: once for a listing, as a rule.
func (rq *Request) charged(c Charged) (*store.Principal, error) {
	id := c.ChargedTo()
	if rq.payer == nil || rq.payer.ID != id {
		p, err := rq.Tx.PrincipalByID(id)
		if err != nil {
			return nil, err
		}
		rq.payer = p
	}
	return rq.payer, nil
}
