"""`make install` says what it is about to do."""

from __future__ import annotations

import subprocess

from ..services import ROOT
from .copies import environment


def test_make_install_says_how_much_it_installs(tmp_path):
    command = ["make", "install", f"VENV={tmp_path}/venv", "PYTHON=false"]  # ends before it installs anything

    run = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)

    assert run.stdout.splitlines()[0] == (
        f"Installing the locked packages into {tmp_path}/venv (about 800 MB, a few minutes)"
    )
