# The targets a person types. GO can be set: make GO=/usr/local/go/bin/go test
GO ?= go
PREFIX ?= /usr/local
BIN := caldav-fcgi
export CGO_ENABLED = 1

.PHONY: run build test race lint golden fuzz vuln litmus clients bench bench-peers install dist clean

run: deps-build
	$(GO) build -o $(BIN) ./cmd/caldav-fcgi && exec ./$(BIN) demo

build: deps-build
	$(GO) build -o $(BIN) ./cmd/caldav-fcgi

test:
	.ci/deps.sh test
	GO=$(GO) .ci/check.sh

race:
	$(GO) test -race -short ./fcgi ./store ./dav/webdav ./dav

lint:
	$(GO) vet ./... && $(GO) tool staticcheck ./...

golden:
	$(GO) test ./... -update

fuzz:
	GO=$(GO) .ci/fuzz.sh

vuln:
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest ./...

clients litmus: build
	.ci/deps.sh clients
	GO=$(GO) .ci/clients.sh

bench:
	.ci/deps.sh test
	GO=$(GO) .ci/bench.sh
	GO=$(GO) .ci/querybench.sh

# Other servers beside ours: make bench-peers DAVLOAD=path of the load harness
bench-peers:
	.ci/deps.sh peers
	GO=$(GO) DAVLOAD="$(DAVLOAD)" .ci/bench.sh peers

install: build
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/$(BIN)
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 && ./$(BIN) help -man > $(DESTDIR)$(PREFIX)/share/man/man1/$(BIN).1

dist: deps-build
	$(GO) build -trimpath -tags "netgo osusergo sqlite_omit_load_extension" -ldflags '-s -w -linkmode external -extldflags "-static"' -o dist/$(BIN) ./cmd/caldav-fcgi

clean:
	rm -rf $(BIN) dist

.PHONY: deps-build
deps-build:
	.ci/deps.sh build
