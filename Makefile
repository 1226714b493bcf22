# Everything one does here. `make` alone lists it.

PYTHON ?= python3
BIN := .venv/bin
MANAGE := DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py

.DEFAULT_GOAL := help
.PHONY: help demo run test check quick lint fmt types walls migrations templates js bench messages \
	coverage-page lock upgrade tools

help: ## List what can be done here
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name words; do \
		printf '  make %-14s %s\n' "$$name" "$$words"; done

demo: ## Show the product: install, fill a database once, run web and worker
	@$(PYTHON) -m deploy.demo

run: ## The demo's data on the development server, which sees each change
	@$(PYTHON) -m deploy.demo --reload

test: tools ## The whole suite: SQLite, PostgreSQL, browser, Node (ARGS='--sqlite -- -k lots')
	@$(BIN)/python -m tests.run $(ARGS)

check: lint types walls migrations templates js ## All that must pass before a change goes in
	@$(MAKE) --no-print-directory test ARGS=--cover

quick: tools ## The quick tests, on SQLite
	@$(BIN)/python -m tests.run --sqlite -- -m "not slow and not browser and not postgresql" -q

lint: tools ## Style of the Python
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

fmt: tools ## Put the Python into its form, and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: tools ## Types of the Python
	$(BIN)/mypy .

walls: tools ## Which part may import which
	$(BIN)/lint-imports

migrations: tools ## Every change of a table has its migration
	$(MANAGE) makemigrations --check --dry-run

templates: tools ## Style of the templates
	$(BIN)/djlint --lint --quiet templates

js: tools ## Types and tests of the JavaScript, where Node is here
	@$(BIN)/python -m tests.javascript

bench: tools ## How fast: counter, engine, expiry, what-if runs, exports, imports; both databases
	@$(BIN)/python -m tests.bench

coverage-page: tools ## Write docs/coverage.md from the requirements and the tests that carry their marks
	@$(BIN)/python -m tests.coverage_page

messages: tools ## Collect the texts to translate and compile the catalogues (needs gettext)
	$(MANAGE) makemessages --all --keep-pot --no-location \
		--ignore=.venv --ignore=node_modules --ignore=var --ignore=build --ignore=tests
	$(MANAGE) compilemessages --ignore=.venv --ignore=node_modules

lock: ## Write the lock files from pyproject.toml (ARGS=--upgrade: newest versions; needs uv)
	@$(PYTHON) -m deploy.lock $(ARGS)

upgrade: ## Bring an installation to this code: backup, packages, migrations, checks
	@$(PYTHON) -m deploy.upgrade

tools:
	@$(PYTHON) -m deploy.bootstrap --dev
