"""docs/contract.md is true of every service: its commands and clients run, and its tables are complete."""

from __future__ import annotations

import json
import re
import sys

import httpx
import pytest

from serve_core.wire.problems import InvalidEnvelope, Refusal

from ..contract.test_random_requests import FAULT_CODES
from ..services import BACKENDS, PORTS, ROOT
from .examples import answers, needs, printed_by, shown
from .pages import blocks, codes, rows

PAGE = "docs/contract.md"


@pytest.fixture(params=BACKENDS)
def port(request, ports):
    """For the only port on the page, that of a service."""
    return {8000: ports[PORTS[request.param]]}


@needs("curl")
@pytest.mark.parametrize("example", [0, 1], ids=["a prediction", "a refusal"])
def test_the_service_answers_the_curl_command_as_printed(example, port):
    [answer] = answers(blocks(PAGE, "sh")[example], port)

    assert shown(json.loads(answer)) == json.loads(blocks(PAGE, "json")[example])


CLIENTS = [
    pytest.param("python", [sys.executable], "client.py", id="Python"),
    pytest.param("js", ["node"], "client.mjs", marks=needs("node"), id="JavaScript"),
]


@pytest.mark.parametrize(("language", "command", "name"), CLIENTS)
def test_the_clients_print_the_prediction(language, command, name, port, tmp_path):
    [program] = blocks(PAGE, language)

    assert printed_by(program, command, tmp_path / name, port) == "Gentoo 0.9987\n"


@pytest.mark.parametrize(("language", "command", "name"), CLIENTS)
def test_the_clients_print_faults(language, command, name, port, tmp_path):
    [program] = blocks(PAGE, language)
    assert '"Biscoe"' in program

    printed = printed_by(program.replace('"Biscoe"', '"Atlantis"'), command, tmp_path / name, port)

    assert printed == (
        "invalid_instances 1 fault in 1 instance\n/instances/0/island expected one of: Biscoe, Dream, Torgersen\n"
    )


def test_lists_every_path(port):
    named = {tuple(cell.strip("`").split()) for cell, _ in rows(PAGE, "Paths")}

    documented = httpx.get(f"http://127.0.0.1:{port[8000]}/openapi.json").json()["paths"]

    described = {(method.upper(), path) for path, methods in documented.items() for method in methods}
    assert named == described | {("GET", "/openapi.json"), ("GET", "/docs")}


def test_lists_every_refusal():
    listed = [(int(status), cell) for *_, status, cell in rows(PAGE, "Refusals") if status.isdigit()]

    statuses = {code: status for status, cell in listed for code in codes(cell)}
    assert statuses == {code: refusal.status for refusal in refusals() for code in codes_of(refusal)}


def test_lists_every_fault():
    assert {code for cell, *more in rows(PAGE, "Refusals") if len(more) == 1 for code in codes(cell)} == FAULT_CODES


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
