# Everything runs in its own virtual environment under .venv; nothing outside this folder is touched.
VENV   ?= .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
# The tools that the benchmarks compare with stand apart: no test and no lint needs them.
BENCH  ?= .venv-bench
# Compiled modules are kept: the demo and the tests start bridge many times, and compiling it anew doubles each start.
unexport PYTHONDONTWRITEBYTECODE
# Adapters that are packages of their own. Without the folder everything else works as before.
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))

.DEFAULT_GOAL := help
.PHONY: help demo demo-real test soak soak-daemon crash-matrix faults chaos bench bench-claims bench-matching bench-migration bench-webhooks bench-wire bench-workers lint types clean

help: ## list the recipes
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

$(VENV)/.ready: pyproject.toml $(PLUGINS:%=%/pyproject.toml)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]' $(PLUGINS:%=--editable '%[test]')
	@touch $@

demo: $(VENV)/.ready ## three local sandboxes brought in step, edited at once, brought in step again
	$(BIN)/bridge demo

ifneq ($(wildcard plugins/bridge-tryton/pyproject.toml),)
demo-real: $(VENV)/.ready ## a real Tryton in step with Salesforce's sandbox, both ways (its database is built once, in a minute)
	$(BIN)/python -m bridge_tryton.real.demo
else
demo-real:
	@echo "plugins/bridge-tryton is not here: the Tryton adapter is what this shows" >&2; exit 1
endif

test: $(VENV)/.ready lint types ## lint, types, import contracts, then every test
	$(BIN)/pytest -n 2 -m "not long"
	$(foreach plugin,$(PLUGINS),$(BIN)/pytest -n 2 $(plugin)/tests &&) true

lint: $(VENV)/.ready ## ruff and the import contracts
	$(BIN)/ruff check src tests benchmarks $(PLUGINS)
	$(BIN)/ruff format --check src tests benchmarks $(PLUGINS)
	$(BIN)/lint-imports

types: $(VENV)/.ready ## mypy --strict
	$(BIN)/mypy
	$(foreach plugin,$(PLUGINS),(cd $(plugin) && $(abspath $(BIN))/mypy) &&) true

soak: $(VENV)/.ready ## days of life in minutes (BRIDGE_SOAK_DAYS, _SEED, _STORE), the model test and the kills at length
	PYTHONPATH=tests $(BIN)/python -m reliability.soak --record
	BRIDGE_MODEL_EXAMPLES=$${BRIDGE_MODEL_EXAMPLES:-12500} BRIDGE_MODEL_STEPS=$${BRIDGE_MODEL_STEPS:-40} BRIDGE_STOCK_EXAMPLES=$${BRIDGE_STOCK_EXAMPLES:-10000} BRIDGE_KILLS=$${BRIDGE_KILLS:-60} $(BIN)/pytest -n 2 --timeout 14400 tests/model tests/e2e
	$(BIN)/pytest -n 2 -m long
	BRIDGE_CRASH_PLANTED=all $(BIN)/pytest tests/reliability/test_crash_planted.py

soak-daemon: $(VENV)/.ready ## 24 simulated hours of the daemon: memory and hot tables by hour, to build/reports/daemon-day.json
	PYTHONPATH=tests $(BIN)/python -m reliability.daemon_day

crash-matrix: $(VENV)/.ready ## bridge killed before and after every commit and call (BRIDGE_CRASH_SEED, _RUNS, _SHARE, _ONLY, _JOBS)
	PYTHONPATH=tests$${PYTHONPATH:+:$$PYTHONPATH} $(BIN)/python -m reliability.crash

faults: $(VENV)/.ready ## each fault of a system for each operation, written to docs/reliability.md
	cd tests && $(abspath $(BIN))/python -m reliability.faults

chaos: $(VENV)/.ready ## four workers, one killed every few seconds, for three minutes (BRIDGE_CHAOS_SECONDS, _SEED, _PLANT, _KEEP)
	PYTHONPATH=tests $(BIN)/python -m reliability.chaos --record

$(BENCH)/.ready: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --upgrade pip
	$(BENCH)/bin/pip install --quiet --editable '.[bench]'
	@touch $@

bench: $(BENCH)/.ready ## all benchmarks and their peers (BRIDGE_BENCH_QUICK=1: a try), to docs/benchmarks.md and build/reports/bench.json
	$(BENCH)/bin/python -m benchmarks.all $(if $(ONLY),--only $(ONLY))

bench-claims: $(VENV)/.ready ## how fast workers claim and finish 100,000 entries, written to build/reports/claims.json
	$(BIN)/python benchmarks/claims.py

bench-matching: $(VENV)/.ready ## how well and how fast records are recognised, written to build/reports/matching.json
	$(BIN)/python -m benchmarks.matching

bench-wire: $(VENV)/.ready ## bridge beside a script that makes the same calls, in processor time, written to build/reports/wire.json
	$(BIN)/python -m benchmarks.wire

bench-webhooks: $(VENV)/.ready ## from an edit to the other systems, by webhook and by polling, written to build/reports/webhooks.json
	$(BIN)/python benchmarks/webhooks.py

bench-workers: $(VENV)/.ready ## 1, 2 and 4 workers: deliveries a second, edit to target (BRIDGE_WORKERS_ROUNDS, ...), to build/reports/workers.json
	$(BIN)/python -m benchmarks.workers

bench-migration: $(VENV)/.ready ## a migration at size, killed on the way (BRIDGE_MIGRATION_CUSTOMERS, _WAYS, ...), to build/reports/migration.json
	$(BIN)/python -m benchmarks.migration

clean: ## remove the virtual environment and what was built
	rm -rf $(VENV) $(BENCH) build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache $(PLUGINS:%=%/.mypy_cache) $(PLUGINS:%=%/.pytest_cache)
