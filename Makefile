# Every target sets up what it needs in .venv; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable

.DEFAULT_GOAL := help
.PHONY: help demo ui check test lint format docs bench soak takeouts clean

help: ## List the targets.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

.venv/.run: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv ..."
	@$(INSTALL) '.[ui]'
	@$(BIN)/python -m compileall -q analytics_platform
	@touch $@

.venv/.dev: .venv/.run
	@echo "Installing what tests and linters need into .venv ..."
	@$(INSTALL) '.[dev]'
	@touch $@

.venv/.bench: .venv/.dev
	@echo "Installing what the benchmark compares with into .venv ..."
	@$(INSTALL) '.[bench]'
	@touch $@

demo: .venv/.run ## Land three days of a simulated Genesys org into data/ and ask a first question.
	@$(BIN)/analytics-platform demo

ui: .venv/.run ## Run the Dagster UI until interrupted (on the simulated org where no real one is named).
	@$(BIN)/analytics-platform ui

check: .venv/.run ## Check credentials, permissions and the lake.
	@$(BIN)/analytics-platform check

test: .venv/.dev ## Run all tests; says what it skips and why.
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: .venv/.dev ## Check style, format and types.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/.dev ## Put imports and format in order.
	@$(BIN)/ruff check --fix --select I .
	@$(BIN)/ruff format .

docs: .venv/.run ## Write what the docs tell of the vendor's operations from the catalogue.
	@$(BIN)/python -m analytics_platform.catalogue.markdown

bench: .venv/.bench ## Measure the ingest beside other ways of doing it: ARGS=--quick for a first look.
	@$(BIN)/python -m bench $(ARGS)

SEED ?= 1
SEEDS ?= 1
DAYS ?= 30
soak: .venv/.dev ## Play simulated weeks of faults and kills: SEED=1 SEEDS=1 DAYS=30, then compare the lake with the truth.
	@$(BIN)/python -m soak --seed $(SEED) --seeds $(SEEDS) --days $(DAYS)

takeouts: .venv/.dev ## Take out what handles each kind of fault, and see the test of it fail.
	@$(BIN)/python -m soak.takeouts

clean: ## Remove the virtual environment and everything under data/ but its README.
	@rm -rf .venv
	@find data -mindepth 1 ! -name README.md -delete
