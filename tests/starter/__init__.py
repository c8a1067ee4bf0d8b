"""Tests of the starter: Cookiecutter and Copier run in their own processes, as a person starts them."""
