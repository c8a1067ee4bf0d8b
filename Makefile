# `make help` lists the targets. Backends are the folders `serve_*` that can be started.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
ARTIFACT ?= artifact
BACKENDS := $(patsubst serve_%/__main__.py,%,$(wildcard serve_*/__main__.py))
BACKEND ?= $(firstword $(BACKENDS))
CODE := model serve_core $(addprefix serve_,$(BACKENDS)) tests
# The import rules within each backend, and between the two.
CONTRACTS := $(addprefix serve_,$(BACKENDS)) $(if $(word 2,$(BACKENDS)),tests/parity)
# Each lock holds one part, and all parts share versions: in docker/ an extra of the project, elsewhere a dependency group.
LOCKS := dev.lock $(wildcard */*.lock)
EXTRAS := $(patsubst docker/%.lock,%,$(filter docker/%,$(LOCKS)))
GROUP_LOCKS := $(filter-out docker/%,$(LOCKS))
group = $(basename $(notdir $(1)))
COMPILE := uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
  --python-version 3.11
PORT ?= 8000
N ?= 10000

# The code that accepts or refuses a body or an artifact: every branch of it is tested.
FULLY_COVERED := serve_*/validation.py serve_*/body.py serve_core/wire/json_profile.py \
  model/schema/signature.py model/artifact/files.py model/artifact/golden.py model/artifact/load.py \
  model/artifact/manifest.py model/artifact/write.py
COMMA := ,
# tests/README.md says which tests are slow.
PYTEST := pytest -n auto --dist loadgroup --no-loadscope-reorder
# make expands a whole recipe before it runs the first line, and the shell asks again in the last one.
SAY_HOW_LONG = @took=$$(($$(date +%s) - $(shell date +%s))); echo "make $@: $$((took / 60)) min $$((took % 60)) s"

# The chosen model is tested, or none.
OBTAIN = @[ ! -e model/artifact.toml ] || $(RUN) -m model.obtain

# If its port is in use, a service cannot name the option of `make` that changes it.
define REFUSE_PORTS_IN_USE
import errno, os, socket, sys
for port in range($(PORT), min($(PORT) + $(words $(BACKENDS)), 65536) if $(PORT) else 0):
    try:
        socket.create_server((os.environ.get('SERVE_HOST', '127.0.0.1'), port)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sys.exit(f'Port {port} is in use. Choose another with PORT=, for example: make serve PORT={$(PORT) + 1000}')
endef
export REFUSE_PORTS_IN_USE

.DEFAULT_GOAL := help
.PHONY: help install serve dev model check format test test-all fuzz add lock always

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

install: $(VENV)/installed ## create the environment

serve: $(VENV)/installed $(ARTIFACT)/manifest.json ## run every backend, on ports from PORT=8000 on
	@$(RUN) -c "$$REFUSE_PORTS_IN_USE" || exit 1; \
	trap 'kill $$services 2>/dev/null; wait; exit 0' INT TERM; \
	port=$(PORT); \
	for backend in $(BACKENDS); do \
	  SERVE_ARTIFACT=$(ARTIFACT) SERVE_PORT=$$port $(RUN) -m serve_$$backend & services="$$services $$!"; \
	  [ $$port = 0 ] || port=$$((port + 1)); \
	done; \
	for service in $$services; do wait $$service || failed=1; done; \
	exit $${failed:-0}

dev: $(VENV)/installed $(ARTIFACT)/manifest.json ## run BACKEND on PORT=8000, and restart it after each change
	SERVE_ARTIFACT=$(ARTIFACT) SERVE_PORT=$(PORT) \
	$(VENV)/bin/watchfiles --filter python '$(RUN) -m serve_$(BACKEND)' model serve_core serve_$(BACKEND)

model: $(VENV)/installed ## train the model, print held-out scores, write the artifact
	$(RUN) -m model.train $(ARTIFACT) $(if $(REPLACE),--replace)

check: $(VENV)/installed ## check format, lint, types and imports
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy $(addprefix -p ,$(CODE))
	$(foreach folder,$(CONTRACTS), \
	  PYTHONPATH=. $(VENV)/bin/lint-imports --no-cache --no-logo --config $(folder)/.importlinter &&) true

format: $(VENV)/installed ## format the code and apply ruff's safe fixes
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

test: $(VENV)/installed ## run the tests for a push, in a few minutes; tests with containers need a Docker engine
	$(OBTAIN)
	$(RUN) -m $(PYTEST) -m 'not slow'
	$(SAY_HOW_LONG)

test-all: $(VENV)/installed ## run every test, as CI does, and measure the coverage of the code that accepts or refuses input
	$(OBTAIN)
	rm -f .coverage .coverage.*
	$(RUN) -m coverage run -m $(PYTEST)
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report
	$(RUN) -m coverage report --fail-under=100 --include='$(subst $() ,$(COMMA),$(FULLY_COVERED))'
	$(SAY_HOW_LONG)

fuzz: $(VENV)/installed ## send the same N=10000 random requests to every service, from a fresh seed
	$(RUN) -m tests.fuzz --requests $(N)

add: ## add PACKAGES that a pickle needs to the images and the environment (needs uv)
	$(if $(PACKAGES),,$(error Name what the pickle needs: make add PACKAGES='lightgbm==4.6.0'))
	uv add --quiet --frozen $(patsubst %,'%',$(PACKAGES))
	$(MAKE) --no-print-directory lock $(VENV)/installed

lock: ## compile the locks again and keep the locked versions; UPGRADE=1 takes the newest (needs uv)
	all=$$(mktemp) && trap "rm -f $$all" EXIT && cat $(if $(UPGRADE),,$(wildcard $(LOCKS))) /dev/null > $$all && \
	$(COMPILE) pyproject.toml $(addprefix --extra ,$(EXTRAS)) $(addprefix --group ,$(call group,$(GROUP_LOCKS))) \
	  -o $$all && \
	$(foreach extra,$(EXTRAS),$(COMPILE) pyproject.toml --extra $(extra) -c $$all -o docker/$(extra).lock &&) \
	$(foreach lock,$(GROUP_LOCKS),$(COMPILE) --group $(call group,$(lock)) -c $$all -o $(lock) &&) true

$(VENV)/installed: $(LOCKS)
	@echo 'Installing the locked packages into $(VENV) (about 800 MB, a few minutes)'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes $(addprefix -r ,$(LOCKS))
	touch $@

# Only this folder: if you mistype a name, you do not want penguins. Also if it exists, for it may not be the chosen one.
artifact/manifest.json: $(VENV)/installed always
	@$(RUN) -m model.obtain $(@D)

# The targets of folders that a project may leave out.
include $(wildcard */words.mk)
