"""README.md and docs/ are true: their commands run, and the names in them exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from model.artifact import load
from serve_core.settings import settings_table
from serve_core.wire.problems import InvalidEnvelope, Refusal

from ..contract.test_random_requests import FAULT_CODES
from ..services import BACKENDS, PATIENCE_S, PORTS, ROOT, running
from .copies import copy_of_repository, environment, making

README = (ROOT / "README.md").read_text()
WRITTEN_BY_PACKAGING = "model/artifact.toml"
PAGES = {path.relative_to(ROOT): path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]}


def blocks(language, text=README):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def section(title):
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title):
    """The cells of every table in a section, without header rows."""
    lines = re.findall(r"^\|(?!-)(.*)\|\n(?!\|-)", section(title), re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def codes(cell):
    return re.findall(r"`(\w+)`", cell)


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.fixture(scope="module")
def ports(served_artifact):
    """The ports of this test for the ports on the page; the services have the page's model."""
    if load(served_artifact).manifest.name not in blocks("json")[0]:
        pytest.skip("README.md shows another model")
    with ExitStack() as services:
        yield {PORTS[backend]: services.enter_context(running(backend, served_artifact)).port for backend in BACKENDS}


def with_ports(text, ports):
    for printed, port in ports.items():
        text = text.replace(f"localhost:{printed}", f"localhost:{port}")
    return text


def shown(answer: Any) -> Any:
    """An answer in the short form of the page: four decimals, and no digest in the version."""
    if isinstance(answer, float):
        return round(answer, 4)
    if isinstance(answer, dict):
        return {key: shown(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [shown(value) for value in answer]
    return re.sub(r"-[0-9a-f]{12}$", "-...", answer) if isinstance(answer, str) else answer


@needs("curl")
@pytest.mark.parametrize("example", [0, 1], ids=["a prediction", "a refusal"])
def test_every_service_answers_the_curl_line_as_printed(example, ports):
    [command] = [block for block in blocks("sh") if block.startswith("curl ")][example : example + 1]

    run = subprocess.run(["bash", "-c", with_ports(command, ports)], capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    first, *others = run.stdout.splitlines()
    assert others == [first] * (len(BACKENDS) - 1)
    assert shown(json.loads(first)) == json.loads(blocks("json")[example])


CLIENTS = [
    pytest.param("python", [sys.executable], "client.py", id="Python"),
    pytest.param("js", ["node"], "client.mjs", marks=needs("node"), id="JavaScript"),
]


@pytest.mark.parametrize(("language", "command", "name"), CLIENTS)
def test_the_clients_print_the_prediction(language, command, name, ports, tmp_path):
    [program] = blocks(language)

    assert printed_by(program, command, tmp_path / name, ports) == "Gentoo 0.9987\n"


@pytest.mark.parametrize(("language", "command", "name"), CLIENTS)
def test_the_clients_print_faults(language, command, name, ports, tmp_path):
    [program] = blocks(language)
    assert '"Biscoe"' in program

    printed = printed_by(program.replace('"Biscoe"', '"Atlantis"'), command, tmp_path / name, ports)

    assert printed == (
        "invalid_instances 1 fault in 1 instance\n/instances/0/island expected one of: Biscoe, Dream, Torgersen\n"
    )


def printed_by(program, command, path, ports):
    path.write_text(with_ports(program, ports))
    run = subprocess.run([*command, path], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.slow
def test_make_serve_runs_every_service(tmp_path):
    """In a fresh clone with the environment of this one, it trains, serves and stops."""
    with making(copy_of_repository(tmp_path), "serve", "PORT=0") as listening:
        answers = {httpx.get(f"http://127.0.0.1:{next(listening)}/model", timeout=PATIENCE_S).text for _ in BACKENDS}
        assert len(answers) == 1


def test_make_serve_uses_the_ports_in_the_readme():
    run = subprocess.run(["make", "-n", "serve"], cwd=ROOT, env=environment(), capture_output=True, text=True)

    [first] = re.findall(r"\bport=(\d+);", run.stdout)
    assert dict(zip(BACKENDS, count(int(first)), strict=False)) == PORTS
    assert all(f"localhost:{port}/predict" in README for port in PORTS.values())


@pytest.mark.slow
@needs("git")
@pytest.mark.timeout(900)
def test_the_walk_through_adds_a_field_to_every_backend(tmp_path):
    copy = copy_of_repository(tmp_path)
    for diff in blocks("diff"):
        subprocess.run(["git", "apply", "-"], cwd=copy, input=diff, text=True, check=True)
    tests = ["tests/contract/test_predictions.py", *(["tests/parity/test_openapi.py"] if len(BACKENDS) > 1 else [])]
    added = "test_is_as_confident_as_its_label_is_probable"

    run = subprocess.run(
        # One model is enough: the field is new to every other one, too.
        [sys.executable, "-m", "pytest", "-q", "-rA", "-k", "served or every_kind", *tests],
        cwd=copy,
        env=environment(),
        capture_output=True,
        text=True,
    )
    house = subprocess.run(["make", "check"], cwd=copy, env=environment(), capture_output=True, text=True)

    assert run.returncode == 0, run.stdout
    for backend in BACKENDS:
        assert re.search(rf"^PASSED \S+{added}\[{backend}-served", run.stdout, re.MULTILINE), run.stdout
    assert house.returncode == 0, house.stdout


def test_lists_every_setting():
    assert f"<!-- settings -->\n{settings_table()}\n<!-- /settings -->" in README


def test_lists_every_refusal():
    statuses = {code: int(status) for *_, status, cell in rows("Refusals") if status.isdigit() for code in codes(cell)}

    assert statuses == {code: refusal.status for refusal in refusals() for code in codes_of(refusal)}


def test_lists_every_fault():
    assert {code for cell, *more in rows("Refusals") if len(more) == 1 for code in codes(cell)} == FAULT_CODES


def refusals(refusal=Refusal):
    """The refusal and its subclasses in the services."""
    derived = [one for one in refusal.__subclasses__() if one.__module__.startswith("serve_core.")]
    return [refusal, *(one for each in derived for one in refusals(each))]


def codes_of(refusal):
    if refusal is InvalidEnvelope:
        return list(InvalidEnvelope.details)
    if refusal.__name__ == "MalformedBody":
        sources = [(ROOT / "serve_core" / "wire" / name).read_text() for name in ("json_profile.py", "problems.py")]
        return re.findall(r'(?:MalformedBody|super\(\)\.__init__)\(\s*"(\w+)", ', "".join(sources))
    return [refusal.code] if "code" in vars(refusal) else []


def test_lists_every_metric(ports, signature):
    port = next(iter(ports.values()))
    # A metric with labels appears after its first count.
    httpx.post(f"http://127.0.0.1:{port}/predict", json={"instances": [signature.example]})

    described = re.findall(r"^# HELP (\w+)", httpx.get(f"http://127.0.0.1:{port}/metrics").text, re.MULTILINE)

    assert {code for cell, *_ in rows("Logs and metrics") for code in codes(cell)} == set(described)


def test_lists_every_path(ports):
    named = {tuple(cell.strip("`").split()) for cell, _ in rows("Paths")}
    port = next(iter(ports.values()))

    documented = httpx.get(f"http://127.0.0.1:{port}/openapi.json").json()["paths"]

    described = {(method.upper(), path) for path, methods in documented.items() for method in methods}
    assert named == described | {("GET", "/openapi.json"), ("GET", "/docs")}


def test_lists_every_make_target():
    named = set(re.findall(r"`make ([\w-]+)`", "".join(PAGES.values())))
    makefiles = "".join(path.read_text() for path in [ROOT / "Makefile", *ROOT.glob("*/words.mk")])

    assert named | {"help"} == set(re.findall(r"^([\w-]+):.*## ", makefiles, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_names_only_existing_files(page):
    folders = r"model|serve_\w+|tests|docs|docker"
    named = re.findall(rf"`((?:{folders})/[\w./-]*|\w+\.(?:yaml|toml|lock)|Makefile|Dockerfile)`", PAGES[page])
    linked = [Path(page).parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGES[page])]

    for path in [*named, *linked]:
        assert (ROOT / path).exists() or path == WRITTEN_BY_PACKAGING, path
