# ssm-bootstrap: every job of the project. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Whatever the caller's language: what Python makes of it is settled before any conftest.py can mend it.
PYTEST := PYTHONUTF8=1 $(BIN)/python -m pytest
# One more than there are cores: many tests wait for what they started. tests/conftest.py says which files come first.
SIDE_BY_SIDE := -n $(shell expr $$(nproc) + 1) --dist loadfile --no-loadscope-reorder
VERSIONS := 3.9 3.11 3.13
RELEASES ?= bookworm trixie bullseye
EXECUTABLE := dist/ssm-bootstrap-$(shell uname -m)

.DEFAULT_GOAL := help
.PHONY: help compiled deploy demo test slow-test check format lint types unit test-all cases accuracy sweep inject herd first-try bench bundle executable executable-test deb rpm deb-executable rpm-executable boot-test real-agent formats ansible-test translations docs ci clean system managers

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  %-15s %s\n", $$1, $$2}'

system:
	@tests/system-packages

$(VENV)/.ready: setup.cfg setup.py pyproject.toml tools/constraints.txt ssm_bootstrap/__init__.py
	@tests/system-packages
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c tools/constraints.txt -e '.[test]' --config-settings editable_mode=compat
	@touch $@

# Whatever PYTHONDONTWRITEBYTECODE says: the lab starts hundreds of Pythons, and none of them keeps what it has compiled.
compiled: $(VENV)/.ready
	@$(BIN)/python -m compileall -qq -j 0 ssm_bootstrap tests tools || true

demo: compiled ## play the whole story in a closed VPC made of namespaces (under a minute)
	@$(BIN)/python -m tests.demo

managers: compiled
	@tests/system-packages managers

test: managers ## all tests but the long sweeps, the lab's too (under a quarter of an hour on 2 cores)
	$(PYTEST) $(SIDE_BY_SIDE) -m 'not slow and not boot and not executable'

slow-test: managers ## the long sweeps that `make test` leaves out
	$(PYTEST) $(SIDE_BY_SIDE) -m 'slow and not boot and not executable'

unit: $(VENV)/.ready ## the tests that need no namespaces
	$(PYTEST) $(SIDE_BY_SIDE) -m 'not lab and not boot and not executable'

check: format lint types test ## format, lint, types, tests

format: $(VENV)/.ready ## put the code into shape
	$(BIN)/ruff format ssm_bootstrap tests bench tools
	$(BIN)/ruff check --fix-only --quiet ssm_bootstrap tests bench tools

lint: $(VENV)/.ready ## look for mistakes
	$(BIN)/ruff check ssm_bootstrap tests bench tools

types: $(VENV)/.ready ## mypy --strict
	$(BIN)/mypy

test-all: ## the unit tests on every Python from the floor to the newest
	@tests/every-python $(VERSIONS)

cases: $(VENV)/.ready ## every VPC of the lab and what was said of it, with seconds
	@$(BIN)/python -m tests.cases

accuracy: $(VENV)/.ready ## the confusion table: expected root causes against what is said, over every scenario
	@$(BIN)/python -m tests.accuracy

formats: $(VENV)/.ready ## how many of the agent's own messages are known (SOURCE=DIR: a checkout of the agent's public source)
	@$(BIN)/python -m tests.formats $(SOURCE)

sweep: $(VENV)/.ready ## kill a forced re-registration at every point, and 100 runs at once
	@$(BIN)/python -m tests.sweep kill
	@$(BIN)/python -m tests.sweep together

inject: $(VENV)/.ready ## errors of the disk and SIGKILL at every kind of call that changes a node, then the same command again (strace)
	@tests/system-packages
	@$(BIN)/python -m tests.sweep inject $(INJECT)

herd: $(VENV)/.ready ## 2,000 nodes that register at once, with and without --spread: a table (some minutes)
	@$(BIN)/python -m tests.herd $(HERD)

first-try: ## `make test` in ten fresh clones: plain, beside spinning processes, nohup, nobody, a path with blanks, Tokyo
	@$(PYTHON) -m tests.first_try $(RUNS)

bench: $(VENV)/.ready ## what must be fast, measured side by side
	@tests/system-packages bench
	@$(BIN)/python -m bench

.venv-bundle/.ready: tools/bundle/builder.txt
	@rm -rf .venv-bundle
	@umask 022; $(PYTHON) -m venv .venv-bundle && .venv-bundle/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: -r $<
	@touch $@

bundle: .venv-bundle/.ready ## dist/ssm-bootstrap.pyz: one file with everything inside, its hashes and its bill of materials
	@.venv-bundle/bin/python -m tools.bundle dist

.venv-packages/.ready: tools/packages/builder.txt
	@rm -rf .venv-packages
	@umask 022; $(PYTHON) -m venv .venv-packages && .venv-packages/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: -r $<
	@touch $@

executable: .venv-bundle/.ready ## dist/ssm-bootstrap-x86_64 and -aarch64: one file each with a Python of its own (MACHINES=x86_64)
	@tests/system-packages executable
	@.venv-bundle/bin/python -m tools.executable dist $(MACHINES)

executable-test: $(VENV)/.ready executable ## its own tests, the unit tests on its own Python, and all others that start the program, with the executable
	@tests/system-packages executable-checks
	$(PYTEST) -m executable
	@tests/own-python
	SSM_BOOTSTRAP_PROGRAM=$(CURDIR)/$(EXECUTABLE) $(PYTEST) $(SIDE_BY_SIDE) -m 'not slow and not boot and not executable'

deb rpm: bundle .venv-packages/.ready
	@tests/system-packages packages
	@.venv-packages/bin/python -m tools.packages $@ dist

deb-executable rpm-executable: executable .venv-packages/.ready
	@tests/system-packages packages
	@for machine in $(or $(MACHINES),x86_64 aarch64); do \
		.venv-packages/bin/python -m tools.packages $(@:-executable=) dist --machine $$machine || exit 1; done

deb: ## the bundle as a Debian package, with units, configuration, manual page and completions
rpm: ## the same as an rpm
deb-executable: ## the executables as Debian packages, which need no python3
rpm-executable: ## the same as rpms

boot-test: $(VENV)/.ready bundle ## boot a real systemd in the closed VPC: Debian 11, 12, 13 (RELEASES=bookworm; PROGRAM=FILE: the executable)
	@tests/system-packages boot
	@tests/system-packages packages
	BOOT_BUNDLE="$(PROGRAM)" RELEASES="$(RELEASES)" $(PYTEST) -m boot tests/boot tests/packages

real-agent: $(VENV)/.ready ## journeys of the agent's real programs (AGENT_DIR=/usr/bin) on a real systemd in the closed VPC
	@if [ -n "$(AGENT_DIR)" ]; then tests/system-packages boot; fi
	@$(BIN)/python -m tests.real_agent --agent-dir "$(AGENT_DIR)" $(REAL_AGENT)

ansible-test: $(VENV)/.ready ## the playbooks of deploy/ansible: ansible-lint, and 20 hosts with sshd in the closed VPC (root)
	@tests/system-packages ssh
	$(PYTEST) tests/ansible

translations: $(VENV)/.ready ## gather all sentences for translators, and compile what they wrote (ssm_bootstrap/locale)
	@$(BIN)/python -m tools.translations update
	@$(BIN)/python -m tools.translations check

deploy: $(VENV)/.ready ## write anew what the product knows in the templates and modules of deploy/
	@$(BIN)/python -m tools.stacks
	@$(BIN)/python -m tools.deploy

docs: $(VENV)/.ready ## write docs/findings.md, docs/codes.txt and the READMEs' usage anew
	@$(BIN)/python -m tests.laws.generate

ci: managers lint types ## everything that exists, the long sweeps too
	@tests/system-packages packages
	@tests/system-packages package-checks
	@tests/system-packages browser
	@tests/system-packages deploy
	@tests/system-packages ssh
	$(BIN)/ruff format --check ssm_bootstrap tests bench tools
	$(PYTEST) -m 'not boot and not executable'
	$(MAKE) executable-test test-all cases accuracy formats sweep inject demo bench boot-test
	$(MAKE) boot-test PROGRAM=$(EXECUTABLE)

clean: ## take away what was built
	rm -rf $(VENV) .venv-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
