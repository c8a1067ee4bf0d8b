"""Start a project from this repository: what Cookiecutter needs to render it as Copier does."""
