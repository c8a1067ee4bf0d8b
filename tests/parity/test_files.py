"""The same file answers the same question in both services, as README.md says."""

from __future__ import annotations

import re

from ..services import BACKENDS, ROOT


def test_both_backends_have_the_files_in_the_readme():
    section = (ROOT / "README.md").read_text().split("\n## Side by side\n")[1].split("\n## ")[0]
    named = re.findall(r"\| `(\w+\.py)` \|$", section, re.MULTILINE)

    assert len(named) == 9
    for backend in BACKENDS:
        files = {path.name for path in (ROOT / f"serve_{backend}").glob("*.py")} - {"__init__.py", "__main__.py"}
        assert files - {"openapi.py", "responses.py"} == set(named)
