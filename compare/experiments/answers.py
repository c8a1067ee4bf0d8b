"""Prints a service's answers to some requests: `python -m compare.experiments.answers fastapi artifact bodies.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ..measuring.asking import Answer, get, predict
from ..measuring.plan import Lane
from ..measuring.server import Cores, exit_through_finally, running

PATHS = ("/livez", "/readyz", "/model", "/nothing")


def answers_of(name: str, artifact: Path, bodies: list[str]) -> list[object]:
    """The status and the document, without its id, for each body and for some paths. The first body is valid.

    Raises: LaneError if the service does not start.
    """
    lane = Lane(name, name, f"serve_{name}", {"SERVE_ACCESS_LOG": "false"})
    with running(lane, artifact, bodies[0].encode(), Cores.available().server) as server:
        asked = [predict(server.port, body.encode()) for body in bodies] + [get(server.port, path) for path in PATHS]
    return [_answer(each) for each in asked]


def _answer(asked: Answer) -> object:
    try:
        document = json.loads(asked.body)
    except ValueError:
        return [asked.status, asked.body.decode(errors="replace")]
    return [asked.status, {**document, "request_id": ""} if isinstance(document, dict) else document]


def main() -> None:
    exit_through_finally()
    name, artifact, bodies = sys.argv[1:]
    print(json.dumps(answers_of(name, Path(artifact), json.loads(Path(bodies).read_text()))))


if __name__ == "__main__":
    main()
