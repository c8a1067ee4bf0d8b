"""Tests of what makes projects: Cookiecutter and Copier as a person starts them, in processes of their own."""
