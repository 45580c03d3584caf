# The commands of a developer and of a person who wants to see it run. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Where this is set, no .pyc is written and every start of Airflow costs many seconds more.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
UV := .venv/bin/uv
# More words for pytest, as in: make test ARGS="-k ledger -x"
ARGS ?=

.PHONY: help setup setup-all demo up down test test-slow test-all lint format bench-intake bench-formats bench-risk bench-gate bench-delivery bench-ledger bench-kills bench-portal bench-pages leak-matrix fuzz lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing: Debian packages (as root), .venv from requirements.lock
	@scripts/setup.sh

setup-all: ## the same, and what only the slow tests need (browser, PostgreSQL, Redis, docker-compose, Postfix, Dovecot, Ceph)
	@scripts/setup.sh --all

demo: setup ## the whole job once, on a fictitious world, with real local servers
	@$(PYTHON) -m demo

up: setup ## the same world, left running to explore
	@$(PYTHON) -m demo --keep

down: setup ## end what `make up` left running
	@$(PYTHON) -m demo --down

test: setup ## the quick tests, two files at a time
	@$(PYTHON) -m pytest -n 2 --dist loadfile $(ARGS)

test-slow: setup-all ## only the slow tests: kill, fault, browser, every command of docker-compose.yml
	@$(PYTHON) -m pytest -m slow $(ARGS)

test-all: setup-all ## all tests
	@$(PYTHON) -m pytest -m "slow or not slow" $(ARGS)

lint: setup ## ruff and mypy --strict
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy

format: setup ## let ruff format and sort imports
	@$(PYTHON) -m ruff check --fix-only --select I .
	@$(PYTHON) -m ruff format .

bench-intake: setup ## intake of 300 MB of claims against a plain Python loop
	@$(PYTHON) -m benchmarks.bench_intake $(ARGS)

bench-formats: setup ## MB/s of every reader beside a plain reader of the same format (csv, or a bare parser of documents)
	@$(PYTHON) -m benchmarks.bench_formats $(ARGS)

bench-risk: setup ## the optimum against a full numpy search; k/l/t of 10 and 40 million rows (ARGS="--adult FOLDER")
	@$(PYTHON) -m benchmarks.bench_risk $(ARGS)

bench-gate: setup ## the gate over 2 M rows x 25 columns against plain Polars and full pandas; texts (ARGS="--rounds 5")
	@$(PYTHON) -m benchmarks.bench_gate $(ARGS)

bench-pages: setup ## the auditors' pages over a log of 100,000 entries: index, search, charts, proofs (ARGS="--entries 20000")
	@$(PYTHON) -m benchmarks.bench_pages $(ARGS)

leak-matrix: setup ## identifiers of every kind planted in every place: what the gate finds (ARGS="--seed 7 --cases 2000 --kind telephone")
	@$(PYTHON) -m benchmarks.leak_matrix $(ARGS)

bench-delivery: setup ## every channel beside sftp, the AWS CLI, xorriso and age; memory (ARGS="--megabytes 200 --pairs 3")
	@$(PYTHON) -m benchmarks.bench_delivery $(ARGS)

bench-kills: setup ## 100 times kill -9 amid deliveries over all channels: nothing lost, nothing double (ARGS="--kills 20 --seed 7")
	@$(PYTHON) -m benchmarks.bench_kills $(ARGS)

bench-portal: setup ## 50 downloads of 200 MB at once through the recipients' portal; its memory (ARGS="--megabytes 50 --downloads 20")
	@$(PYTHON) -m benchmarks.bench_portal $(ARGS)

bench-ledger: setup ## the provision log on SQLite and PostgreSQL beside pymerkle: appends, 8 writers, proofs (ARGS="--sizes 100000")
	@$(PYTHON) -m benchmarks.bench_ledger $(ARGS)

fuzz: setup ## spoiled files of every format, 15 s each (ARGS="--seconds 60 --seed 7 --format uke-medical")
	@$(PYTHON) -m tests.fuzz $(ARGS)

# Written through uv's own lock file, which stays out of git: it names hosts, and ours must work behind any mirror.
# requirements.lock is for development and tests, requirements.runtime.lock (a part of it) for the production image.
lock: setup ## write requirements.lock and requirements.runtime.lock anew from pyproject.toml
	@$(UV) lock --quiet
	@$(UV) export --quiet --locked --format requirements-txt --no-header --no-emit-project -o requirements.lock
	@$(UV) export --quiet --locked --format requirements-txt --no-header --no-emit-project --no-dev -o requirements.runtime.lock
	@$(UV) export --quiet --locked --format requirements-txt --no-header --only-group portal -o requirements.portal.lock
	@! grep -n '://' requirements.lock requirements.runtime.lock requirements.portal.lock

clean: ## remove caches and builds; never data (var/) and never .venv
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
