# Two commands on a bare machine: make report, make test.

VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS := 1

.PHONY: report test verify oracles sample clean

report: $(VENV)/.installed
	$(BIN)/hrv report sample_data --name sample

test: $(VENV)/.tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n auto -m "not slow"

verify: $(VENV)/.tested
	$(BIN)/python -m pytest -q -n auto -m slow

oracles:
	sh tests/oracles/build.sh

sample: $(VENV)/.installed
	$(BIN)/python sample_data/make.py

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The first Python of 3.11 or later that can make environments.
$(VENV)/bin/python:
	@for python in python3.13 python3.12 python3.11 python3; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "making $(VENV) with $$python"; exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "Python 3.11 or later with venv is needed: install python3.11 and python3.11-venv (Debian), or python from python.org"; exit 1

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@
