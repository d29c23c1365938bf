SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
BIN := .venv/bin
# Of `run`, `unit` and `bench-…`: further arguments, such as ARGS="-k ledger".
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+%?:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z%-]+):.*## (.*)$$/\1\t\2/' | expand -t 16

.PHONY: install
install: .venv/.installed ## Make .venv with the node and its tools; does nothing while pyproject.toml stays the same
	@:

# -qq: errors only.
.venv/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than 3.11: install a newer one and run 'make PYTHON=python3.11'" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv || { \
		echo "$(PYTHON) cannot make a virtual environment: on Debian, apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install -qq --upgrade 'pip>=25.1'
	$(BIN)/pip install -qq --editable . --group dev
	@touch $@

.PHONY: run
run: install ## Run the demo: six automations on a simulated market; Ctrl-C stops it, its state is in .octobot
	$(BIN)/octobot-node run examples/demo.yaml --data-dir .octobot $(ARGS)

.PHONY: test
test: install format-check lint types imports docs unit ## Everything that must pass

.PHONY: format
format: install ## Format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --quiet --select I --fix

.PHONY: format-check
format-check: install ## Check the format
	$(BIN)/ruff format --check

.PHONY: lint
lint: install ## Look for mistakes
	$(BIN)/ruff check

.PHONY: types
types: install ## Check the types, strictly
	$(BIN)/mypy

.PHONY: imports
imports: install ## Check who may import whom
	$(BIN)/lint-imports --no-cache

.PHONY: unit
unit: install ## Run the tests; ARGS="-k ledger" picks some
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 25 $(ARGS)

.PHONY: fuzz
fuzz: install ## Ask the API for long whatever its document allows, and does not; FUZZ_EXAMPLES=N for each operation
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-200} $(BIN)/pytest -n 2 tests/api/test_any_request.py $(ARGS)

.PHONY: reference
reference: install ## Write docs/run-file.schema.json and the documentation's tables anew, after a change of a model
	$(BIN)/octobot-node schema > docs/run-file.schema.json.new
	@mv docs/run-file.schema.json.new docs/run-file.schema.json
	$(BIN)/python docs/reference.py

.PHONY: docs
docs: install .venv/.docs-installed ## Build the documentation into build/site, and check every link in it
	@# Not --quiet: it would swallow what --strict is about. The variable silences an advertisement.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.PHONY: pictures
pictures: install .venv/.docs-installed ## Draw the pictures of docs/images anew; DATA=DIR has the candles
	$(BIN)/python docs/pictures.py $(DATA)

.venv/.docs-installed: pyproject.toml
	$(BIN)/pip install -qq --group docs
	@touch $@

.PHONY: bench
bench: ## List the benchmarks; each runs as bench-NAME
	@find benchmarks -mindepth 1 -maxdepth 1 -name '[a-z]*' \( -name '*.py' -o -type d \) -printf 'bench-%f\n' \
		| sed 's/\.py$$//' | sort

bench-%: install
	$(BIN)/python -m benchmarks.$* $(ARGS)

.PHONY: clean
clean: ## Remove .venv and what the tools left; not .octobot, which is state
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
