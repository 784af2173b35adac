# Everything from a bare checkout: each target sets up what it needs. Needs Python >= 3.11, make and a package index.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
JS     := tools/js
JS_BIN := $(JS)/node_modules/.bin

# Each of the processes that share the tests takes a core and about 1.5 GB.
WORKERS ?= 2

.PHONY: setup demo test test-every-env docs-pictures test-fast lint lint-js bench torture clean help

help:
	@echo "make demo    train three depths on a maze, write a report that compares them (about seven minutes, two cores)"
	@echo "make test    run the tests, on $(WORKERS) cores; options for pytest in PYTEST_ARGS"
	@echo "make test-fast  the same without those that take long or need a browser"
	@echo "make test-every-env  train a few updates on every environment by name, and check what each promises (hours)"
	@echo "make lint    check format, lint and types; of the page's scripts, too, where Node is there"
	@echo "make bench   measure speed and learning, printed as ratios where there is something to compare with"
	@echo "make torture  kill, damage, mislead and run twice all that there is, and print what held (half an hour; docs/reliability.md)"
	@echo "make docs-pictures   draw the pictures in docs/images that are drawn from the code"
	@echo "make setup   make the virtual environment in $(VENV); the targets above do it by themselves"
	@echo "make clean   remove the virtual environment and caches; runs and reports stay"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11: crl-probe needs Python 3.11 or newer. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

# The same two commands that a study takes. Run again, it trains nothing twice. Networks this narrow use one core, so the
# shallow ones are trained beside the deep one, by a second process in the same folder.
demo: $(STAMP)
	@$(BIN)/crl-train sweep point_u_maze --config examples/demo.yaml --depths 4,16 --out checkpoints/demo --quiet & shallow=$$!; \
	set -x; $(BIN)/crl-train sweep point_u_maze --config examples/demo.yaml --depths 64,16,4 --out checkpoints/demo && wait $$shallow
	$(BIN)/crl-probe report 'checkpoints/demo/*' --out reports/demo
	@echo "Open reports/demo/index.html in a browser."

test: $(STAMP)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) $(PYTEST_ARGS)

test-fast: $(STAMP)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) -m 'not slow and not browser' $(PYTEST_ARGS)

# The tests that stand for every environment, on all names instead of one of each kind.
test-every-env: $(STAMP)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --every-env tests/crl_train/envs tests/e2e/test_every_env.py $(PYTEST_ARGS)

docs-pictures: $(STAMP)
	$(BIN)/python -m tools.draw_environments docs/images/environments
	$(BIN)/python -m tools.render_environments docs/images/environments
	$(BIN)/python -m tools.draw_architecture docs/images/architecture.svg
	$(BIN)/python -m tools.draw_costs docs/data/costs.json docs/images/costs.svg

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory lint-js

# The page's scripts. Only developers need Node, so without it, or without its packages, this is skipped aloud.
lint-js:
	@if ! command -v node >/dev/null || ! command -v npm >/dev/null; then echo "JavaScript is not checked: no Node here."; \
	elif ! $(MAKE) --silent $(JS)/node_modules/.ready; then \
	  echo "JavaScript is not checked: the packages of $(JS)/package.json could not be installed (Node $$(node --version))."; \
	else set -x; $(JS_BIN)/eslint --config $(JS)/eslint.config.js crl_probe $(JS) && $(JS_BIN)/tsc --project $(JS); fi

$(JS)/node_modules/.ready: $(JS)/package.json
	@cd $(JS) && npm install --engine-strict --ignore-scripts --no-audit --no-fund --fetch-retries=1 --loglevel=error
	@touch $@

bench: $(STAMP)
	$(BIN)/crl-train bench reacher --depths 4,16 --width 256 --batch-size 256 --num-envs 256 --unroll-length 62 --updates-per-unroll 40
	$(BIN)/crl-train bench point_u4_maze --depths 4,64,1024 --width 256 --batch-size 256 --updates-per-unroll 2 --unrolls 3
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

# Options in TORTURE_ARGS, such as --only kills; figures and failures in reports/torture.
torture: $(STAMP)
	$(BIN)/python -m tools.torture $(TORTURE_ARGS)

clean:
	rm -rf $(VENV) $(JS)/node_modules build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
