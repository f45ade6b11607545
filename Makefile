# Everything starts from Python 3.11+, make and a package index; the virtual environment is made on the way.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
# Compiled once here, or the first start would take twice its time, and every start where Python may write nothing.
UV := $(BIN)/python -m uv pip install --quiet --compile-bytecode --python $(BIN)/python
PYTEST := $(BIN)/python -m pytest

.PHONY: app test test-all check audit bench space screens docs clean

app: $(VENV)/app.stamp
	$(BIN)/ctseg serve --open

# Eight minutes on two cores. The last line says what was left out and why. CI runs more: THOROUGH=1 ARGS="--cov".
test: $(VENV)/dev.stamp
	$(PYTEST) -q -n 2 --dist loadfile -m "not slow$(if $(THOROUGH),, and not thorough)" $(ARGS)

test-all: $(VENV)/dev.stamp
	$(PYTEST) -q $(ARGS)

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/checks/check_licences.py

# Compares the pins with a list of known vulnerabilities; where none can be reached it says so.
audit: $(VENV)/dev.stamp
	$(BIN)/python scripts/checks/audit.py

bench: $(VENV)/dev.stamp
	for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

# The app as a Space and as the image start it: fresh environment, read-only, all pages, all methods; then with
# weights of a stand-in for the Hub. CI takes this environment in place of a fresh one: ARGS=--here.
space: $(VENV)/dev.stamp
	$(BIN)/python scripts/checks/run_space.py $(ARGS)

screens: $(VENV)/dev.stamp
	$(BIN)/python scripts/docs/make_screens.py

docs: $(VENV)/dev.stamp
	for file in scripts/docs/make_*doc*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf $(VENV) .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/uv:
	@test -n "$(PYTHON)" || { echo "ctseg needs Python 3.11, 3.12 or 3.13; install one or call make PYTHON=/path/to/python."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"

$(VENV)/app.stamp: requirements.txt pyproject.toml | $(VENV)/bin/uv
	@echo "Installing what the app needs (about 5 GB, mostly torch; once) ..."
	$(UV) -r requirements.txt
	$(UV) --no-deps -e .
	touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/app.stamp
	@echo "Installing what tests and training need ..."
	$(UV) -r requirements-dev.txt
	touch $@
