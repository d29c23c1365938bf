SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Of what is asked for, one after the other; only the checks below run side by side.
ifneq ($(SIDE_BY_SIDE),yes)
.NOTPARALLEL:
endif

PYTHON ?= python3
BIN := .venv/bin
# Of `run`, `fast`, `unit`, `test-all` and `bench-…`: further arguments, such as ARGS="-k ledger".
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# What is installed is what a lock says, checked by its hashes. Wheels only: a build would run what no lock names.
LOCKED := --require-hashes --only-binary :all: --requirement
UV = $(BIN)/uv pip $(1) --quiet --python $(BIN)/python

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+%?:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z%-]+):.*## (.*)$$/\1\t\2/' | expand -t 16

.PHONY: install
install: .venv/.installed ## Make .venv with the node and its tools, from the locks; does nothing while they stay the same
	@:

# pip is what every Python brings along, and slow: it installs uv, and uv the rest.
.venv/.installed: pyproject.toml hatch_build.py requirements/installer.lock requirements/dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than 3.11: install a newer one and run 'make PYTHON=python3.11'" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv || { \
		echo "$(PYTHON) cannot make a virtual environment: on Debian, apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install -qq $(LOCKED) requirements/installer.lock
	$(call UV,install) --compile-bytecode $(LOCKED) requirements/dev.lock
	$(call UV,install) --no-deps --no-build-isolation --editable .
	@touch $@

# For every Python and system at once; no word of this machine's registry or settings gets in.
LOCK = $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --only-binary :all: --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(if $(KEEP),,--upgrade)

.PHONY: lock
lock: ## Write requirements/*.lock anew with the newest releases that pyproject.toml allows; KEEP=1 keeps those that still fit
	@test -x $(BIN)/uv || $(MAKE) install
	$(LOCK) pyproject.toml --extra ccxt --output-file requirements/node.lock
	$(LOCK) pyproject.toml --extra ccxt --extra testing --group dev --constraint requirements/node.lock --output-file requirements/dev.lock
	$(LOCK) --group docs --constraint requirements/dev.lock --output-file requirements/docs.lock
	$(LOCK) --group deploy --constraint requirements/dev.lock --output-file requirements/deploy.lock
	$(LOCK) --group image --constraint requirements/dev.lock --output-file requirements/image.lock
	$(LOCK) --group install --constraint requirements/dev.lock --output-file requirements/installer.lock
	$(LOCK) --group client --output-file requirements/client.lock

# The dashboard is built by the Node.js that .venv has, into the package that serves it.
NPM = cd ui && PATH="$(CURDIR)/$(BIN):$$PATH" npm --loglevel=error
UI_BUILT := plugins/octobot_plugins/dashboard/static/index.html
UI_SOURCES := ui/index.html ui/chunks.ts ui/packages.ts ui/docs/index.html ui/docs/docs.ts ui/docs/vite.config.ts ui/vite.config.ts ui/openapi-ts.config.ts ui/openapi.json $(shell find ui/src ui/public -type f \
	-not -path 'ui/src/api/client/*' -not -name routeTree.gen.ts -not -name '*.test.ts*')

.PHONY: ui
ui: $(UI_BUILT) ## Build the dashboard into its plugin; does nothing while ui/ stays the same
	@:

# No package runs a script of its own while it is installed.
ui/node_modules/.installed: .venv/.installed ui/package.json ui/package-lock.json ui/.npmrc
	$(NPM) ci --ignore-scripts --no-progress
	@touch $@

$(UI_BUILT): ui/node_modules/.installed $(UI_SOURCES)
	$(NPM) run --silent client > /dev/null
	$(NPM) run --silent build -- --logLevel warn
	@touch $@

.PHONY: ui-check
ui-check: ui ## Check the dashboard: format, mistakes, types, tests
	$(NPM) run --silent lint
	$(NPM) run --silent types
	$(NPM) run --silent sizes
	$(NPM) test --silent -- --reporter=dot

# Those that take long or wait long are for `make test-all`.
JOURNEYS ?= --grep-invert @long
.PHONY: journeys
journeys: ui ## Walk through the dashboard in a browser, on real nodes, and look at its pages by axe; JOURNEYS= for all of it
	cd ui && PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/playwright test $(JOURNEYS)

.PHONY: screenshots
screenshots: ui ## Take a picture of each page of the dashboard, light, dark and at phone width, into build/screenshots
	@rm -rf build/screenshots
	cd ui && PATH="$(CURDIR)/$(BIN):$$PATH" PICTURES="$(CURDIR)/build/screenshots" node_modules/.bin/playwright test pages

.PHONY: run
run: install ui ## Run the demo: six automations on a simulated market, with the dashboard; Ctrl-C stops it, its state is in .octobot
	$(BIN)/octobot-node run examples/demo.yaml --data-dir .octobot --serve $(ARGS)

# File after file, the longest first (tests/conftest.py). Four workers on two cores, since many of the tests that start nodes wait.
WORKERS ?= 4
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
CHECKS := format-check lint types imports docs ui-check client

.PHONY: fast
fast: install ## Run the tests that need no process, no server and no patience, in some two minutes: for every save
	$(PYTEST) -n 3 -m 'not long and not slow and not process and not server' \
		--ignore tests/integration/api/test_any_request.py tests/unit tests/integration $(ARGS)

.PHONY: test
test: install checks unit journeys ## Everything that a submission must pass

.PHONY: checks
checks: install .venv/.docs-installed .venv-client/.installed ui ## What of `make test` runs no test: format, lint, types, imports, docs, the dashboard; two at a time
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target SIDE_BY_SIDE=yes $(CHECKS)

.PHONY: test-all
test-all: install checks ui ## Everything there is: whole sweeps and months, storms, long fuzz too; FUZZ_EXAMPLES=N for each operation
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-20} $(PYTEST) --durations 25 $(ARGS)
	$(MAKE) --no-print-directory journeys JOURNEYS=

.PHONY: format
format: install ## Format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --quiet --select I --fix

.PHONY: format-check
format-check: install ## Check the format
	$(BIN)/ruff format --check

.PHONY: lint
lint: install ## Look for mistakes: in the code, in the spelling, in the workflows
	$(BIN)/ruff check
	$(BIN)/typos
	@# What a machine happens to have, shellcheck or pyflakes, must not decide what passes.
	$(BIN)/actionlint -shellcheck= -pyflakes=
	$(BIN)/zizmor --quiet --offline --pedantic .

.PHONY: hooks
hooks: install ## Check what is changed at every commit: what .pre-commit-config.yaml names
	$(BIN)/pre-commit install

.PHONY: types
types: install ## Check the types of everything, strictly
	$(BIN)/mypy

.PHONY: imports
imports: install ## Check who may import whom
	$(BIN)/lint-imports --no-cache

.PHONY: unit
unit: install ui ## Run the tests of `make test` alone; ARGS="-k ledger" picks some
	@# Where PYTHONDONTWRITEBYTECODE is set, hundreds of nodes and commands would each compile all that they import.
	@$(BIN)/python -m compileall -q octobot_node plugins tentacles tests
	$(PYTEST) -m 'not long' --durations 25 $(ARGS)

.PHONY: test-deploy
test-deploy: .venv/.deploy-installed ## Build the image and run the stack for real: needs root, a Docker engine and Compose; ARGS="-k backup" picks some
	$(BIN)/pytest -n 0 --timeout 900 --durations 25 $(ARGS) --ignore tests/deploy/ansible tests/deploy

.PHONY: test-egress
test-egress: install ## See by packets that nothing leaves but by proxies and a real Tor, ccxt's websockets too: needs root, tor and iproute2, no Docker; part of test-deploy
	$(BIN)/pytest -n 0 --durations 25 $(ARGS) tests/deploy/egress

.PHONY: test-fleet
test-fleet: .venv/.deploy-installed ## Set up, update and take apart a fleet by Ansible, on machines that are containers; needs what test-deploy does
	$(BIN)/pytest -n 0 --durations 25 $(ARGS) tests/deploy/ansible

.venv/.deploy-installed: .venv/.installed requirements/deploy.lock
	$(call UV,install) --compile-bytecode $(LOCKED) requirements/deploy.lock
	@touch $@

.PHONY: coverage
coverage: install ## Say which lines the tests reach, those in processes of their own too; ARGS="tests/store" picks some; html in build/coverage
	@rm -rf build/coverage && mkdir -p build/coverage
	$(BIN)/coverage run -m pytest -n 2 --dist loadfile $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage html --quiet
	$(BIN)/coverage report --skip-covered --sort=cover

.PHONY: fuzz
fuzz: install ## Ask the API for long whatever its document allows, and does not; FUZZ_EXAMPLES=N for each operation
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-200} $(BIN)/pytest -n 2 tests/integration/api/test_any_request.py $(ARGS)

ANSIBLE_DEFAULTS := deploy/ansible/roles/octobot_node/defaults/main.yml
.PHONY: reference
reference: install ## Write docs/run-file.schema.json, ui/openapi.json and the documentation's tables anew, after a change of a model
	$(BIN)/octobot-node schema > docs/run-file.schema.json.new
	@mv docs/run-file.schema.json.new docs/run-file.schema.json
	$(BIN)/python docs/reference.py
	$(BIN)/python docs/api_document.py
	$(BIN)/python -c 'from deploy.variables import env_example; print(env_example(), end="")' > deploy/docker/.env.example
	$(BIN)/python -c 'from deploy.variables import ansible_defaults; from pathlib import Path; p = Path("$(ANSIBLE_DEFAULTS)"); p.write_text(ansible_defaults(p.read_text()))'

.PHONY: docs
docs: install .venv/.docs-installed ## Build the documentation into build/site, and check every link in it
	@# Not --quiet: it would swallow what --strict is about. The variable silences an advertisement.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# In an environment of its own: what it needs of others are not the releases that the node's own tools need.
.venv-client/.installed: .venv/.installed requirements/client.lock
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-client
	$(BIN)/uv pip install --quiet --python .venv-client/bin/python $(LOCKED) requirements/client.lock
	@touch $@

build/python-client/.checked: .venv-client/.installed ui/openapi.json .ci/python_client.py
	@$(BIN)/python .ci/python_client.py $(CURDIR)/.venv-client/bin/python
	@touch $@

.PHONY: client
client: build/python-client/.checked ## Make a Python client of the API's document and check it strictly, as the dashboard's in TypeScript is
	@:

.PHONY: pictures
pictures: install .venv/.docs-installed ## Draw the pictures of docs/images anew; DATA=DIR has the candles
	$(BIN)/python docs/pictures.py $(DATA)

.venv/.docs-installed: .venv/.installed requirements/docs.lock
	$(call UV,install) --compile-bytecode $(LOCKED) requirements/docs.lock
	@touch $@

.PHONY: dist
dist: install ui ## Build the wheel and the sdist into dist, with nothing that is not in the locks
	@rm -rf dist
	$(BIN)/python -m hatchling build

.PHONY: release-check
release-check: install ## Check that the version and the changelog are as a release's tag says: TAG=v1.2.3
	$(BIN)/python .ci/check_release.py "$(TAG)"

.PHONY: bench
bench: ## List the benchmarks; each runs as bench-NAME
	@find benchmarks -mindepth 1 -maxdepth 1 -name '[a-z]*' \( -name '*.py' -o -type d \) -printf 'bench-%f\n' \
		| sed 's/\.py$$//' | sort

bench-%: install
	$(BIN)/python -m benchmarks.$* $(ARGS)

.PHONY: clean
clean: ## Remove .venv and what the tools left; not .octobot, which is state
	rm -rf .venv build dist ui/node_modules ui/src/api/client ui/src/routeTree.gen.ts $(dir $(UI_BUILT)) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
