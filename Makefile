# Two commands do everything, install included: `make demo` and `make test`.
# Needs Python >= 3.11, git and make. PYTHON=/path/to/python chooses another interpreter.

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
SCALE ?= small
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test test-long test-matrix check bench docs page lock clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

$(VENV)/.tool: requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "make: needs Python 3.11 or newer; install it or give PYTHON=/path/to/python" >&2; exit 2; fi
	@echo "installing subsecond into $(VENV) ($$($(PYTHON) --version))" >&2
	@$(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) -m venv failed; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.tool
	@echo "installing what the tests and checks need" >&2
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.bench: requirements-bench.lock $(VENV)/.dev
	@echo "installing what the benchmarks compare with" >&2
	@$(PIP) install --require-hashes -r requirements-bench.lock
	@touch $@

demo: $(VENV)/.tool ## audit the slow example, try the first steps of its plan, report (FULL=1 all of them, OPEN=1, SCALE=medium|full)
	@scripts/demo $(SCALE)

check: $(VENV)/.dev ## ruff, mypy, import contract, dead code, generated pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/vulture
	@$(BIN)/python scripts/generate_docs.py --check

test: check ## checks and tests (under 15 minutes on 2 cores)
	@scripts/test

test-long: $(VENV)/.dev ## load, soak, fault and fuzz runs, alone (results in tests/long), then faults, journeys and the replay
	@$(BIN)/pytest -m long tests/long
	@scripts/browser
	@$(BIN)/pytest -m long tests/test_detectors.py tests/agent tests/confirm tests/prove tests/end_to_end examples/discovery/tests

test-matrix: $(VENV)/.dev ## the agent on other Pythons and library versions
	@$(BIN)/pytest -m matrix

bench: $(VENV)/.bench ## all benchmarks, one after the other (results in benchmarks/results)
	@for name in $$($(BIN)/python -m benchmarks); do $(BIN)/python -m benchmarks.$$name $(BENCH_FLAGS) || exit; done

docs: $(VENV)/.dev ## regenerate docs/findings, docs/fixers.md and docs/schemas
	@$(BIN)/python scripts/generate_docs.py

page: ## rebuild the report's page after a change in frontend/ (needs Node 20)
	@cd frontend && npm ci --no-audit --no-fund --silent && npm run --silent build

lock: ## renew the lock files (needs uv)
	@for out in "requirements.lock" "requirements-dev.lock --group test --group check" \
		"requirements-bench.lock --group test --group bench"; do \
		uv pip compile pyproject.toml -q --generate-hashes --universal --python-version 3.11 --no-header \
			--no-emit-index-url --no-emit-find-links --group build -o $$out; done

clean: ## remove what was installed and made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
