# `make help` lists what there is. Whatever needs .venv makes it first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Compiled tests stay for the next run, whatever the environment says: compiling them is half of collecting them.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo check test soak lint format docs lock audit clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

$(VENV)/.ready: requirements.txt requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14)' 2>/dev/null || \
	  { echo "dondoc needs Python 3.11 to 3.13; say which with: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	# The image installs the first list alone. Compiled at install: it saves 12 s at each start of Airflow.
	$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.txt \
	  -r requirements-dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

demo: $(VENV)/.ready  ## the whole province in November 2021, in Airflow; ONCE=1: and end
	$(BIN)/python -m dondoc.demo $(if $(filter-out 0,$(ONCE)),--once)

lint: $(VENV)/.ready  ## style, types, data files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases --disable-error-code arg-type --disable-error-code var-annotated --disable-error-code misc bench
	env -u DONDOC_DATA -u DONDOC_DIRECTIVE -u DONDOC_CALENDAR $(BIN)/dondoc check-config

format: $(VENV)/.ready  ## write the style that lint asks for
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What a fast test is stands in tests/fast.py. A process for each core: these wait for nothing.
check: lint  ## style, types, fast tests: what to run while you work
	$(BIN)/python -m pytest -q -m "not slow" -n auto --dist loadfile

# Side by side, a file to a process: the tests of real servers mostly wait. On one process it is the same, but slower.
WORKERS ?= 4
# Where there is room, what they write lies in memory: thousands of small databases wait for the disk at each commit.
MEMORY := $(shell [ -w /dev/shm ] && [ "$$(df --output=avail /dev/shm | tail -n 1)" -gt 4000000 ] && echo /dev/shm)
test: lint  ## style, types, all tests: what CI runs
	@scratch=$$(mktemp -d $(MEMORY:%=-p %)) && trap 'rm -rf "$$scratch"' EXIT && trap 'exit 1' INT TERM && set -x && \
	  TMPDIR=$$scratch $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Half an hour on one core; the seed that it prints makes the same again: make soak SEED=7 KILLS=50
soak: $(VENV)/.ready  ## 3,000 histories, 1,000 kills, 10,000 letters by two deliverers
	@scratch=$$(mktemp -d $(MEMORY:%=-p %)) && trap 'rm -rf "$$scratch"' EXIT && trap 'exit 1' INT TERM && \
	  TMPDIR=$$scratch $(BIN)/python -m tests.soak $(SEED:%=--seed %) $(HISTORIES:%=--histories %) \
	  $(KILLS:%=--kills %) $(LETTERS:%=--letters %)

LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
  --no-header --no-annotate --no-emit-index-url

docs: $(VENV)/.ready  ## pages that are made from the code
	$(BIN)/python docs/generate.py

# What is pinned with extras is pinned without them too: to the pip of Python 3.11 these are two packages.
WITHOUT_EXTRAS := awk '{ pin = pin $$0 "\n" } !/\\$$/ { printf "%s", pin; \
  if (sub(/\[[a-z0-9,-]+\]==/, "==", pin)) printf "%s", pin; pin = "" }'

lock: $(VENV)/.ready  ## requirements*.txt from requirements*.in
	@for list in requirements requirements-dev; do \
	  $(LOCK) -o $$list.txt $$list.in && \
	  $(WITHOUT_EXTRAS) $$list.txt > $$list.txt.new && mv $$list.txt.new $$list.txt || exit 1; \
	done

# Needs the database of advisories on the Internet; .ci/run calls it where that can be reached.
audit: $(VENV)/.ready  ## known faults of the packages
	$(UV) tool run pip-audit==2.10.1 --vulnerability-service osv --disable-pip --require-hashes -r requirements.txt

clean:  ## remove .venv and the demo
	rm -rf $(VENV) .demo
