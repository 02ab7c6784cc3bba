package store

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// TokenKind is what a secret is for. The numbers are stored.
type TokenKind uint8

const (
	DeviceToken  TokenKind = iota + 1 // the password of one device
	AddressToken                      // part of an address that needs no login
)

// Never is when a token ends that does not.
const Never = MaxTime

// SecretToken is what is known of a secret. The secret itself is not: the row has its hash, and its being random makes a slow hash needless.
type SecretToken struct {
	Kind       TokenKind
	Principal  int64 // whose rights it has: they are looked up each time that it is used
	Collection int64 // what it is for; 0: everything
	Name       string
	Created    int64
	Expires    int64 // Never
	Used       int64 // to the hour; 0: never

	hash []byte
}

var tokens = newTable("token", []column[SecretToken]{
	{"hash", inserted, func(t *SecretToken) any { return &t.hash }},
	{"kind", inserted, func(t *SecretToken) any { return num(&t.Kind) }},
	{"principal", inserted, func(t *SecretToken) any { return num(&t.Principal) }},
	{"collection", inserted, func(t *SecretToken) any { return link{&t.Collection} }},
	{"name", inserted, func(t *SecretToken) any { return &t.Name }},
	{"created", inserted, func(t *SecretToken) any { return num(&t.Created) }},
	{"expires", inserted, func(t *SecretToken) any { return num(&t.Expires) }},
	{"used", inserted, func(t *SecretToken) any { return num(&t.Used) }},
})

var (
	tokenByHash = `SELECT ` + tokens.of("t") + ` FROM token t WHERE t.hash=?1 AND t.kind=?2 AND t.expires>?3
		AND (t.collection IS NULL OR EXISTS(SELECT 1 FROM collection c WHERE c.id=t.collection AND c.deleted=0))`
	tokensOf = `SELECT ` + tokens.of("t") + ` FROM token t WHERE t.principal=? ORDER BY t.name, t.created` // token_principal
)

// NewToken makes a secret of 128 bits and more. It is given out this once. ErrExists when the principal has one of the kind and name.
func (tx *Tx) NewToken(kind TokenKind, principal, collection int64, name string, expires int64) (secret string, err error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("make token %q: %w", name, err) }
	if err := usableName(name); err != nil {
		return fail(err)
	}
	taken, err := tx.has(`SELECT created FROM token WHERE principal=? AND name=? AND kind=?`, principal, name, int64(kind)) // token_principal
	if err == nil && taken {
		err = ErrExists
	}
	if err != nil {
		return fail(err)
	}
	secret = rand.Text()
	t := &SecretToken{Kind: kind, Principal: principal, Collection: collection, Name: name, Created: tx.Now.Unix(), Expires: expires, hash: hashToken(secret)}
	if _, err := tx.exec(tokens.insert, tokens.values(t, inserted)...); err != nil {
		return fail(err)
	}
	return secret, nil
}

func hashToken(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// SecretToken finds what a secret stands for; ErrNotFound when it is none, was revoked, or has expired. It is looked up by its hash, so that the
// time that takes tells nothing of others.
func (tx *Tx) SecretToken(kind TokenKind, secret string) (*SecretToken, error) {
	t := &SecretToken{}
	if err := tx.one(tokens.targets(t), tokenByHash, hashToken(secret), int64(kind), tx.Now.Unix()); err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	return t, nil
}

// usedEvery is how exactly the last use of a token is known: a write for each would make every reading request wait for the writer.
const usedEvery = 3600

// Stale says whether the last use is to be written, by TokenUsed in an Update.
func (t *SecretToken) Stale(now int64) bool { return now-t.Used >= usedEvery }

// TokenUsed notes the time. Of one that was revoked meanwhile it is no error.
func (tx *Tx) TokenUsed(t *SecretToken) error {
	if _, err := tx.exec(`UPDATE token SET used=? WHERE hash=?`, tx.Now.Unix(), t.hash); err != nil {
		return fmt.Errorf("note the use of token %q: %w", t.Name, err)
	}
	return nil
}

// Tokens of a principal, by name.
func (tx *Tx) Tokens(principal int64) ([]SecretToken, error) {
	var list []SecretToken
	row := &SecretToken{}
	step := func() bool { list = append(list, *row); return true }
	if err := tx.each(tokens.targets(row), step, tokensOf, principal); err != nil {
		return nil, fmt.Errorf("tokens of principal %d: %w", principal, err)
	}
	return list, nil
}

// RevokeToken ends one at once; ErrNotFound.
func (tx *Tx) RevokeToken(kind TokenKind, principal int64, name string) error {
	if err := tx.mustTouch(`DELETE FROM token WHERE principal=? AND name=? AND kind=?`, principal, name, int64(kind)); err != nil {
		return fmt.Errorf("revoke token %q: %w", name, err)
	}
	return nil
}

// Attempts at a secret are counted by key, which is what is attacked, or from where: the first few wrong ones cost nothing, for people
// mistype; from then on each doubles the wait.
const (
	freeAttempts = 5
	firstWait    = 2         // seconds
	longestWait  = 15 * 60   // so that nobody is locked out for long by somebody else
	forgetAfter  = 24 * 3600 // seconds after the wait
)

// Allowed says whether another attempt may be made now, and otherwise after how many seconds. It reads.
func (tx *Tx) Allowed(key string) (wait int64, err error) {
	var count, until int64
	err = tx.one([]any{num(&count), num(&until)}, `SELECT count, until FROM attempt WHERE key=?`, key)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("attempts of %q: %w", key, err)
	}
	return max(0, until-tx.Now.Unix()), nil
}

// Fail counts a wrong attempt. Those long over are forgotten.
func (tx *Tx) Fail(key string) error {
	now := tx.Now.Unix()
	var count int64
	_, err := tx.exec(`DELETE FROM attempt WHERE until<?`, now-forgetAfter) // attempt_until
	if err == nil {
		err = tx.one([]any{num(&count)}, `INSERT INTO attempt(key, count, until) VALUES(?, 1, ?) ON CONFLICT(key) DO UPDATE SET count=count+1 RETURNING count`, key, now)
	}
	if err == nil {
		var wait int64
		if count >= freeAttempts {
			wait = min(longestWait, int64(firstWait)<<min(count-freeAttempts, 20))
		}
		_, err = tx.exec(`UPDATE attempt SET until=? WHERE key=?`, now+wait, key)
	}
	if err != nil {
		return fmt.Errorf("count an attempt of %q: %w", key, err)
	}
	return nil
}

// Succeed forgets the wrong attempts of a key.
func (tx *Tx) Succeed(key string) error {
	if _, err := tx.exec(`DELETE FROM attempt WHERE key=?`, key); err != nil {
		return fmt.Errorf("forget attempts of %q: %w", key, err)
	}
	return nil
}
