# Two commands for a newcomer: `make demo` and `make test`. Both make .venv themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

.PHONY: demo test lint lock clean

$(VENV)/.ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14)' 2>/dev/null || \
	  { echo "dondoc needs Python 3.11 to 3.13; say which with: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	# Compiled at install: it saves 12 s at each start of Airflow.
	$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

demo: $(VENV)/.ready
	$(BIN)/python -m dondoc.demo $(if $(filter-out 0,$(ONCE)),--once)

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest

lock: $(VENV)/.ready
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	  --no-header --no-annotate --no-emit-index-url -o requirements.txt requirements.in

clean:
	rm -rf $(VENV) .demo
