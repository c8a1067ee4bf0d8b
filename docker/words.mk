# The targets of the edge.

REPLICAS ?= 2
# Replicas cannot share a published port: each gets a free one that only this machine can reach.
ANY_PORT := $(foreach backend,$(BACKENDS),$(shell echo $(backend) | tr a-z A-Z)_PORT=127.0.0.1:0)
.PHONY: edge restart

edge: ## run REPLICAS=2 of every service behind a proxy, on ports from 8080 on (needs Docker)
	$(ANY_PORT) docker compose --profile edge up --build --detach --wait \
	  $(foreach backend,$(BACKENDS),--scale $(backend)=$(REPLICAS)) $(BACKENDS) edge

restart: ## build again and replace the replicas of `make edge` one at a time, without losing a request
	docker compose build $(BACKENDS)
	$(ANY_PORT) sh docker/rolling_restart.sh $(BACKENDS)
