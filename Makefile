# Guanxi: `make help` lists what there is. Needs make and Python >= 3.11, nothing else.

SHELL := /bin/sh
# Rules of make's own are not looked for: with thousands of files that took a second of every start.
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
VENV := .venv
PYTHON := $(VENV)/bin/python
DATA := $(if $(GUANXI_DATA_DIR),$(GUANXI_DATA_DIR),.data)
# Members are put on the path, not installed: nothing to build, edits count at once.
MEMBERS := shared gateway $(patsubst %/pyproject.toml,%,$(wildcard services/*/pyproject.toml))
INSTALL := $(PYTHON) requirements/install.py
ARGS ?=
# A virtual environment does not survive a move, or the end of the Python that it was made with.
STALE := $(shell [ ! -s $(VENV)/.made ] || \
  { [ "$$(cat $(VENV)/.made)" = "$(CURDIR)" ] && $(PYTHON) -c '' 2>/dev/null; } || rm -rf $(VENV))

.PHONY: help install run test check fmt bench torture demo doctor backup restore clean pins secrets

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.runtime $(VENV)/.members $(VENV)/.compiled ## start everything; Ctrl-C stops it (GUANXI_PORT, GUANXI_DATA_DIR, GUANXI_DEMO=0)
	@exec $(PYTHON) -m guanxi_gateway.cli up

test: $(VENV)/.dev $(VENV)/.members $(VENV)/.compiled ## all tests, in parallel, on a Postgres of their own (ARGS="-k name")
	@exec $(PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev $(VENV)/.members ## lint, format and types, as the commit hook does
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

fmt: $(VENV)/.dev ## bring the code into shape
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/.dev $(VENV)/.members $(VENV)/.compiled ## how fast, against a bare FastAPI route on this machine
	@exec $(PYTHON) -m tests.bench $(ARGS)

torture: $(VENV)/.dev $(VENV)/.members $(VENV)/.compiled ## kill -9 and broken lines under load, then look for anything lost (SEED=7 SECS=60)
	@exec $(PYTHON) -m tests.torture $(if $(SEED),--seed $(SEED)) $(if $(SECS),--seconds $(SECS)) $(ARGS)

demo: $(VENV)/.runtime $(VENV)/.members ## load the demo organisation into the running suite
	@exec $(PYTHON) -m guanxi_gateway.cli demo $(ARGS)

doctor: $(VENV)/.runtime $(VENV)/.members ## look for what is wrong on this machine
	@exec $(PYTHON) -m guanxi_gateway.cli doctor

backup: $(VENV)/.runtime $(VENV)/.members ## copy all data to FILE=monday.dump
	@test -n "$(FILE)" || { echo "Say where to: make backup FILE=monday.dump"; exit 2; }
	@exec $(PYTHON) -m guanxi_gateway.cli backup "$(FILE)"

restore: $(VENV)/.runtime $(VENV)/.members ## bring back FILE=monday.dump (REPLACE=1 gives up what is there)
	@test -n "$(FILE)" || { echo "Say which: make restore FILE=monday.dump"; exit 2; }
	@exec $(PYTHON) -m guanxi_gateway.cli restore $(if $(REPLACE),--replace) "$(FILE)"

install: $(VENV)/.runtime $(VENV)/.members $(VENV)/.compiled ## make .venv without starting anything

clean: ## remove .venv and caches; DATA=1 removes the data too
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find shared gateway services tests -name __pycache__ -type d -prune -exec rm -rf {} +
ifeq ($(origin DATA),command line)
	@data="$${GUANXI_DATA_DIR:-.data}"; \
	home=$$(cat "$$data/postgres.location" 2>/dev/null); \
	case "$$home" in */guanxi/*) rm -rf "$$home";; esac; \
	rm -rf "$$data"; echo "removed $$data"
else
	@test ! -d "$(DATA)" || echo "The data in $(DATA) is kept; make clean DATA=1 removes it."
endif

pins: ## compile requirements/*.txt anew (needs uv)
	@command -v uv >/dev/null || { echo "make pins needs uv on the path."; exit 2; }
	@for name in runtime dev build outside; do \
	  echo "compiling requirements/$$name.txt"; \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-annotate --no-emit-index-url --no-emit-find-links $(ARGS) \
	    requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done
	@for member in gateway $(wildcard services/*); do name=$$(basename $$member); \
	  echo "compiling requirements/$$name.txt"; \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-annotate --no-emit-index-url --no-emit-find-links --constraint requirements/runtime.txt \
	    --no-emit-package guanxi-shared $$member/pyproject.toml requirements/members.in \
	    --output-file requirements/$$name.txt || exit 1; \
	done

secrets: $(VENV)/.made ## write .env with new secrets for docker compose
	@PYTHONPATH=shared $(PYTHON) -m guanxi_shared.launch.compose_secrets

# --- how .venv comes to be; a stamp per step, so that the next start does nothing ---

$(VENV)/.made:
	@if $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then exit 0; fi; \
	python=; for name in $(BASE_PYTHON) python3.13 python3.12 python3.11 python3.14 python3 python; do \
	  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	  then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Guanxi needs Python 3.11 or newer, and found none on the path: install one, or say where" >&2; \
	  echo "it is (make $(MAKECMDGOALS) BASE_PYTHON=/path/to/python3)." >&2; exit 1; \
	fi; \
	echo "making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV) || { \
	  echo "Python could not make a virtual environment: install its venv module" >&2; \
	  echo "(on Debian and Ubuntu: apt install python3-venv), then try again." >&2; \
	  rm -rf $(VENV); exit 1; \
	}
	@echo "$(CURDIR)" > $@

$(VENV)/.runtime: requirements/runtime.txt | $(VENV)/.made
	@echo "installing what the suite needs (once) …"
	@$(INSTALL) $<
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/.made
	@echo "installing what tests and checks need (once) …"
	@$(INSTALL) $<
	@touch $@ $(VENV)/.runtime

$(VENV)/.members: Makefile $(addsuffix /pyproject.toml,$(MEMBERS)) | $(VENV)/.made
	@site=$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	for member in $(MEMBERS); do echo "$(CURDIR)/$$member"; done > "$$site/guanxi.pth"
	@printf '#!/bin/sh\nexec "%s" -m guanxi_gateway.cli "$$@"\n' "$(CURDIR)/$(PYTHON)" > $(VENV)/bin/guanxi
	@chmod +x $(VENV)/bin/guanxi
	@touch $@

# Once, as pip does it with what it installs: else each process of the first start does it for itself,
# and where PYTHONDONTWRITEBYTECODE is set, at every start.
$(VENV)/.compiled: $(VENV)/.made $(shell find $(MEMBERS) -name '*.py')
	@$(PYTHON) -m compileall -q -j 0 $(MEMBERS)
	@touch $@
