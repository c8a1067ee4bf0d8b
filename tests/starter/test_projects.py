"""A project contains what was chosen, the same from both tools, and nothing of the starter."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from .making import BACKENDS, COMPARE, TOOLS, contents, files, made

pytestmark = pytest.mark.slow

FRAMEWORKS = {
    "fastapi": re.compile(r"fastapi|starlette|uvicorn|pydantic", re.IGNORECASE),
    "flask": re.compile(r"flask|werkzeug|gunicorn", re.IGNORECASE),
}
# The comparison names both backends, whichever are here.
ABOUT_BOTH = ("compare/", "tests/compare/")
# Dependencies of a test tool: schemathesis needs Werkzeug.
TRANSITIVE = {"flask": ("dev.lock", r"werkzeug==\S+ \\")}

# A project says how it is updated.
MACHINERY = re.compile(r"twinserve|cookiecutter|copier(?! update)|starter|jinja$", re.IGNORECASE)
# The MIT licence requires its notice; an update reads the answers.
ITS_OWN = {"LICENSE", ".copier-answers.yml"}


@pytest.fixture(scope="module")
def generated(request, template, tmp_path_factory):
    """One project of each kind; both tools make the same ones."""
    backend, compare = request.param
    folder = tmp_path_factory.mktemp("project") / "made"
    return made(TOOLS["cookiecutter"], folder, template, backend=backend, compare=compare)


def every(*backends):
    kinds = [(backend, compare) for backend in backends for compare in COMPARE]
    return pytest.mark.parametrize(
        "generated", kinds, indirect=True, ids=[f"{backend}-compare-{compare}" for backend, compare in kinds]
    )


@pytest.mark.parametrize(("backend", "compare"), [("both", "yes"), ("fastapi", "no"), ("flask", "yes")])
def test_both_tools_write_the_same_files(backend, compare, template, tmp_path):
    by_tool = [
        contents(made(TOOLS[tool], tmp_path / tool, template, backend=backend, compare=compare)) for tool in TOOLS
    ]

    assert by_tool[0] == by_tool[1]


@every("fastapi", "flask")
def test_does_not_mention_the_other_backend(generated):
    [other] = {"fastapi", "flask"} - {path.name.removeprefix("serve_") for path in generated.glob("serve_*")}
    named = [
        (path.as_posix(), line)
        for path in files(generated)
        if not path.as_posix().startswith(ABOUT_BOTH)
        for line in [path.as_posix(), *(generated / path).read_text().splitlines()]
        if FRAMEWORKS[other].search(line)
    ]

    lock, requirement = TRANSITIVE.get(other, ("", ""))
    assert [line for path, line in named if (path, bool(re.fullmatch(requirement, line))) != (lock, True)] == []


@every("fastapi", "flask")
def test_does_not_depend_on_the_other_backend(generated):
    [other] = {"fastapi", "flask"} - {path.name.removeprefix("serve_") for path in generated.glob("serve_*")}

    declared = tomllib.loads((generated / "pyproject.toml").read_text())
    assert other not in declared["project"]["optional-dependencies"]
    assert not FRAMEWORKS[other].search(str(declared["dependency-groups"]))
    assert not list(generated.glob(f"*/*{other}.lock"))


@every(*BACKENDS)
def test_does_not_mention_the_starter(generated):
    named = [
        (path.as_posix(), line)
        for path in files(generated)
        if path.as_posix() not in ITS_OWN
        for line in [path.as_posix(), *(generated / path).read_text().splitlines()]
        if MACHINERY.search(line)
    ]

    assert named == []


@every(*BACKENDS)
def test_mentions_only_existing_files(generated):
    pages = [generated / "README.md", *(generated / "docs").glob("*.md")]
    for page in pages:
        text = page.read_text()
        named = re.findall(r"`((?:model|serve_\w+|tests|docs|docker|compare)/[\w./-]*|\w+\.(?:yaml|toml|lock))`", text)
        linked = [page.parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text)]
        # Files that a run writes, and names in examples.
        written = {
            "compare/report/index.html",
            "compare/report/bench.json",
            "corrections.toml",
            "model/artifact.toml",
            "compose.override.yaml",
        }
        for path in [*(generated / name for name in named if name not in written), *linked]:
            assert path.exists(), f"{page.name}: {path}"


@every(*BACKENDS)
def test_uses_its_own_name(generated):
    assert generated.name == "my-service"
    assert tomllib.loads((generated / "pyproject.toml").read_text())["project"]["name"] == "my-service"
    compose = yaml.safe_load((generated / "compose.yaml").read_text())
    assert compose["name"] == "my-service"
    # Compose names images after the project and the service; the edge uses the proxy's image.
    assert [name for name, service in compose["services"].items() if "image" in service] == ["edge"]


@every(*BACKENDS)
def test_has_a_service_for_each_backend_and_the_first_one_on_port_8000(generated):
    backends = sorted(
        path.name.removeprefix("serve_") for path in generated.glob("serve_*") if path.name != "serve_core"
    )
    compose = yaml.safe_load((generated / "compose.yaml").read_text())

    assert [service for service in compose["services"] if service not in ("compare", "edge")] == backends
    assert ("compare" in compose["services"]) == (generated / "compare").exists()
    assert "-8000}:8000" in compose["services"][backends[0]]["ports"][0]


@every(*BACKENDS)
def test_is_ready_for_git(generated):
    for name in (".gitignore", ".dockerignore", ".github/workflows/ci.yml", "LICENSE", ".copier-answers.yml"):
        assert (generated / name).is_file(), name
    assert not list(Path(generated).glob("**/__pycache__"))
