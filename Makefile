# `make help` lists the words. Backends are the folders `serve_*` that can be started.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
ARTIFACT ?= artifact
BACKENDS := $(patsubst serve_%/__main__.py,%,$(wildcard serve_*/__main__.py))
BACKEND ?= $(firstword $(BACKENDS))
CODE := model serve_core $(addprefix serve_,$(BACKENDS)) tests
# Who may import whom, within each backend, and between two.
CONTRACTS := $(addprefix serve_,$(BACKENDS)) $(if $(word 2,$(BACKENDS)),tests/parity)
# A lock holds one part, and parts share versions: in docker/ an extra of the project, elsewhere a dependency group.
LOCKS := dev.lock $(wildcard */*.lock)
EXTRAS := $(patsubst docker/%.lock,%,$(filter docker/%,$(LOCKS)))
GROUP_LOCKS := $(filter-out docker/%,$(LOCKS))
group = $(basename $(notdir $(1)))
COMPILE := uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
  --python-version 3.11
PORT ?= 8000
N ?= 10000

# What decides whether a body or an artifact is taken: every branch of it is tested.
FULLY_COVERED := serve_*/validation.py serve_*/body.py serve_core/json_profile.py serve_core/requests.py \
  model/signature.py model/manifest.py model/artifact.py
COMMA := ,

.DEFAULT_GOAL := help
.PHONY: help install serve dev model check format test fuzz add lock

help: ## list the words
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

install: $(VENV)/installed ## make the environment

serve: $(VENV)/installed $(ARTIFACT)/manifest.json ## run every backend that is here, from PORT=8000 on
	@trap 'kill $$services 2>/dev/null; wait; exit 0' INT TERM; \
	port=$(PORT); \
	for backend in $(BACKENDS); do \
	  SERVE_ARTIFACT=$(ARTIFACT) SERVE_PORT=$$port $(RUN) -m serve_$$backend & services="$$services $$!"; \
	  [ $$port = 0 ] || port=$$((port + 1)); \
	done; \
	wait

dev: $(VENV)/installed $(ARTIFACT)/manifest.json ## run one, that BACKEND names, on PORT=8000, again after each change
	SERVE_ARTIFACT=$(ARTIFACT) SERVE_PORT=$(PORT) \
	$(VENV)/bin/watchfiles --filter python '$(RUN) -m serve_$(BACKEND)' model serve_core serve_$(BACKEND)

model: $(VENV)/installed ## train, print held-out scores, write the artifact
	$(RUN) -m model.train $(ARTIFACT)

check: $(VENV)/installed ## format, lint, types, imports
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy $(addprefix -p ,$(CODE))
	$(foreach folder,$(CONTRACTS), \
	  PYTHONPATH=. $(VENV)/bin/lint-imports --no-cache --no-logo --config $(folder)/.importlinter &&) true

format: $(VENV)/installed ## write the format and the fixes that ruff is sure of
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

test: $(VENV)/installed ## every test; those with containers need a Docker engine and say so
	rm -f .coverage .coverage.*
	$(RUN) -m coverage run -m pytest -n auto --dist loadgroup --no-loadscope-reorder
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report
	$(RUN) -m coverage report --fail-under=100 --include='$(subst $() ,$(COMMA),$(FULLY_COVERED))'

fuzz: $(VENV)/installed ## ask every service the same N=10000 requests, from a fresh seed
	$(RUN) -m tests.fuzz --requests $(N)

add: ## add PACKAGES that a pickle needs to the images and the environment (needs uv)
	$(if $(PACKAGES),,$(error Name what the pickle needs: make add PACKAGES='lightgbm==4.6.0'))
	uv add --quiet --frozen $(patsubst %,'%',$(PACKAGES))
	$(MAKE) --no-print-directory lock $(VENV)/installed

lock: ## compile the locks anew, with the versions that they have or, with UPGRADE=1, the newest (needs uv)
	all=$$(mktemp) && trap "rm -f $$all" EXIT && cat $(if $(UPGRADE),,$(wildcard $(LOCKS))) /dev/null > $$all && \
	$(COMPILE) pyproject.toml $(addprefix --extra ,$(EXTRAS)) $(addprefix --group ,$(call group,$(GROUP_LOCKS))) \
	  -o $$all && \
	$(foreach extra,$(EXTRAS),$(COMPILE) pyproject.toml --extra $(extra) -c $$all -o docker/$(extra).lock &&) \
	$(foreach lock,$(GROUP_LOCKS),$(COMPILE) --group $(call group,$(lock)) -c $$all -o $(lock) &&) true

$(VENV)/installed: $(LOCKS)
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes $(addprefix -r ,$(LOCKS))
	touch $@

# No other folder: where a name is mistyped, nobody wants penguins.
artifact/manifest.json: | $(VENV)/installed
	$(RUN) -m model.train $(@D)

# What belongs to a folder that a project may do without.
include $(wildcard */words.mk)
