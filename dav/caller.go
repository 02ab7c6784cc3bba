package dav

import (
	"context"

	"caldav-fcgi/dav/webdav"
)

// Caller is who is asking and where the service is: what the front makes of a request's environment.
type Caller = webdav.Login

// WithCaller returns a context that carries c to the service.
func WithCaller(ctx context.Context, c Caller) context.Context { return webdav.WithLogin(ctx, c) }
