# Everything runs in its own virtual environment under .venv; nothing outside this folder is touched.
VENV   ?= .venv
PYTHON ?= python3
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test soak crash-matrix faults bench-matching lint types clean

help: ## list the recipes
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(VENV)/.ready ## three local sandboxes brought in step, edited at once, brought in step again
	$(BIN)/bridge demo

test: $(VENV)/.ready lint types ## lint, types, import contracts, then every test
	$(BIN)/pytest -n 2

lint: $(VENV)/.ready ## ruff and the import contracts
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/lint-imports

types: $(VENV)/.ready ## mypy --strict
	$(BIN)/mypy

soak: $(VENV)/.ready ## days of life in minutes (BRIDGE_SOAK_DAYS, _SEED, _STORE), the model test and the kills at length
	PYTHONPATH=tests $(BIN)/python -m reliability.soak --record
	BRIDGE_MODEL_EXAMPLES=$${BRIDGE_MODEL_EXAMPLES:-12500} BRIDGE_MODEL_STEPS=$${BRIDGE_MODEL_STEPS:-40} BRIDGE_STOCK_EXAMPLES=$${BRIDGE_STOCK_EXAMPLES:-10000} BRIDGE_KILLS=$${BRIDGE_KILLS:-60} $(BIN)/pytest -n 2 --timeout 14400 tests/model tests/e2e
	BRIDGE_CRASH_PLANTED=all $(BIN)/pytest tests/reliability/test_crash_planted.py

crash-matrix: $(VENV)/.ready ## bridge killed before and after every commit and call (BRIDGE_CRASH_SEED, _RUNS, _SHARE, _ONLY, _JOBS)
	PYTHONPATH=tests$${PYTHONPATH:+:$$PYTHONPATH} $(BIN)/python -m reliability.crash

faults: $(VENV)/.ready ## each fault of a system for each operation, written to docs/reliability.md
	cd tests && $(abspath $(BIN))/python -m reliability.faults

bench-matching: $(VENV)/.ready ## how well and how fast records are recognised, written to build/reports/matching.json
	$(BIN)/python benchmarks/matching.py

clean: ## remove the virtual environment and what was built
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
