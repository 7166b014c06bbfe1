# ssm-bootstrap: every job of the project. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
VERSIONS := 3.9 3.11 3.13

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types unit test-all cases accuracy sweep bench docs ci clean system

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  %-10s %s\n", $$1, $$2}'

system:
	@tests/system-packages

$(VENV)/.ready: setup.cfg setup.py pyproject.toml constraints.txt ssm_bootstrap/__init__.py
	@tests/system-packages
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]' --config-settings editable_mode=compat
	@touch $@

demo: $(VENV)/.ready ## play the whole story in a closed VPC made of namespaces (under a minute)
	@$(BIN)/python -m tests.demo

test: $(VENV)/.ready ## all tests but the long sweeps, the lab's too (under 10 minutes on 2 cores)
	$(PYTEST) -m 'not slow'

unit: $(VENV)/.ready ## the tests that need no namespaces
	$(PYTEST) -m 'not lab'

check: format lint types test ## format, lint, types, tests

format: $(VENV)/.ready ## put the code into shape
	$(BIN)/ruff format ssm_bootstrap tests bench
	$(BIN)/ruff check --fix-only --quiet ssm_bootstrap tests bench

lint: $(VENV)/.ready ## look for mistakes
	$(BIN)/ruff check ssm_bootstrap tests bench

types: $(VENV)/.ready ## mypy --strict
	$(BIN)/mypy

test-all: ## the unit tests on every Python from the floor to the newest
	@tests/every-python $(VERSIONS)

cases: $(VENV)/.ready ## every VPC of the lab and what was said of it, with seconds
	@$(BIN)/python -m tests.cases

accuracy: $(VENV)/.ready ## the confusion table: expected root causes against what is said, over every scenario
	@$(BIN)/python -m tests.accuracy

sweep: $(VENV)/.ready ## kill a forced re-registration at every point, and 100 runs at once
	@$(BIN)/python -m tests.sweep kill
	@$(BIN)/python -m tests.sweep together

bench: $(VENV)/.ready ## what must be fast, measured side by side
	@$(BIN)/python -m bench

docs: $(VENV)/.ready ## write docs/findings.md and README's usage anew
	@$(BIN)/python -m tests.laws.generate

ci: $(VENV)/.ready lint types ## everything that exists, the long sweeps too
	$(BIN)/ruff format --check ssm_bootstrap tests bench
	$(PYTEST)
	$(MAKE) test-all cases accuracy sweep demo bench

clean: ## take away what was built
	rm -rf $(VENV) .venv-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
