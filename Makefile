# Everything a new machine needs is made here: `make demo`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete

.PHONY: demo demo-real test test-slow check format clean

demo: $(STAMP)
	$(BIN)/loopwright demo

demo-real: $(STAMP)
	$(BIN)/loopwright demo --real

test: $(STAMP)
	$(BIN)/python -m pytest -n auto -m "not slow" -q

test-slow: $(STAMP)
	$(BIN)/python -m pytest -n auto -m slow -q

check: $(STAMP)
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q --doctest-modules src/loopwright -p no:cacheprovider

format: $(STAMP)
	$(BIN)/ruff check --fix src tests benchmarks examples

# The stamp is written last, so that an interrupted installation is done again.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Loopwright needs Python 3.11 or newer; set PYTHON=python3.12, say."; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[postgres,pandas]" --group dev
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
