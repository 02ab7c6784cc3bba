package store

import (
	"errors"
	"fmt"
	"iter"
	"strings"
)

type PrincipalKind uint8

const (
	User PrincipalKind = iota + 1
	Group
	Room
	Resource
	ProxyRead
	ProxyWrite
)

// Principal is somebody or something that can own, be asked, or belong to a group.
type Principal struct {
	ID       int64
	Kind     PrincipalKind
	Name     string
	Owner    int64 // of a proxy group: whose it is
	Display  string
	Claims   []byte
	Settings string // JSON
	Bytes    int64  // of all its objects
	Quota    *int64 // bytes; nil: the default, NoQuota: none
	Disabled bool
}

var principals = newTable("principal", []column[Principal]{
	{"id", read, func(p *Principal) any { return num(&p.ID) }},
	{"kind", fixed, func(p *Principal) any { return num(&p.Kind) }},
	{"name", varies, func(p *Principal) any { return &p.Name }},
	{"owner", fixed, func(p *Principal) any { return link{&p.Owner} }},
	{"display", varies, func(p *Principal) any { return &p.Display }},
	{"claims", varies, func(p *Principal) any { return &p.Claims }},
	{"settings", varies, func(p *Principal) any { return &p.Settings }},
	{"bytes", read, func(p *Principal) any { return num(&p.Bytes) }},
	{"quota", varies, func(p *Principal) any { return &p.Quota }},
	{"disabled", varies, func(p *Principal) any { return truth{&p.Disabled} }},
})

var (
	principalByName    = `SELECT ` + principals.list + ` FROM principal WHERE kind=? AND name=?` // by its UNIQUE
	principalByID      = `SELECT ` + principals.list + ` FROM principal WHERE id=?`
	principalByAddress = `SELECT ` + principals.of("p") + ` FROM address a JOIN principal p ON p.id=a.principal WHERE a.address=?`
	principalsOfKind   = `SELECT ` + principals.list + ` FROM principal WHERE kind=? ORDER BY name`
)

func (tx *Tx) principal(query string, args ...any) (*Principal, error) {
	p := &Principal{}
	if err := tx.one(principals.targets(p), query, args...); err != nil {
		return nil, err
	}
	return p, nil
}

// Principal finds by kind and name; ErrNotFound.
func (tx *Tx) Principal(kind PrincipalKind, name string) (*Principal, error) {
	p, err := tx.principal(principalByName, int64(kind), name)
	if err != nil {
		return nil, fmt.Errorf("principal %q: %w", name, err)
	}
	return p, nil
}

func (tx *Tx) PrincipalByID(id int64) (*Principal, error) {
	p, err := tx.principal(principalByID, id)
	if err != nil {
		return nil, fmt.Errorf("principal %d: %w", id, err)
	}
	return p, nil
}

// PrincipalByAddress finds whose a calendar user address is; the address is normalised first.
func (tx *Tx) PrincipalByAddress(address string) (*Principal, error) {
	p, err := tx.principal(principalByAddress, NormalAddress(address))
	if err != nil {
		return nil, fmt.Errorf("principal with address %q: %w", address, err)
	}
	return p, nil
}

// Principals are those of one kind, by name.
func (tx *Tx) Principals(kind PrincipalKind) iter.Seq2[*Principal, error] {
	return func(yield func(*Principal, error) bool) {
		row := &Principal{}
		step := func() bool { p := *row; return yield(&p, nil) }
		if err := tx.each(principals.targets(row), step, principalsOfKind, int64(kind)); err != nil {
			yield(nil, fmt.Errorf("list principals: %w", err))
		}
	}
}

// CreatePrincipal fills in the ID; ErrExists when kind and name are taken, ErrBadName.
func (tx *Tx) CreatePrincipal(p *Principal) error {
	if err := usableName(p.Name); err != nil {
		return fmt.Errorf("create principal: %w", err)
	}
	taken, err := tx.has(`SELECT id FROM principal WHERE kind=? AND name=?`, int64(p.Kind), p.Name)
	if err == nil && taken {
		err = ErrExists
	}
	if err != nil {
		return fmt.Errorf("create principal %q: %w", p.Name, err)
	}
	if p.Settings == "" {
		p.Settings = "{}"
	}
	res, err := tx.exec(principals.insert, principals.values(p, inserted)...)
	if err == nil {
		p.ID, err = res.LastInsertId()
	}
	if err != nil {
		return fmt.Errorf("create principal %q: %w", p.Name, err)
	}
	return nil
}

// SavePrincipal writes everything but ID, kind, owner and the count of bytes.
func (tx *Tx) SavePrincipal(p *Principal) error {
	if err := usableName(p.Name); err != nil {
		return fmt.Errorf("save principal: %w", err)
	}
	taken, err := tx.has(`SELECT id FROM principal WHERE kind=? AND name=? AND id<>?`, int64(p.Kind), p.Name, p.ID)
	if err == nil && taken {
		err = ErrExists
	}
	if err == nil {
		err = tx.mustTouch(principals.update, append(principals.values(p, updated), p.ID)...)
	}
	if err != nil {
		return fmt.Errorf("save principal %q: %w", p.Name, err)
	}
	return nil
}

// DeletePrincipal removes the account, its proxy groups, and all their collections with their history, in this transaction.
func (tx *Tx) DeletePrincipal(p *Principal) error {
	err := tx.deletePrincipal(p.ID)
	if err != nil {
		return fmt.Errorf("delete principal %q: %w", p.Name, err)
	}
	return nil
}

func (tx *Tx) deletePrincipal(id int64) error {
	groups, err := tx.forget(id)
	if err != nil {
		return err
	}
	// Its homes, and what it owns in homes of others, go the way of a deleted collection; then all of them are emptied at once.
	for {
		var c int64
		err := tx.one([]any{num(&c)}, `SELECT id FROM collection WHERE owner IN (SELECT id FROM principal WHERE id=?1 OR owner=?1) LIMIT 1`, id)
		if errors.Is(err, ErrNotFound) {
			break
		}
		if err != nil {
			return err
		}
		if err := tx.removeTree(c); err != nil {
			return err
		}
	}
	if err := tx.mustTouch(`DELETE FROM principal WHERE id=?`, id); err != nil {
		return err
	}
	return tx.SettleShares(groups...)
}

// NormalAddress is the form calendar user addresses are stored and compared in: a lower-case "mailto:ann@example.org", or another
// URI with its scheme in lower case.
func NormalAddress(address string) string {
	address = strings.TrimSpace(address)
	scheme, rest, ok := strings.Cut(address, ":")
	switch {
	case !ok && strings.Contains(address, "@"):
		return "mailto:" + strings.ToLower(address)
	case !ok:
		return address
	case strings.EqualFold(scheme, "mailto"), strings.EqualFold(scheme, "urn"):
		return strings.ToLower(address)
	}
	return strings.ToLower(scheme) + ":" + rest
}

// Addresses of a principal, the preferred one first.
func (tx *Tx) Addresses(principal int64) ([]string, error) {
	var list []string
	var a string
	step := func() bool { list = append(list, a); return true }
	if err := tx.each([]any{&a}, step, `SELECT address FROM address WHERE principal=? ORDER BY rank`, principal); err != nil {
		return nil, fmt.Errorf("addresses of principal %d: %w", principal, err)
	}
	return list, nil
}

// SetAddresses replaces them; the first is the preferred one. One that another principal has is left out. Invitations that wait for
// somebody to have one of them become the principal's.
func (tx *Tx) SetAddresses(principal int64, addresses []string) error {
	_, err := tx.exec(`DELETE FROM address WHERE principal=?`, principal)
	for rank, a := range addresses {
		if err != nil {
			break
		}
		if a = NormalAddress(a); a != "" {
			_, err = tx.exec(`INSERT INTO address(address, principal, rank) VALUES(?, ?, ?) ON CONFLICT(address) DO NOTHING`, a, principal, rank)
		}
	}
	if err == nil {
		err = tx.adoptShares(principal)
	}
	if err != nil {
		return fmt.Errorf("set addresses of principal %d: %w", principal, err)
	}
	return nil
}
