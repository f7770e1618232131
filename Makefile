# Two commands for a fresh machine: `make demo` and `make test`. Each does its own set-up.
.PHONY: demo test bench dist lint completions

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

# what is handed out: one static binary. The target is named so that build scripts and macros stay dynamic.
dist:
	@scripts/setup build
	RUSTFLAGS="-C target-feature=+crt-static -C relocation-model=static" cargo build --profile dist --target $$(rustc -vV | sed -n 's/^host: //p')

lint:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

# regenerate what a test holds fresh
completions:
	cargo run -q -- completions --all completions/
