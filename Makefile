# What there is to run, each a Go program. CONTRIBUTING.md says more.
.PHONY: test short gates api gen e2e javacheck bench findings
test:      ; go run ./tools/test
short:     ; go run ./tools/test -short
gates:     ; go run ./tools/gates all
api:       ; go run ./tools/gates -fix replace && go run ./tools/gates -fix api
gen:       ; go run ./tools/wiregen generate
e2e:       ; cd tools && go test ./e2e -v
javacheck: ; cd tools && go test ./javacheck -v
bench:     ; cd tools/bench && go run . -check && go run ./requests -check
findings:  ; @for f in findings/*.sh; do [ "$$f" = findings/lib.sh ] || { echo "== $$f"; bash "$$f" || failed="$$failed $$f"; }; done; test -z "$$failed" || { echo "changed:$$failed"; exit 1; }
