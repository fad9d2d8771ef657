# Every target sets up what it needs. Python 3.11 or newer; PYTHON=... chooses another interpreter.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint audit reference bench load scaling bench-learning docs screenshots setup setup-dev browser clean

# Python's own allocator would keep the memory of pages whose visitors have left; the system's gives it back.
run: export PYTHONMALLOC := malloc
run: setup            ## install once, then start the server
	@$(BIN)/python app.py $(ARGS)

test: setup-dev lint browser  ## lint, types, layers, unit tests and browser tests
	$(BIN)/python -m pytest -n 2 --dist worksteal --ignore tests/browser
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/browser
	$(BIN)/python -m pytest -n 3 --dist loadfile -m "jobs and not reference" $$(grep -rl --include="test_*.py" "mark\.jobs" tests)

lint: setup-dev       ## style, types and the rule that backends know nothing of the pages
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

reference: setup-dev  ## slow tests, a minute or more each, and the table of published scores
	$(BIN)/python -m pytest -m reference
	$(BIN)/python -m scripts.reference_scores

audit: setup-dev      ## known vulnerabilities of the pinned packages; asks the package index for them, and says so where it cannot
	$(BIN)/pip-audit --strict --disable-pip --no-deps -r requirements.txt

docs: setup-dev       ## the tables, examples and small maps in docs/, from the settings, assets/experiments and the readers
	$(BIN)/python -m scripts.experiment_keys
	$(BIN)/python -m scripts.formats

bench: setup-dev browser      ## measure in a real browser; figures go to benchmarks/results/
	$(BIN)/python -m benchmarks

load: setup-dev browser       ## a lecture: 1, 10, 50 and 100 visitors at once; about a quarter of an hour
	$(BIN)/python -m benchmarks load

scaling: setup-dev browser    ## a sweep on one worker and on two, visitors of one server and of two; about five minutes
	$(BIN)/python -m benchmarks scaling

bench-learning: setup-dev     ## train every kind of AI-Var on one core and time its analyses; about half an hour
	$(BIN)/python -m benchmarks learning

screenshots: setup-dev browser  ## the pictures of the README and the Home page, from the running app
	$(BIN)/python -m scripts.screenshots

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Assimilab needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Could not make $(VENV); on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.installed: requirements.txt $(VENV)/.python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

browser: setup-dev
	@PYTHON=$(BIN)/python sh scripts/ensure_chromium.sh

clean:
	rm -rf $(VENV)
