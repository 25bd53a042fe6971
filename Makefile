# Everything that a fresh machine needs besides Rust, CPython 3.10+ and make is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENV := VIRTUAL_ENV="$(CURDIR)/$(VENV)" PATH="$(CURDIR)/$(BIN):$$PATH"

.PHONY: demo test test-rust test-python real check generate build bench clean

demo: build ## Start muxi-local and run the quickstarts against it
	@$(BIN)/python examples/demo.py

test: test-rust test-python ## Run every test

test-rust:
	cargo test --workspace --exclude muxi-python --quiet

test-python: build
	$(BIN)/python -m pytest -q

real: build ## Every formation operation against the real runtime (first time: 2 GB and some minutes more)
	@$(BIN)/python tests/real/run.py

check: build ## Formatting, lints, types, and whether generated files are up to date
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo clippy --package muxi-client --no-default-features --quiet -- -D warnings
	cargo clippy --package muxi-client --features strict --test real --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --exclude muxi-python --no-deps --quiet
	cargo run --quiet --package xtask -- gen --check
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest muxi._muxi
	$(BIN)/pyright --warnings

generate: $(VENV)/ready ## Write what derives from the operation table
	cargo run --quiet --package xtask -- gen

build: $(VENV)/ready ## Build the Python package into .venv
	@$(ENV) maturin develop --quiet

$(VENV)/ready: requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

bench: ## Measure side by side with other clients (takes long)
	./benches/run.sh --extra drivers/muxi_client.py

clean:
	rm -rf $(VENV) target
