# The targets of this repository alone, whose tests are those of the engine.

N ?= 10000
# The code that accepts or refuses a body or an artifact: every branch of it is tested.
FULLY_COVERED := serve_*/validation.py serve_*/body.py serve_core/wire/json_profile.py \
  model/schema/signature.py model/artifact/files.py model/artifact/golden.py model/artifact/load.py \
  model/artifact/manifest.py model/artifact/write.py
COMMA := ,
.PHONY: coverage fuzz

coverage: $(VENV)/installed ## run every test, as CI does, and measure the coverage of the code that accepts or refuses input
	rm -f .coverage .coverage.*
	$(RUN) -m coverage run -m $(PYTEST)
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report
	$(RUN) -m coverage report --fail-under=100 --include='$(subst $() ,$(COMMA),$(FULLY_COVERED))'
	$(SAY_HOW_LONG)

fuzz: $(VENV)/installed ## send the same N=10000 random requests to every service, from a fresh seed
	$(RUN) -m tests.fuzz --requests $(N)
