# Short targets, no logic: what they do stands in manage.py, pytest and uv.
PYTHON ?= python3
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS ?= 1

IN := .venv/bin/python
UV := .venv/bin/uv
LOCK := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: help setup run test lint lock bench

help:  ## Say what the targets do.
	@sed -n 's/^\([a-z]*\):.*## /  make \1 \t/p' Makefile

setup: .venv/dev.stamp  ## Make the environment (.venv) and nothing else.

run: .venv/main.stamp  ## From nothing to a served portal; ARGS=--no-serve ends after the summary.
	$(IN) manage.py quickstart $(ARGS)

test: .venv/dev.stamp  ## Run the tests; ARGS="tests/house -x" goes to pytest.
	$(IN) -m pytest $(ARGS)

lint: .venv/dev.stamp  ## Check form and types.
	$(IN) -m ruff check
	$(IN) -m ruff format --check
	$(IN) -m mypy

lock: .venv/main.stamp  ## Write the hashed requirement files; ARGS=--upgrade takes new releases.
	$(LOCK) $(ARGS) requirements/main.in -o requirements/main.txt
	$(LOCK) $(ARGS) requirements/dev.in -o requirements/dev.txt

bench: .venv/dev.stamp  ## Measure against the budgets of docs/.
	$(IN) -m bench $(ARGS)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("The portal needs Python 3.11 or newer, but $(PYTHON) is %d.%d. Name another one: make run PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv --clear .venv

.venv/main.stamp: requirements/main.txt | .venv/bin/python
	sed -n '/^uv==/,/[^\\]$$/p' requirements/main.txt > .venv/uv.txt
	$(IN) -m pip install -q --disable-pip-version-check --require-hashes -r .venv/uv.txt
	$(UV) pip install -q --python $(IN) --require-hashes -r requirements/main.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/main.stamp
	$(UV) pip install -q --python $(IN) --require-hashes -r requirements/main.txt -r requirements/dev.txt
	@touch $@
