# Every command of this project. `make` alone lists them; nothing but make and Python 3.11 is needed first.
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
DONE := $(VENV)/.done
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
JS := tests/journeys/js
FAST := not proof and not soak
PURE := src/yadokari/rules/*,src/yadokari/schema/*
COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url
export UV_CUSTOM_COMPILE_COMMAND := make lock

.DEFAULT_GOAL := help
.PHONY: help setup serve test proof soak coverage fmt check bench docs lock

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(DONE)/dev $(DONE)/js ## make .venv with everything a developer uses

serve: $(DONE)/run ## install what the server needs and start it on http://127.0.0.1:8080 (ARGS="--dev ...")
	@exec $(VENV)/bin/yadokari serve $(ARGS)

test: $(DONE)/test $(DONE)/js ## run every test but the long ones; lists what could not run (ARGS="-k ...")
	@$(PY) -m pytest -m "$(FAST)" $(ARGS)

proof: $(DONE)/test $(DONE)/js ## the longer proofs: faults, crashes, fuzzing, long comparisons
	@$(PY) -m pytest -m proof $(ARGS) || [ $$? -eq 5 ]

soak: $(DONE)/test ## hours of load, until stopped or broken
	@$(PY) -m pytest -m soak --timeout 0 $(ARGS) || [ $$? -eq 5 ]

coverage: $(DONE)/test ## tests without journeys, with branches counted; the gates: pure core 100 %, the rest 90 %
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m pytest -q -m "$(FAST)" $(wildcard tests/unit tests/api tests/stores tests/simulation tests/oracle)
	@$(PY) -m coverage combine --quiet
	@$(PY) -m coverage report --include='$(PURE)' --fail-under 100
	@$(PY) -m coverage report --omit='$(PURE)' --fail-under 90

fmt: $(DONE)/dev ## format, and mend what the linter can mend
	@$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix .

check: $(DONE)/dev ## format, lint, types, layers and tidiness, changing nothing
	@$(VENV)/bin/ruff format --check . && $(VENV)/bin/ruff check .
	@$(VENV)/bin/pyrefly check
	@$(VENV)/bin/lint-imports
	@$(PY) -m pytest -q tests/tidy

bench: $(DONE)/test ## measure beside PocketBase on this machine (ARGS="get list30 --seconds 5")
	@$(PY) -m bench $(ARGS)

docs: $(DONE)/docs ## render docs/ to docs/_build
	@$(PY) -m sphinx -q -W -b html docs docs/_build

lock: $(DONE)/dev ## resolve the pinned, hashed requirement files anew (ARGS="--upgrade")
	@$(COMPILE) $(ARGS) requirements/build.in -o requirements/build.txt
	@$(COMPILE) $(ARGS) pyproject.toml -o requirements/run.txt
	@for group in test docs dev; do \
	  $(COMPILE) $(ARGS) pyproject.toml --group $$group -c requirements/run.txt -o requirements/$$group.txt || exit 1; done

# ---------------------------------------------------------------- what the commands stand on
$(PY):
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    "$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
	      echo "$$python has no venv module; install your system's python3-venv package, then try again." >&2; exit 1; }; \
	    exec "$$python" -m venv $(VENV); \
	  fi; \
	done; echo "Yadokari needs Python 3.11 or later, and none was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1

$(DONE)/run: requirements/build.txt requirements/run.txt pyproject.toml | $(PY)
	@echo "Installing what the server needs into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) --no-build-isolation --no-deps --editable .
	@$(PY) -m compileall -q src  # pip compiles what it installs, but not this.
	@mkdir -p $(DONE) && touch $@

$(DONE)/test $(DONE)/docs $(DONE)/dev: $(DONE)/%: requirements/%.txt $(DONE)/run
	@echo "Installing what $* needs into $(VENV) ..."
	@$(PIP) --require-hashes -r $<
	@touch $@

$(DONE)/js: $(wildcard $(JS)/package-lock.json) | $(PY)
	@if [ ! -e $(JS)/package-lock.json ]; then :; \
	elif command -v npm >/dev/null; then cd $(JS) && npm ci --silent --no-audit --no-fund; \
	else echo "npm was not found: the sessions of the JavaScript SDK will be listed as not run."; exit 0; fi
	@if [ ! -e $(JS)/package-lock.json ] || command -v npm >/dev/null; then mkdir -p $(DONE) && touch $@; fi
