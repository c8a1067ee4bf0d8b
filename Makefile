# `make help` lists the words. Backends are the folders `serve_*` beside `serve_core`: delete one and the rest still works.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
ARTIFACT ?= artifact
BACKENDS := $(filter-out core,$(patsubst serve_%/,%,$(wildcard serve_*/)))
BACKEND ?= $(firstword $(BACKENDS))
COMPARE := $(patsubst %/,%,$(wildcard compare/))
PACKAGES := model serve_core $(addprefix serve_,$(BACKENDS)) $(COMPARE)
# A lock holds one part, and parts share versions: the environment is made of them all.
IMAGES := train $(BACKENDS)
GROUPS := $(COMPARE) $(if $(COMPARE),$(addprefix compare-,$(BACKENDS)))
LOCKS := $(wildcard dev.lock docker/*.lock compare/*.lock)
COMPILE := uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
  --python-version 3.11
PORT_fastapi ?= 8000
PORT_flask ?= 8001
N ?= 10000

# What decides whether a body or an artifact is taken: every branch of it is tested.
FULLY_COVERED := serve_*/validation.py serve_*/body.py serve_core/json_profile.py serve_core/requests.py \
  model/signature.py model/manifest.py model/artifact.py
COMMA := ,

.DEFAULT_GOAL := help
.PHONY: help install serve dev model check format test fuzz compare bench drill add lock

help: ## list the words
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

install: $(VENV)/installed ## make the environment

serve: $(VENV)/installed $(ARTIFACT)/manifest.json ## run the services: FastAPI on port 8000, Flask on 8001
	@trap 'kill $$services; wait; exit 0' INT TERM; \
	$(foreach backend,$(BACKENDS),SERVE_ARTIFACT=$(ARTIFACT) SERVE_PORT=$(PORT_$(backend)) $(RUN) -m serve_$(backend) & \
	  services="$$services $$!";) \
	wait

dev: $(VENV)/installed $(ARTIFACT)/manifest.json ## run BACKEND=fastapi or flask, again after each change
	SERVE_ARTIFACT=$(ARTIFACT) SERVE_PORT=$(PORT_$(BACKEND)) \
	$(VENV)/bin/watchfiles --filter python '$(RUN) -m serve_$(BACKEND)' model serve_core serve_$(BACKEND)

model: $(VENV)/installed ## train, print held-out scores, write the artifact
	$(RUN) -m model.train $(ARTIFACT)

check: $(VENV)/installed ## format, lint, types, imports
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy $(addprefix -p ,$(PACKAGES) tests)
	$(foreach backend,$(BACKENDS),PYTHONPATH=. $(VENV)/bin/lint-imports --no-cache --no-logo --config serve_$(backend)/.importlinter &&) true

format: $(VENV)/installed ## write the format and the fixes that ruff is sure of
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

test: $(VENV)/installed ## every test; those with containers need a Docker engine and say so
	rm -f .coverage .coverage.*
	$(RUN) -m coverage run -m pytest -n auto --dist loadgroup
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report
	$(RUN) -m coverage report --fail-under=100 --include='$(subst $() ,$(COMMA),$(FULLY_COVERED))'

fuzz: $(VENV)/installed ## compare the services on N=10000 requests from a fresh seed
	$(RUN) -m tests.fuzz --requests $(N)

compare: $(VENV)/installed $(ARTIFACT)/manifest.json ## Flask or FastAPI? Measured for the artifact; QUICK=1 for a few minutes
	$(RUN) -m compare --model $(ARTIFACT) $(if $(QUICK),--quick)

bench: $(VENV)/installed ## measure the services beside what could be the fastest; QUICK=1 for a few minutes
	$(RUN) -m compare.bench $(if $(QUICK),--quick)

drill: $(VENV)/installed ## overload, kill and drain the services, figures beside bounds; QUICK=1 for a few minutes
	$(RUN) -m compare.drill $(if $(QUICK),--quick)

add: ## add PACKAGES that a pickle needs to the images and the environment (needs uv)
	uv add --quiet --frozen $(PACKAGES)
	$(MAKE) --no-print-directory lock $(VENV)/installed

lock: ## compile the locks anew from pyproject.toml: versions stay where they fit (needs uv)
	all=$$(mktemp) && trap "rm -f $$all" EXIT && cat $(LOCKS) /dev/null > $$all && \
	$(COMPILE) pyproject.toml $(addprefix --extra ,$(IMAGES)) $(addprefix --group ,dev $(GROUPS)) -o $$all && \
	$(foreach image,$(IMAGES),$(COMPILE) pyproject.toml --extra $(image) -c $$all -o docker/$(image).lock &&) \
	$(foreach group,$(GROUPS),$(COMPILE) --group $(group) -c $$all -o compare/$(group).lock &&) \
	$(COMPILE) --group dev -c $$all -o dev.lock

$(VENV)/installed: $(LOCKS)
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes $(addprefix -r ,$(LOCKS))
	touch $@

$(ARTIFACT)/manifest.json: | $(VENV)/installed
	$(RUN) -m model.train $(ARTIFACT)
