package dav_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/dav"
)

// What the service announces has to be what its tables hold: here the two are compared from outside.

func TestClaims_DAVHeaderIsTheModulesCompliance(t *testing.T) {
	t.Parallel()
	s := service(t)
	var want []string
	for _, m := range s.Engine().Modules() {
		want = append(want, m.Compliance...)
	}
	for _, path := range []string{"/", "/principals/users/ann/", "/calendars/ann/", "/calendars/ann/calendar/"} {
		if got := do(s, "OPTIONS", path, "").Header().Get("DAV"); got != strings.Join(want, ", ") {
			t.Errorf("OPTIONS %s: DAV: %s, want %v", path, got, want)
		}
	}
	for _, token := range []string{"1", "2", "3", "access-control", "calendar-access", "addressbook", "extended-mkcol"} {
		if !slices.Contains(want, token) {
			t.Errorf("DAV: lacks %s", token)
		}
	}
	for _, token := range []string{"calendar-auto-schedule"} {
		if slices.Contains(want, token) {
			t.Errorf("DAV: announces %s, which is not there yet", token)
		}
	}
}

func TestClaims_EveryMethodAllowedIsAnswered(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/principals/users/ann/", "/calendars/ann/", "/calendars/ann/calendar/"} {
		s := service(t)
		for m := range strings.SplitSeq(do(s, "OPTIONS", path, "").Header().Get("Allow"), ", ") {
			if code := do(service(t), m, path, "").Code; code == http.StatusMethodNotAllowed || code == http.StatusNotImplemented || code >= 500 {
				t.Errorf("%s %s is in Allow and answered with %d", m, path, code)
			}
		}
	}
}

func TestClaims_WhatIsNotAllowedIs405WithAllow(t *testing.T) {
	t.Parallel()
	s := service(t)
	w := do(s, "MKCOL", "/calendars/ann/calendar/", "")
	if w.Code != http.StatusMethodNotAllowed || !strings.Contains(w.Header().Get("Allow"), "PROPFIND") {
		t.Errorf("MKCOL on a mapped URL: %d, Allow: %s", w.Code, w.Header().Get("Allow"))
	}
	if w := do(s, "BREW", "/", ""); w.Code != http.StatusNotImplemented {
		t.Errorf("an unknown method: %d", w.Code)
	}
}

// Every Report, Method and Condition that is declared has to be used: one that nobody lists is announced nowhere.
func TestClaims_NoTableEntryIsForgotten(t *testing.T) {
	t.Parallel()
	declared := map[string]string{}
	used := map[string]int{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		pkg := filepath.Dir(path)
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Type.Results != nil && len(d.Type.Results.List) == 1 && tableType(d.Type.Results.List[0].Type) {
					declared[pkg+"."+d.Name.Name] = path
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok {
						for i, n := range v.Names {
							if i < len(v.Values) && isCondition(v.Values[i]) {
								declared[pkg+"."+n.Name] = path
							}
						}
					}
				}
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.Ident:
				used[pkg+"."+x.Name]++
			case *ast.SelectorExpr:
				if p, ok := x.X.(*ast.Ident); ok {
					used[p.Name+"."+x.Sel.Name]++
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(declared) < 20 {
		t.Fatalf("only %d declarations found", len(declared))
	}
	for name, path := range declared {
		if used[name] < 2 { // once is the declaration
			t.Errorf("%s: %s is declared and in no table", path, name)
		}
	}
}

func tableType(e ast.Expr) bool {
	if a, ok := e.(*ast.ArrayType); ok {
		e = a.Elt
	}
	name := ""
	switch x := e.(type) {
	case *ast.Ident:
		name = x.Name
	case *ast.SelectorExpr:
		name = x.Sel.Name
	}
	return name == "Method" || name == "Report" || name == "Property"
}

func isCondition(e ast.Expr) bool {
	u, ok := e.(*ast.UnaryExpr)
	if !ok {
		return false
	}
	lit, ok := u.X.(*ast.CompositeLit)
	if !ok {
		return false
	}
	switch x := lit.Type.(type) {
	case *ast.Ident:
		return x.Name == "Condition"
	case *ast.SelectorExpr:
		return x.Sel.Name == "Condition"
	}
	return false
}

// do makes one request as ann.
func do(s http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r = r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "ann"}))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}
