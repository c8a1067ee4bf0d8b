"""Cookiecutter renders and runs this in the project's folder, to have it filled."""

import json
import sys
from pathlib import Path

# JSON in a string of Python: Cookiecutter writes it, and quotes, backslashes and emoji survive.
TEMPLATE = json.loads({{template_folder | jsonify | jsonify}})  # noqa: F821
ANSWERS = json.loads({{cookiecutter | jsonify | jsonify}})  # noqa: F821

sys.dont_write_bytecode = True
sys.path.insert(0, TEMPLATE)
from starter.project import fill  # noqa: E402

fill(Path.cwd(), ANSWERS, asked_for=ANSWERS["_template"])
