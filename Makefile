# Two commands on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export UV_LINK_MODE ?= copy

.PHONY: help setup demo test test-whole test-release test-debian13 quick unit lint docs format \
	bench goldens lock dist clean

help:  ## say what there is to make
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(STAMP)  ## create .venv with the locked, hash-checked dependencies

$(STAMP): requirements.lock pyproject.toml setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode --python $(BIN)/python requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	touch $@

# Raw rows, as a client has them: a feature that is missing is left out.
define DEMO_ROWS
{"payment_type": "Credit Card", "fare": 45.0, "trip_miles": 17.2, "trip_seconds": 2400, "trip_start_hour": 17}
{"payment_type": "Credit Card", "fare": 6.25, "trip_miles": 1.1, "trip_seconds": 420, "trip_start_hour": 20}
{"payment_type": "Cash", "fare": 9.05, "trip_miles": 2.3, "trip_seconds": 600, "trip_start_hour": 9}
endef
export DEMO_ROWS

demo: setup  ## from TFRecords to a gRPC prediction on real data: Chicago taxi trips
	$(BIN)/tfline data taxi
	$(BIN)/tfline run taxi
	echo "$$DEMO_ROWS" | $(BIN)/tfline predict taxi

test: setup  ## run the tests
	test -z "$$CI" || { .ci/browser; .ci/shells; }
	$(BIN)/python -m pytest

test-whole: setup  ## run whole pipelines: the catalog, the pages, the failures
	$(BIN)/python -m pytest -m whole

quick: setup  ## run the tests that need no TensorFlow: half a minute
	$(BIN)/python -m pytest -p tests.quick tests/unit

test-release: setup  ## run the tests that take minutes each, before a release
	$(BIN)/python -m pytest -m release -n0

test-debian13:  ## run the tests on Debian 13 with Python 3.13, in a root that is built (as root)
	.ci/debian13

unit: setup  ## run the tests of single modules
	$(BIN)/python -m pytest tests/unit

lint: setup  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: setup  ## build the site into build/site: a dead link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

format: setup  ## mend the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## measure tfline against stock TFX and a bare Keras script
	$(BIN)/python -m benchmarks.run

goldens: setup  ## write the golden files anew
	PATH="$(CURDIR)/$(BIN):$$PATH" kubeflow/base/compile.sh
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/goldens/kubeflow/compile.sh

lock: setup  ## renew requirements.lock from pyproject.toml
	$(BIN)/uv lock --upgrade
	$(BIN)/uv export --quiet --all-extras --all-groups --no-emit-project --no-annotate --no-header \
	  -o requirements.lock
	$(BIN)/uv export --quiet --no-dev --extra kubeflow --no-emit-project --no-annotate --no-header \
	  -o tfline/requirements/lock.txt
	$(BIN)/python -c 'import tomllib; uv = tomllib.load(open("pyproject.toml", "rb"))["tool"]["uv"]; \
	  print(*uv["override-dependencies"], sep="\n")' > tfline/requirements/overrides.txt

dist: setup  ## build the wheel and the sdist into dist/
	rm -rf dist build *.egg-info
	$(BIN)/uv build --quiet --out-dir dist

clean:  ## remove what was made, but not the data
	rm -rf .tfline models build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache $(STAMP)
