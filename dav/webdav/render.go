package webdav

// Render is a document that is stored, with hrefs below a base path.
func Render(base string, root Name, content func(*Writer)) []byte {
	w := newWriter(base, nil)
	w.Document(root)
	content(w)
	w.Close()
	return w.buf
}
