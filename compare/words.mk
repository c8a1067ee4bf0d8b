# The targets of the measurement.

CODE += compare
CONTRACTS += compare
.PHONY: compare bench drill

compare: $(VENV)/installed $(ARTIFACT)/manifest.json ## measure the services and judge claims; QUICK=1 for a few minutes
	$(RUN) -m compare --model $(ARTIFACT) $(if $(QUICK),--quick)

bench: $(VENV)/installed ## measure the services beside the fastest that is possible; QUICK=1 for a few minutes
	$(RUN) -m compare.bench $(if $(QUICK),--quick)

drill: $(VENV)/installed ## overload, kill and drain the services, with figures beside bounds; QUICK=1 for a few minutes
	$(RUN) -m compare.drill $(if $(QUICK),--quick)
