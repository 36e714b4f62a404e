PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := escalator web workers tests benchmarks deploy
PYTEST := $(BIN)/pytest
# Some tests wait for a time limit, and the live tests wait more than they compute.
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
LIVE_JOBS ?= 5
# Each process collects what it is given, and only a few files outside tests/live have live tests.
marked = $(shell grep -rl --include='test_*.py' 'mark\.$(1)' tests | sort)
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Hundreds of processes import the same code.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test nightly lint format types layers unit live browser mutants coverage bench lock clean python

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/installed ## Start web, worker and broker on this machine (settings: see the README)
	@exec $(BIN)/escalator run

test: lint unit live ## Run all checks and tests, as CI does

nightly: export TEST_DATABASES = both
nightly: export TEST_EXAMPLES = all
nightly: lint unit live ## Run all tests on both databases, with all examples (test: one of the two, a third of them)

lint: $(VENV)/testable ## Check style, types and import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/testable ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: $(VENV)/testable ## Run the tests without real processes
	$(PYTEST) -m "not live" --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder

browser: ## Install Chromium for the browser tests (Debian, as root)
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null; } || \
	  echo "There is no Chromium here, so the tests in a browser are left out (on Debian: apt install chromium)."

live: $(VENV)/testable browser ## Run the tests that start and kill real processes
	$(PYTEST) $(call marked,live) tests/live -m "live and not alone" --numprocesses $(LIVE_JOBS) --dist loadgroup --no-loadscope-reorder
	$(PYTEST) $(call marked,alone) -m "live and alone"

mutants: export TEST_EXAMPLES = few
mutants: export CI = true
mutants: $(VENV)/testable ## List small changes of engine and policy that no test notices (hours)
	$(BIN)/python -m pip install --quiet --constraint requirements-dev.txt --editable '.[test,mutation]'
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/mutmut run --max-children 2 $(MUTANTS)
	$(BIN)/mutmut results

coverage: $(VENV)/testable ## Run all tests and report lines and branches that none of them reaches
	$(PYTEST) --cov --cov-report=term-missing --cov-report=html

bench: $(VENV)/testable ## Measure the figures of docs/performance.md on this machine
	$(BIN)/python -m benchmarks

lock: python ## Update the pinned requirements within the bounds of setup.cfg
	$(PYTHON) deploy/lock.py

clean: ## Remove generated files, but not var/ (it may hold incidents)
	rm -rf $(VENV) build dist htmlcov mutants .coverage* *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed; there is no $(PYTHON) here (say which: make PYTHON=...)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version) (say which: make PYTHON=python3.11)."; exit 1; }

$(VENV)/bin/python: | python
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is needed (on Debian: apt install python3-venv)."; exit 1; }

$(VENV)/installed: setup.cfg pyproject.toml requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint requirements-dev.txt --editable .
	@touch $@

$(VENV)/testable: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint requirements-dev.txt --editable '.[test]'
	@touch $@
