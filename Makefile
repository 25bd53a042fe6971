# Everything that a fresh machine needs besides Rust, CPython 3.10+ and make is installed into .venv.

PYTHON ?= python3
PYTHONS ?= python3.10 python3.11 python3.12 python3.13 python3.14 python3.15
# Every target of cargo-fuzz.
TARGETS ?= $(basename $(notdir $(wildcard fuzz/libfuzzer/fuzz_targets/*.rs)))
VENV := .venv
# The folder of a virtual environment's programs.
PROGRAMS := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN := $(VENV)/$(PROGRAMS)
# As the shell writes it: a path of Windows has a colon, which would end it in PATH.
HERE := $(shell pwd)
ENV := VIRTUAL_ENV="$(HERE)/$(VENV)" PATH="$(HERE)/$(BIN):$$PATH"
# The second package needs the first.
DISTRIBUTIONS = for at in . crates/muxi-local-python; do (cd $$at && $(ENV) maturin $(1)) || exit; done
DEVELOP = $(call DISTRIBUTIONS,develop --quiet $(1))
ISOLATED := $(BIN)/python tests/isolated.py
ifeq ($(OS),Windows_NT)
# Files and the output of programs are UTF-8, which Python before 3.15 takes for granted everywhere else.
export PYTHONUTF8 := 1
endif
# maturin refuses to choose between an active conda environment and .venv.
unexport CONDA_PREFIX

.PHONY: demo help test test-rust test-python pythons docs browser packages rehearsal deny parity real check generate openapi build clean
.PHONY: wheels macos-check windows windows-check examples
.PHONY: chaos fuzz bench bench-table bench-growth bench-pythons bench-local bench-hello counts

demo: build ## Start muxi-local and run the quickstarts against it
	@$(ISOLATED) $(BIN)/python examples/demo.py

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: test-rust test-python ## Run every test, but for those of browser, parity and real

# Fetched before, since the tests see no proxy.
FETCH := cargo fetch --locked --quiet --target "$$(rustc --version --verbose | sed -n 's/^host: //p')"

test-rust: $(VENV)/ready ## Run the Rust tests
	$(FETCH)
	$(ISOLATED) cargo test --workspace --exclude muxi-python --exclude muxi-local-python --features muxi-client/tracing --quiet

test-python: build ## Run the Python tests, the programs of the pages too
	$(FETCH)
	$(BIN)/python -m pytest -q -n auto

pythons: $(VENV)/ready ## Run the Python tests under each Python there is (PYTHONS="python3.10 python3.13"), with one build for all
	rm -f target/pythons/*.whl
	@$(call DISTRIBUTIONS,build --quiet --out "$(CURDIR)/target/pythons")
	@scripts/pythons $(PYTHONS)

# Anew each time, since a page that has not changed is not warned of again.
docs: $(VENV)/ready ## Build the site of docs/ into target/docs (for its search: python -m http.server -d target/docs)
	rm -rf target/docs
	$(BIN)/python -m sphinx -W --keep-going -n -q -E -d target/doctrees docs target/docs
	$(BIN)/python -m pagefind --silent --site target/docs --root-selector "#furo-main-content" --exclude-selectors a.headerlink

browser: build docs ## Test the pages of muxi-local, of the examples and of the site in a real browser; its pictures go to target/browser
	@tests/browser/prepare
	cargo build --quiet --package axum-chat
	$(BIN)/python -m pytest -q tests/browser

packages: $(VENV)/ready ## Build the wheels of both distributions, and try them in clean environments
	rm -rf target/packages
	$(BIN)/python scripts/release/wheels.py target/packages
	$(BIN)/python -m pytest -q tests/packages

rehearsal: $(VENV)/ready ## Make all that a release publishes, from a clean clone of HEAD, and use it (to target/rehearsal)
	rm -rf target/rehearsal
	$(BIN)/python scripts/release/rehearse.py target/rehearsal

deny: ## Check licences, sources and known flaws of all dependencies (needs cargo-deny; CHECKS="licenses bans")
	cargo deny check $(CHECKS)

parity: build .venv-official/ready ## Compare every operation with the official SDK; see docs/differences.md
	$(BIN)/python -m pytest -q tests/parity

.venv-official/ready: Makefile
	$(PYTHON) -m venv .venv-official
	.venv-official/$(PROGRAMS)/python -m pip install --quiet muxi==1.20260713.0
	@touch $@

real: build ## Test the real runtime and muxi-local (2 GB, kept; RUNTIME=newest: write what changed, fail if a test does)
	@$(ISOLATED) $(BIN)/python tests/real/run.py $(RUNTIME)

check: build ## Check formatting, lints, types, and that generated files are up to date
	cargo fmt --all --check
	@# rustfmt does not look into macros.
	! grep -rnE '^.{121,}' crates/muxi-client/src/api/table
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo clippy --package muxi-client --no-default-features --quiet -- -D warnings
	cargo clippy --package muxi-client --no-default-features --features client --quiet -- -D warnings
	cargo clippy --package muxi-client --features __strict --test real --quiet -- -D warnings
	cargo clippy --package muxi-client --features tracing,webpki-roots --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --exclude muxi-python --exclude muxi-local-python --no-deps --quiet
	cargo run --quiet --package xtask -- gen --check
	cargo run --quiet --package xtask -- imports
	$(BIN)/python scripts/release/version.py
	$(BIN)/python scripts/release/licences.py --check
	cargo run --quiet --package xtask -- english
	cargo package --package muxi-client --package muxi-local --no-verify --offline --allow-dirty --quiet
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest muxi._muxi muxi_local._muxi_local
	$(BIN)/pyright --warnings
	@for package in muxi muxi_local; do $(ENV) pyright --verifytypes $$package --ignoreexternal > target/types.txt || { cat target/types.txt; exit 1; }; done

wheels: $(VENV)/ready ## Build the wheels for Linux on x86-64 and AArch64, glibc and musl, and use each (Debian 12; to target/wheels/built)
	@scripts/wheels $(TARGET)

macos-check: $(VENV)/ready ## Compile everything for macOS, tests too
	@scripts/macos

windows: ## Link the Python modules for Windows, and run the Rust tests there, under wine (Debian 12)
	@scripts/windows

windows-check: ## Compile everything for Windows, tests too (Debian 12)
	@scripts/windows check

generate: $(VENV)/ready ## Write what derives from the tables of operations and settings, and from the lock file
	cargo run --quiet --package xtask -- gen
	$(BIN)/python scripts/release/licences.py

examples: generate ## Run the examples of the reference, and write what they print into its pages
	@$(call DEVELOP)
	$(BIN)/python tests/reference.py --write
	cargo run --quiet --package xtask -- gen

openapi: ## Write the OpenAPI documents of both APIs to target/openapi
	cargo run --quiet --package xtask -- openapi target/openapi

build: $(VENV)/ready ## Build the Python packages into .venv
	@$(call DEVELOP)

$(VENV)/ready: requirements-dev.txt scripts/release/requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 10) or sys.exit("This needs CPython 3.10 or later, and \
	$(PYTHON) is %d.%d: say which to use, for instance make PYTHON=python3.12" % v[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

bench: $(VENV)/ready ## Measure side by side with other clients (takes long; OPTIONS="--cases lat,sse --reps 2")
	@$(ENV) maturin develop --quiet --release
	./benches/run.sh --extra benches/drivers/muxi_client.py --extra benches/drivers/muxi_client.py@uvloop $(OPTIONS)

bench-table: ## Measure everything, and write docs/performance-table.md, -table-one-core.md and -glance.md
	@$(MAKE) --no-print-directory bench OPTIONS="--cases all --markdown docs/performance-table.md --glance docs/performance-glance.md $(OPTIONS)"
	@$(MAKE) --no-print-directory bench OPTIONS="--layout same --cases timed --markdown docs/performance-table-one-core.md --glance docs/performance-glance.md $(OPTIONS)"

bench-growth: $(VENV)/ready ## Plot how costs grow with the number in flight, an event's size, a reply's rows
	@$(ENV) maturin develop --quiet --release
	REPS=3 ./benches/run.sh --extra benches/drivers/muxi_client.py --growth docs/growth \
	    --clients muxi_client,aiohttp_client,reqwest_client $(OPTIONS)

bench-pythons: $(VENV)/ready ## Measure under each Python there is (PYTHONS="python3.10 python3.13")
	@$(ENV) maturin develop --quiet --release
	./benches/run.sh --extra benches/drivers/muxi_client.py --clients muxi_client --cases lat,alat,conc,json,sse,asse,mem \
	    $(foreach python,$(PYTHONS),$(addprefix --interpreter ,$(shell command -v $(python)))) \
	    --markdown docs/performance-pythons.md $(OPTIONS)

bench-local: $(VENV)/ready ## Measure the local server
	@$(call DEVELOP,--release)
	cargo build --quiet --release --package muxi-local
	$(BIN)/python -m compileall -q python crates/muxi-local-python/python
	$(BIN)/python benches/local.py --command target/release/muxi-local --command "$(BIN)/python -m muxi.local" \
	    --markdown docs/performance-local.md $(OPTIONS)

bench-hello: ## Measure the compile time and the size of a Rust program with the crate, beside reqwest
	python3 benches/hello.py --markdown docs/performance-hello.md

counts: $(VENV)/ready ## Count the instructions of the hot paths; compare with benches/counts/baseline.json (OPTIONS=--write: renew it)
	@$(ENV) maturin develop --quiet --release
	cargo build --quiet --release --package muxi-counts
	cargo build --quiet --release --manifest-path benches/server/Cargo.toml --target-dir target
	@$(BIN)/python benches/counts/run.py --target target $(OPTIONS)

chaos: SECONDS ?= 600
chaos: build ## Storm: calls and streams on all faces, a bad network, a server that is killed (SECONDS=3600 SEED=...)
	cargo build --quiet --package muxi-chaos
	@$(ISOLATED) $(BIN)/python tests/chaos/run.py $(SECONDS) $(SEED)

# What cargo-fuzz needs of the compiler is there without nightly, but for the address sanitizer.
fuzz: export RUSTC_BOOTSTRAP := 1
fuzz: SECONDS ?= 60
fuzz: ## Run the fuzzers (needs cargo-fuzz and a C++ compiler; TARGETS="sse url" SECONDS=3600)
	cargo run --quiet --package muxi-fuzz-targets --bin seeds fuzz/libfuzzer/corpus
	cargo fuzz build --fuzz-dir fuzz/libfuzzer --sanitizer none
	@for target in $(TARGETS); do \
	    cargo fuzz run --fuzz-dir fuzz/libfuzzer --sanitizer none $$target -- -max_total_time=$(SECONDS) -print_final_stats=1 -close_fd_mask=1 || exit; \
	done

clean: ## Remove what was built, and the virtual environments
	rm -rf $(VENV) .venv-official target
