"""Two hundred slow clients: how they affect ordinary ones, behind the edge and without it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import uuid4

from serve_core.backends import ports

from ..judging.figures import percentile
from ..measuring.asking import PATIENCE_S, get
from ..measuring.load import Outcome, put_load_on
from ..measuring.models import faults_of
from ..measuring.server import LaneError, on_cores
from .site import Check, NotHere, Site

ROOT = Path(__file__).parent.parent.parent
# compose.yaml publishes the edge of a service this far above its own port.
EDGE_ABOVE = 80

# More clients of each kind than a service has threads.
N_SLOW_TO_SEND = 95
N_NOT_READING = 10
TRICKLE_EVERY_S = 0.5
HEADERS = b"POST /predict HTTP/1.1\r\nHost: edge\r\nX-Slow: "
BODY = b"POST /predict HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
# More than all buffers on the way can hold.
LARGE_ANSWERS = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: edge\r\n\r\n" * 32

# The number of ordinary clients.
CONNECTIONS = 4
# docker/haproxy.cfg cuts slow clients off after 10 s.
MEANWHILE_S = 15.0
LEAST_OF_BEFORE = 0.5
MOST_P99_MS = 200.0


@dataclass
class SlowClients:
    """
    Attributes:
        cut_off_s: when each client was answered or disconnected before its request was complete, since the start.
    """

    n: int = 0
    cut_off_s: list[float] = field(default_factory=list)


def slow_clients(site: Site) -> Iterator[Check]:
    with _composed(site.lane.name, site.lane.env) as (service, edge), on_cores(site.cores.load):
        features = json.loads(get(service, "/model").body)["signature"]["features"]
        payload = json.dumps({"instances": [{each["name"]: each["example"] for each in features}]}).encode()
        for check in checks_beside_slow_clients(service, payload):
            yield Check(f"without the edge: {check.what}", check.value)
        yield from checks_beside_slow_clients(edge, payload)


def checks_beside_slow_clients(port: int, payload: bytes, *, meanwhile_s: float = MEANWHILE_S) -> Iterator[Check]:
    before = put_load_on(port, [payload], n_connections=CONNECTIONS, seconds=meanwhile_s / 5)
    with _present(port) as slow:
        meanwhile = put_load_on(port, [payload], n_connections=CONNECTIONS, seconds=meanwhile_s)
    n_to_send = 2 * N_SLOW_TO_SEND
    last_s = slow.cut_off_s[-1] if len(slow.cut_off_s) == n_to_send else inf
    waits_ms = sorted(wait_s * 1000 for wait_s in meanwhile.waits_s) or [inf]
    yield Check("slow clients that could connect", slow.n, at_least=n_to_send + N_NOT_READING)
    yield Check(f"s until the last of {n_to_send} trickling clients was cut off", last_s, at_most=meanwhile_s)
    yield Check("requests/s before", _per_s(before))
    yield Check("requests/s meanwhile, share of before", _per_s(meanwhile) / _per_s(before), at_least=LEAST_OF_BEFORE)
    yield Check("p99 ms meanwhile", percentile(waits_ms, 0.99), at_most=MOST_P99_MS)
    yield Check("not answered with 200", faults_of(meanwhile, None).total(), at_most=0)


def _per_s(outcome: Outcome) -> float:
    return len(outcome.waits_s) / outcome.seconds if outcome.seconds else 0.0


@contextmanager
def _present(port: int) -> Iterator[SlowClients]:
    """Slow clients trickle headers, trickle a body, or read nothing of large answers, until the block ends."""
    slow, has_ended = SlowClients(), threading.Event()
    with ExitStack() as stack:

        def connect(sent: bytes) -> socket.socket:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE_S))
            connection.sendall(sent)
            connection.setblocking(False)
            slow.n += 1
            return connection

        trickling = [connect(sent) for sent in (HEADERS, BODY) for _ in range(N_SLOW_TO_SEND)]
        for _ in range(N_NOT_READING):
            connect(LARGE_ANSWERS)
        thread = threading.Thread(target=_trickle, args=(trickling, slow, has_ended))
        thread.start()
        try:
            yield slow
        finally:
            has_ended.set()
            thread.join()


def _trickle(connections: list[socket.socket], slow: SlowClients, has_ended: threading.Event) -> None:
    started_s = perf_counter()
    while connections and not has_ended.wait(TRICKLE_EVERY_S):
        for connection in connections.copy():
            try:
                connection.send(b" ")
                connection.recv(1)
            except BlockingIOError:  # no answer yet
                continue
            except OSError:
                pass
            connections.remove(connection)
            slow.cut_off_s.append(perf_counter() - started_s)


@contextmanager
def _composed(backend: str, env: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """The ports of a service and of its edge, as compose.yaml starts them.

    Raises: NotHere, LaneError.
    """
    free = {f"{each.upper()}{of}_PORT": "127.0.0.1:0" for each in ports() for of in ("", "_EDGE")}
    with TemporaryDirectory() as folder:
        settings = Path(folder, "settings.json")
        settings.write_text(json.dumps({"services": {backend: {"environment": dict(env)}}}))
        files = ("--project-directory", str(ROOT), "--file", str(ROOT / "compose.yaml"), "--file", str(settings))

        def compose(*words: str) -> str:
            command = ["docker", "compose", *files, "--project-name", project, "--profile", "edge", *words]
            return _said(command, os.environ | free)

        project = f"drill-{uuid4().hex[:8]}"
        try:
            _said(["docker", "version"], os.environ)
        except (FileNotFoundError, LaneError) as reason:
            raise NotHere(f"It needs Docker. {reason}") from None
        try:
            compose("up", "--build", "--detach", "--wait", backend, "edge")
            published = [compose("port", backend, "8000"), compose("port", "edge", str(ports()[backend] + EDGE_ABOVE))]
            service, edge = (int(each.rpartition(":")[2]) for each in published)
            yield service, edge
        finally:
            compose("down", "--rmi", "local")


def _said(command: list[str], env: Mapping[str, str]) -> str:
    """Raises: LaneError with the last line of the error."""
    run = subprocess.run(command, env=env, capture_output=True, text=True)
    if run.returncode:
        raise LaneError(run.stderr.strip().rpartition("\n")[2])
    return run.stdout.strip()
