# Every habit of this project, one command each. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_BIN := .venv-bench/bin
# Tests wait a third of their time, for servers to start and leases to end: one more than there are cores.
WORKERS := $(shell expr $$(nproc) + 1)
INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help run setup test check bench faults lock screenshots

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## Install what serving needs, migrate, and serve on http://127.0.0.1:8000
	@$(BIN)/switchboard serve

setup: $(VENV)/.serving ## Build .venv with .venv/bin/switchboard, and stop

test: check ## Check the code, then run every test on SQLite and PostgreSQL
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/.testing ## Lint, format, types, and the directions of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.serving .venv-bench/.ready ## Measure every claim against its rival, in one run
	@$(BENCH_BIN)/python -m bench

faults: $(VENV)/.testing ## Prove that nothing acknowledged is lost: kills, power cuts, full disks
	@$(BIN)/python -m tests.faults

screenshots: $(VENV)/.testing ## Picture every page into docs/use/pictures, with Chromium
	@$(BIN)/python tools/screenshots.py

lock: $(VENV)/.testing ## Pin the dependencies anew, with hashes and without addresses
	@$(BIN)/python tools/lock.py

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Switchboard needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.serving: requirements.lock tools/link_checkout.py | $(BIN)/python
	@echo "Installing what serving needs (a minute at most, once)…"
	@$(BIN)/python $(INSTALL) -r requirements.lock
	@$(BIN)/python tools/link_checkout.py
	@touch $@

$(VENV)/.testing: requirements-dev.lock $(VENV)/.serving
	@echo "Installing what tests need (once)…"
	@$(BIN)/python $(INSTALL) -r requirements-dev.lock
	@touch $@

.venv-bench/.ready: requirements-bench.lock
	@echo "Installing the rivals into an environment of their own (once)…"
	@$(PYTHON) -m venv .venv-bench
	@$(BENCH_BIN)/python $(INSTALL) -r requirements-bench.lock
	@$(BENCH_BIN)/python tools/link_checkout.py
	@touch $@
