package fcgi

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Devices checks passwords of single devices. While wait is not 0 nothing is looked at.
type Devices interface {
	Check(ctx context.Context, user, password, from string) (ok bool, wait time.Duration, err error)
}

// A location that the web server does not guard, and marks with CALDAV_LOGIN=token, is open to passwords of devices:
// there, and only there, the password is looked at. A web server that withholds Authorization passes its value as
// CALDAV_AUTHORIZATION.
const (
	loginParam  = "CALDAV_LOGIN"
	secretParam = "CALDAV_AUTHORIZATION"
)

func byToken(env map[string]string) bool { return env[loginParam] == "token" }

type secretKey struct{}

func withSecret(ctx context.Context, field string) context.Context {
	if field == "" {
		return ctx
	}
	return context.WithValue(ctx, secretKey{}, field)
}

// byDevice is the user of a request in such a location, or of one over plain HTTP whose password no file has; nobody when
// it brings no password. A wrong one it answers itself.
func (d *identifier) byDevice(w http.ResponseWriter, r *http.Request, field string) (user string, refused bool, err error) {
	if field == "" {
		return "", false, nil
	}
	if d.Devices == nil {
		d.once("a location has CALDAV_LOGIN=token, and passwords of devices are switched off (-tokens=on): nobody can log in there", "")
		return "", false, nil
	}
	name, password, ok := basicAuth(field)
	if ok {
		if user, ok, refused, err = d.device(w, r, name, password); refused || err != nil {
			return "", refused, err
		}
	}
	if !ok {
		challenge(w, d.Realm)
		return "", true, nil
	}
	return user, false, nil
}

func basicAuth(field string) (name, password string, ok bool) {
	return (&http.Request{Header: http.Header{"Authorization": {field}}}).BasicAuth()
}

// secretOf is the field that takeSecret has kept.
func secretOf(r *http.Request) string {
	field, _ := r.Context().Value(secretKey{}).(string)
	return field
}

// deviceForm says whether a password looks like those that are given to devices: 26 letters and digits of base32, perhaps
// in groups. Over plain HTTP such a one is not looked for in the password file, which would cost more than the request.
func deviceForm(password string) bool {
	n := 0
	for _, c := range password {
		switch {
		case c == '-' || c == ' ':
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '2' <= c && c <= '7':
			n++
		default:
			return false
		}
	}
	return n == 26
}

// device checks one password. Where it is not looked at, since there were too many, or the database is busy, that is the
// answer.
func (d *identifier) device(w http.ResponseWriter, r *http.Request, name, password string) (user string, ok, refused bool, err error) {
	if user, err = d.user(name); err != nil {
		return "", false, false, err
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	ok, wait, err := d.Devices.Check(r.Context(), user, password, from)
	switch {
	case err != nil:
		d.log.Warn("password of a device not checked", "user", user, "error", err)
		w.Header().Set("Retry-After", "5")
		writeError(w, http.StatusServiceUnavailable, "")
		return "", false, true, nil
	case wait > 0:
		w.Header().Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
		writeError(w, http.StatusTooManyRequests, "too many wrong passwords; try again later")
		return "", false, true, nil
	case !ok:
		d.log.Warn("wrong password of a device", "user", user, "from", from)
	}
	return user, ok, false, nil
}

// challenge is the 401 that a browser or client asks for a password at.
func challenge(w http.ResponseWriter, realm string) {
	if realm == "" {
		realm = "calendar"
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q, charset=\"UTF-8\"", realm))
	writeError(w, http.StatusUnauthorized, "")
}
