# Short names for what README.md also spells out in plain commands.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PYTEST_PROCESSES ?= 2

.PHONY: help demo up test check lock bench clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo   everything on this machine with example data (PORT=8000, MODELS=local …; Ctrl-C stops)'
	@echo 'make up     the same without example data'
	@echo 'make test   the whole test suite (ARGS="tests/reports -x" for a part)'
	@echo 'make check  lint, types, templates, import contracts, migrations, deployment settings'
	@echo 'make lock   resolve the locked packages anew'
	@echo 'make bench  the speed figures'
	@echo 'make clean  remove what the tools made; never data'

# STOP_WITH_PARENT: when make is killed, everything it started ends too.
# MODELS=local needs a model as well as the servers.
demo: $(VENV)/.installed-$(if $(filter local,$(MODELS)),local,embedded)
	@STOP_WITH_PARENT=1 exec $(BIN)/python manage.py demo

up: $(VENV)/.installed-embedded
	@STOP_WITH_PARENT=1 exec $(BIN)/python manage.py up

test: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.plugins.browser
	$(BIN)/python -m pytest -n $(PYTEST_PROCESSES) $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	find templates -name '*.html' -print0 | xargs -0 -r $(BIN)/djade --target-version 5.2 --check
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	HTTPS=1 ALLOWED_HOSTS=example.org \
	$(BIN)/python -W error manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench

COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --upgrade pyproject.toml

lock:
	$(COMPILE) -o requirements.lock
	$(COMPILE) --extra embedded -o requirements-embedded.lock
	$(COMPILE) --extra embedded --extra local -o requirements-local.lock
	$(COMPILE) --extra dev -o requirements-dev.lock

clean:
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# uv where it is installed, else pip; both refuse a package whose hash is not in the lock.
$(BIN)/python:
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet --allow-existing --python '>=3.11' $(VENV); \
	elif ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo 'Python 3.11 or newer is needed. If it has another name here: make $(MAKECMDGOALS) PYTHON=python3.12'; \
		exit 1; \
	elif ! $(PYTHON) -m venv $(VENV); then \
		rm -rf $(VENV); echo 'Install the venv module (Debian, Ubuntu: apt install python3-venv), or uv.'; exit 1; \
	fi

$(VENV)/.installed-%: requirements-%.lock | $(BIN)/python
	@echo 'Installing the locked packages (a minute or two on the first time) …'
	@if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r $<; \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<; \
	fi
	@touch $@
