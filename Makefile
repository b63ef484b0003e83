# Everything runs in its own virtual environment under .venv; nothing outside this folder is touched.
VENV   ?= .venv
PYTHON ?= python3
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help test lint types clean

help: ## list the recipes
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

test: $(VENV)/.ready lint types ## lint, types, import contracts, then every test
	$(BIN)/pytest -n 2

lint: $(VENV)/.ready ## ruff and the import contracts
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/lint-imports

types: $(VENV)/.ready ## mypy --strict
	$(BIN)/mypy

clean: ## remove the virtual environment and what was built
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
