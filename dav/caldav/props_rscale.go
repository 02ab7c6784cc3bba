package caldav

import "caldav-fcgi/dav/webdav"

// scaled is where RFC 7529 §10 announces the calendar systems that rules may be in.
type scaled interface {
	webdav.Collection
	scales() []string
}

func (*Home) scales() []string     { return []string{"GREGORIAN"} }
func (*Calendar) scales() []string { return []string{"GREGORIAN"} }

// scaleProperties is supported-rscale-set, RFC 7529 §10.1.
func scaleProperties() []webdav.Property {
	return []webdav.Property{
		webdav.On(webdav.Prop[scaled]{Name: calDAV("supported-rscale-set"),
			Get: func(_ *webdav.Request, c scaled, w *webdav.Writer) error {
				for _, s := range c.scales() {
					w.Open(calDAV("supported-rscale"))
					w.Text(s)
					w.Close()
				}
				return nil
			}}),
	}
}
