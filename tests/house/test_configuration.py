"""The configuration files of other programs are valid and match the repository."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from ..services import ROOT
from .copies import copy_of_repository, environment


def run(*command, cwd=ROOT, **variables):
    return subprocess.run(command, cwd=cwd, env=environment(**variables), capture_output=True, text=True)


@pytest.mark.slow
def test_renovates_configuration_follows_its_schema():
    schema = ("--builtin-schema", "vendor.renovate")
    checked = run(sys.executable, "-m", "check_jsonschema", *schema, ".github/renovate.json")

    assert checked.returncode == 0, checked.stdout


def test_renovate_updates_every_lock():
    renovate = json.loads((ROOT / ".github/renovate.json").read_text())
    [pattern] = renovate["pip_requirements"]["managerFilePatterns"]
    installed = re.findall(r"-r (\S+)", run("make", "-n", "--always-make", "install").stdout)

    assert len(installed) >= 3
    for lock in installed:
        assert re.search(pattern.strip("/"), lock)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_hooks_pass_this_repository_and_stop_unformatted_code(tmp_path):
    copy = copy_of_repository(tmp_path)
    run("git", "init", "--quiet", cwd=copy)
    run("git", "add", "--all", cwd=copy)
    command = (sys.executable, "-m", "pre_commit", "run", "--all-files")

    passed = run(*command, cwd=copy, PRE_COMMIT_HOME=str(tmp_path))
    module = copy / "model" / "__init__.py"
    module.write_text(module.read_text() + "import  os\n")
    stopped = run(*command, cwd=copy, PRE_COMMIT_HOME=str(tmp_path))

    assert passed.returncode == 0, passed.stdout
    assert stopped.returncode == 1
    assert re.search(r"^format\.+Failed$", stopped.stdout, re.MULTILINE)
    assert re.search(r"^lint\.+Failed$", stopped.stdout, re.MULTILINE)
