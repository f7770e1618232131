# Two commands for a fresh machine: `make demo` and `make test`. Each does its own set-up.
.PHONY: demo test bench lint fmt completions

# quorate watches a real etcd cluster live, lose its majority, and says so
demo:
	@scripts/setup build
	@scripts/demo

# everything: format, lints, dependencies, unit and integration tests on real servers, the benches' smoke
test:
	@scripts/setup all
	@scripts/test

# the numbers against etcdctl and fio, side by side
bench:
	@scripts/setup all
	@scripts/bench

lint:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

# regenerate what a test holds fresh
completions:
	cargo run -q -- completions --all completions/
