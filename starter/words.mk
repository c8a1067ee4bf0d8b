# The targets of the starter.

.PHONY: archives

archives: ## pack a project for each choice of backends into dist/, from TEMPLATE=<URL> at VERSION=<tag> (needs uv)
	$(if $(and $(TEMPLATE),$(VERSION)),,$(error Name the template: make archives TEMPLATE=https://... VERSION=1.0.0))
	for backend in both fastapi flask; do \
	  uvx copier copy --quiet --defaults --vcs-ref '$(VERSION)' --data backend=$$backend '$(TEMPLATE)' \
	    dist/$$backend/my-service && \
	  tar --create --gzip --file dist/my-service-$$backend.tar.gz --directory dist/$$backend my-service && \
	  rm -r dist/$$backend || exit 1; \
	done
