# Every command of the project. `make help` prints this list.
PYTHON := .venv/bin/python
LOCKS := requirements/base requirements/local requirements/dev requirements/bench
CHECKED := assets coop governance ledger members metering payments policies signing titles tokens agent verifier trustee tests manage.py

.DEFAULT_GOAL := help
.PHONY: help setup run test bench check lock format schema messages stop clean browser programs

help: ## Print what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install everything into .venv
	@bin/setup

run: setup ## Start the whole site here with a demo cooperative; Ctrl-C ends it
	@exec $(PYTHON) manage.py runlocal

test: setup browser ## Run every test
	$(PYTHON) -m pytest -n 2 -r fEs $(ARGS)

bench: setup ## Measure the books and the token economy (ARGS=--quick: ten minutes instead of an hour)
	.venv/bin/uv venv --quiet --allow-existing --python $(PYTHON) .venv-bench
	.venv/bin/uv pip install --quiet --require-hashes --python .venv-bench/bin/python -r requirements/bench.txt
	.venv-bench/bin/python -m benchmarks.ledger $(ARGS)
	$(PYTHON) -m benchmarks.tokens $(ARGS)
	$(PYTHON) -m benchmarks.metering $(ARGS)

check: setup ## Look at the code without running it: style, types, layers, migrations, API schema
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	PYTHONPATH=agent:verifier:trustee:. .venv/bin/lint-imports --no-logo
	git ls-files -z '*.html' | xargs -0r .venv/bin/djade --target-version 5.2 --check
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) manage.py check --fail-level WARNING
	$(PYTHON) manage.py spectacular --validate --fail-on-warn --file .local/openapi.yaml
	diff -u docs/openapi.yaml .local/openapi.yaml

schema: setup ## Write the description of the API to docs/openapi.yaml
	$(PYTHON) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

format: setup ## Put code and templates in order
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	git ls-files -z '*.html' | xargs -0r .venv/bin/djade --target-version 5.2

messages: setup ## Compile the translations
	$(PYTHON) manage.py compilemessages --ignore .venv

lock: setup ## Look up the newest packages and pin them
	for name in $(LOCKS); do \
	  .venv/bin/uv pip compile --upgrade --quiet --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    --output-file $$name.txt $$name.in; \
	done

stop: ## Stop the embedded PostgreSQL and Redis that a command has started
	@$(PYTHON) manage.py services stop

browser: ## Install Chromium for the browser tests, where we may
	@bin/browser

programs: setup ## Install the programs that tests/programs meters, where we may
	@bin/programs

clean: stop ## Remove the virtual environment; the data in .local stays
	rm -rf .venv
