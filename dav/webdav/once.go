package webdav

// Once is what make makes of key the first time that a request asks for it in a transaction: what many members of one
// answer share is read once.
func Once[K comparable, V any](rq *Request, key K, make func() (V, error)) (V, error) {
	if v, ok := rq.once[key]; ok {
		return v.(V), nil
	}
	v, err := make()
	if err == nil {
		if rq.once == nil {
			rq.once = map[any]any{}
		}
		rq.once[key] = v
	}
	return v, err
}
