"""Ask both services the same things, and count where they differ: `python -m compare.experiments.differing_answers`."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, ExitStack
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from ..asking import Asked, get, predict
from ..plan import Lane
from ..server import Cores, Server, exit_through_finally, running
from .corpus import bad_bodies, documents, good_body
from .subject import save_artifact, signature

DOCUMENTS = 150
SEED = 13
PATHS = ("/livez", "/readyz", "/model", "/nothing")


def differing_answers() -> int:
    """Of random documents, bad bodies and paths, by status and body; a request id is each service's own."""
    bodies = [json.dumps(each).encode() for each in islice(documents(signature(), Random(SEED)), DOCUMENTS)]
    bodies += [good_body(signature()), *bad_bodies(signature())]
    with TemporaryDirectory() as folder, ExitStack() as stack:
        artifact = Path(folder, "artifact")
        save_artifact(artifact)
        fastapi, flask = (stack.enter_context(_served(name, artifact)) for name in ("fastapi", "flask"))
        differing = [body for body in bodies if _differ(predict(fastapi.port, body), predict(flask.port, body))]
        others = [path for path in PATHS if _differ(get(fastapi.port, path), get(flask.port, path))]
    return len(differing) + len(others)


def _served(name: str, artifact: Path) -> AbstractContextManager[Server]:
    lane = Lane(name, name, f"serve_{name}", {"SERVE_ACCESS_LOG": "false"})
    return running(lane, artifact, good_body(signature()), Cores.available().server)


def _differ(one: Asked, other: Asked) -> bool:
    return (one.status, _without_id(one.body)) != (other.status, _without_id(other.body))


def _without_id(body: bytes) -> object:
    try:
        document = json.loads(body)
    except ValueError:
        return body
    return {**document, "request_id": ""} if isinstance(document, dict) else document


def main() -> None:
    exit_through_finally()
    print(differing_answers())


if __name__ == "__main__":
    main()
