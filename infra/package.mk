# The functions' release binaries and what they cost. The Makefile includes this file.

# arm64, which template.yaml deploys, or x86_64.
ARCH ?= arm64
FUNCTIONS := $(notdir $(wildcard functions/*))
TARGET := $(or $(CARGO_TARGET_DIR),target)
PYTHON ?= .tools/python/bin/python
HOST := $(patsubst aarch64,arm64,$(shell uname -m))

.PHONY: package bench-start

## package: the Lambdas' archives, for ARCH=arm64 or ARCH=x86_64
package:
	PATH="$(abspath $(dir $(PYTHON))):$$PATH" cargo lambda build --release --output-format zip \
		$(if $(filter x86_64,$(ARCH)),--x86-64,--arm64) \
		--lambda-dir $(TARGET)/lambda/$(ARCH) $(FUNCTIONS:%=--bin %)
	@ls -l $(FUNCTIONS:%=$(TARGET)/lambda/$(ARCH)/%/bootstrap.zip)

## bench-start: size, start, randomness and memory of the Lambdas, on this machine's processor
bench-start:
	PATH="$(abspath $(dir $(PYTHON))):$$PATH" cargo lambda build --release --compiler cargo \
		--lambda-dir $(TARGET)/lambda/host $(FUNCTIONS:%=--bin %)
	cargo build --release --example bare
	$(PYTHON) tests/endurance/bench/start.py $(TARGET)/lambda/host $(TARGET)/release/examples/bare
	RELAY_TEST_FUNCTIONS=$(abspath $(TARGET)/lambda/host) RELAY_TEST_PYTHON=$(PYTHON) \
		cargo test --test relay -- --ignored --nocapture deployed::memory
