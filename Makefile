# Everything that is done with this repository. Nothing has to be installed by hand before: `setup` sees to it.
#
#   make build     the program and the plugins, optimized
#   make test      all that a change must pass; what continuous integration runs
#   make demo      backup, restore and clone of a database that looks like life, compared by pg_dump and psql
#   make bench     the same work as pg_dump, pg_restore and pgcopydb, side by side
#   make reference docs/reference, from the comments in wit/
#   make lint fmt  what the code must look like
#   make fuzz      ten minutes (or FUZZ_SECONDS) of each fuzz target; needs cargo-fuzz, and no nightly toolchain
#
# CARGO_TARGET_DIR is respected. DEMO_SCALE and BENCH_SCALE make more data.

export CARGO_TARGET_DIR := $(abspath $(or $(CARGO_TARGET_DIR),target))
PLUGINS := plugins/postgresql plugins/mongodb plugins/mysql plugins/redis
TEST_PLUGINS := tests/plugins/faulty tests/plugins/liar
PLUGIN_FILES := $(CARGO_TARGET_DIR)/plugins

.PHONY: build debug plugins setup test fmt lint reference demo bench fuzz

build: setup
	cargo build --locked --release --package cofferdam
	$(call build-plugins,release,$(PLUGINS))

# What the tests run: unoptimized, with fault points.
debug: setup
	cargo build --locked --workspace --bins

plugins: debug
	$(call build-plugins,debug,$(PLUGINS) $(TEST_PLUGINS))

setup:
	@tests/setup/toolchain
	@tests/setup/postgresql
	@tests/setup/pgbouncer
	@tests/setup/mongodb
	@tests/setup/mariadb
	@tests/setup/redis

test: plugins lint
	cargo test --locked --workspace

fmt:
	cargo fmt --all

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings

# Without this, the same test says whether they fit.
reference:
	COFFERDAM_WRITE_REFERENCE=1 cargo test --locked --package cofferdam-tests --test reference

demo: build
	cargo run --locked --release --package cofferdam-tests --bin demo

bench: build
	@tests/setup/peers
	cargo run --locked --release --package cofferdam-tests --bin bench

# Nothing of ours is unsafe, so no sanitizer is needed, and stable Rust will do. Findings go to tests/fuzz/artifacts; what is
# new goes to target/fuzz-corpus, and of that only what is worth keeping by hand to tests/fuzz/corpus.
FUZZ_SECONDS := 600
FUZZ_TARGETS := admit config repository postgres mongodb mysql rows sdk

fuzz:
	@set -ex; for target in $(FUZZ_TARGETS); do \
		mkdir -p $(CARGO_TARGET_DIR)/fuzz-corpus/$$target; \
		CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/fuzz cargo fuzz run --sanitizer none --fuzz-dir tests/fuzz $$target \
			$(CARGO_TARGET_DIR)/fuzz-corpus/$$target tests/fuzz/corpus/$$target -- -max_total_time=$(FUZZ_SECONDS); \
	done

# build-plugins PROFILE FOLDERS: by the program of that profile, which knows the toolchains; componentize-py is set up here.
define build-plugins
	@mkdir -p $(PLUGIN_FILES)
	@set -ex; PATH=$(CARGO_TARGET_DIR)/tools/componentize-py/bin:$$PATH; for plugin in $(2); do \
		$(CARGO_TARGET_DIR)/$(1)/cofferdam plugin build $$plugin --output $(PLUGIN_FILES)/$$(basename $$plugin).wasm; \
	done
endef
