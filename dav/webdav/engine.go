package webdav

// engine is the module of the engine's own tables.
func (s *Server) engine() Module {
	props := properties()
	props = append(props, versioningProperties(s)...)
	props = append(props, syncProperties()...)
	props = append(props, addMemberProperty())
	props = append(props, lockProperties()...)
	props = append(props, quotaProperties()...)
	props = append(props, resourceIDProperty())
	return Module{
		Name:       "webdav",
		Compliance: []string{"1", "2", "3", "extended-mkcol"},
		Roots:      map[string]func(*Request) (Collection, error){"": func(*Request) (Collection, error) { return Root{s}, nil }},
		Properties: props,
		Reports:    []Report{ReportOn(DAV("sync-collection"), syncCollection), ReportOn(DAV("expand-property"), expandProperty)},
		Methods: []Method{
			optionsMethod(s), getMethod(), putMethod(), deleteMethod(), addMemberMethod(), propfindMethod(), proppatchMethod(),
			mkcolMethod(), copyMethod(), moveMethod(), lockMethod(), unlockMethod(), reportMethod(s),
		},
	}
}
