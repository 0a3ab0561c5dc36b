# What people do here, a command each; `make help` lists them.

.DEFAULT_GOAL := help
.NOTPARALLEL:

export RELAY_TEST_PYTHON ?= $(CURDIR)/.tools/python/bin/python
export RELAY_TEST_NODE_MODULES ?= $(CURDIR)/.tools/node/node_modules
export SAM_CLI_TELEMETRY := 0

PYTHON := $(RELAY_TEST_PYTHON)
# cfn-lint, sam and cargo-lambda come with the Python packages.
BIN := $(dir $(PYTHON))
step = @printf '\n== %s\n'

# package and bench-start
include infra/package.mk

.PHONY: help dev check test-fast test tools format lint tests template screenshots simulate simulate-notices simulate-people simulate-calls simulate-restores interleavings cost scale crash fan-out bench-load differential phone-numbers fuzz documents

## help: this list
help:
	@sed -n 's/^## \([a-z-]*\): /\1 /p' $(MAKEFILE_LIST) | while read -r name what; do \
		printf '  make %-17s %s\n' "$$name" "$$what"; done

## dev: the relay on this machine, with a sandbox in place of Twilio
dev:
	@cargo dev

## check: format and lints alone, before a commit
check: format lint
	$(step) "check: passed"

# Without AWS, as `cargo dev` builds it.
WITHOUT_AWS := --no-default-features --features machine

## test-fast: the tests that need nothing but Rust and end within a minute or two
test-fast:
	$(step) "test-fast"
	cargo test --locked $(WITHOUT_AWS) --lib
	cargo test --locked $(WITHOUT_AWS) --test relay -- \
		layers:: contract:: conversations:: commands::config::

## test: everything that has to be right before a change lands
test: tools format lint tests template
	$(step) "test: everything passed"

## tools: what the tests need, into .tools/ (once; `make test` does it too)
tools:
	$(step) "tools"
	@tests/support/tools/install

format:
	$(step) "format"
	cargo fmt --check

lint:
	$(step) "lint"
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked $(WITHOUT_AWS) --bin relay -- -D warnings

# The gate for dependencies is one of the tests.
tests:
	$(step) "tests"
	cargo test --locked

TEMPLATES := template.yaml infra/observability.yaml

## template: the checks of template.yaml and infra/observability.yaml alone
template:
	$(step) "template"
	$(BIN)cfn-lint $(TEMPLATES)
	@for template in $(TEMPLATES); do \
		AWS_DEFAULT_REGION=us-east-1 $(BIN)sam validate --lint --template $$template || exit 1; done

## documents: the published schema and OpenAPI document, anew from the types
documents:
	cargo build --locked --bin relay
	cargo run --quiet --locked -- schema > infra/integrations/notifier.schema.json
	cargo run --quiet --locked -- schema --openapi > infra/integrations/openapi.json

## screenshots: the pictures of docs/page.md, anew
screenshots: tools
	$(step) "screenshots"
	cargo build --locked --bin relay
	RELAY_PROGRAM=$(CURDIR)/target/debug/relay node tests/page/run.mjs shots

## simulate: the whole relay under faults, by seed: SEEDS=100000, FIRST_SEED=0, or SEED=7 with a trace
simulate:
	$(step) "simulate"
	SEED=$(SEED) SEEDS=$(SEEDS) FIRST_SEED=$(FIRST_SEED) RUST_BACKTRACE=0 \
		cargo test --profile quick --test relay simulation::as_many -- --ignored --nocapture

## simulate-notices: the same with notices to a line's subscribers
simulate-notices:
	$(step) "simulate-notices"
	SEED=$(SEED) SEEDS=$(SEEDS) FIRST_SEED=$(FIRST_SEED) RUST_BACKTRACE=0 \
		cargo test --profile quick --test relay simulation::notices::as_many -- --ignored --nocapture

## simulate-people: the same with people who answer, pass customers on and go away
simulate-people:
	$(step) "simulate-people"
	SEED=$(SEED) SEEDS=$(SEEDS) FIRST_SEED=$(FIRST_SEED) RUST_BACKTRACE=0 \
		cargo test --profile quick --test relay simulation::people::as_many -- --ignored --nocapture

## simulate-calls: calls, with people who answer or do not, and callers who hang up or leave messages
simulate-calls:
	$(step) "simulate-calls"
	SEED=$(SEED) SEEDS=$(SEEDS) FIRST_SEED=$(FIRST_SEED) RUST_BACKTRACE=0 \
		cargo test --profile quick --test relay simulation::calls::as_many -- --ignored --nocapture

## simulate-restores: one machine that is lost, and another that goes on from a backup
simulate-restores:
	$(step) "simulate-restores"
	SEED=$(SEED) SEEDS=$(SEEDS) FIRST_SEED=$(FIRST_SEED) RUST_BACKTRACE=0 \
		cargo test --profile quick --test relay simulation::restores::as_many -- --ignored --nocapture

## interleavings: every order in which the relay can come to work on four texts, of more texts than the tests walk
interleavings:
	$(step) "interleavings"
	cargo test --profile quick --test relay interleavings -- --include-ignored --nocapture

## cost: what a text, an answer and the rest cost on AWS, counted and priced
cost: tools
	$(step) "cost"
	cargo test --locked --test relay deployed::cost -- --nocapture --test-threads 1

## scale: how many texts a second the deployed relay takes by AWS's and Twilio's limits, and what ends it
scale: tools
	$(step) "scale"
	cargo test --locked --test relay scale::as_many -- --ignored --nocapture

ON_ONE_MACHINE := cargo test --locked --profile quick --test relay

## crash: the relay under load killed at any instant, KILLS=300 times
crash:
	$(step) "crash"
	KILLS=$(KILLS) $(ON_ONE_MACHINE) crash::as_many -- --ignored --nocapture

## fan-out: a notice to SUBSCRIBERS=100000 whose pages break off and get lost, by SEED=1
fan-out:
	$(step) "fan-out"
	SUBSCRIBERS=$(SUBSCRIBERS) SEED=$(SEED) $(ON_ONE_MACHINE) fan_out::as_many -- --ignored --nocapture

## bench-load: most texts a second for BURST_SECONDS=20, then RATE=500 for SECONDS=600; needs wrk
bench-load:
	@command -v wrk >/dev/null || { echo "wrk is missing; install it: apt-get install wrk, or brew install wrk"; exit 1; }
	$(step) "bench-load"
	BURST_SECONDS=$(BURST_SECONDS) RATE=$(RATE) SECONDS=$(SECONDS) \
		$(ON_ONE_MACHINE) load:: -- --ignored --nocapture --test-threads 1

## differential: random signatures against Twilio's own validators: CASES=100000, SEED=1, FIRST=0
differential: tools
	$(step) "differential"
	SEED=$(SEED) FIRST=$(FIRST) CASES=$(CASES) RUST_BACKTRACE=0 \
		cargo test --locked --test relay signatures::as_many -- --ignored --nocapture

## phone-numbers: random phone numbers against Python's libphonenumber: CASES=100000, SEED=1, FIRST=0
phone-numbers: tools
	$(step) "phone-numbers"
	SEED=$(SEED) FIRST=$(FIRST) CASES=$(CASES) \
		cargo test --locked --test relay phone_numbers::as_many -- --ignored --nocapture

## fuzz: every fuzz target, guided by coverage, for SECONDS=60 each; TARGETS="form config" for some
fuzz:
	$(step) "fuzz"
	tests/endurance/fuzz/run $(or $(SECONDS),60) $(TARGETS)
