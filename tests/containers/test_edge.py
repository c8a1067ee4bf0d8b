"""`make edge`: how it treats slow, broken and hostile clients, and rolling restarts of the replicas."""

from __future__ import annotations

import re
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Event
from uuid import uuid4

import docker
import httpx
import orjson
import pytest
from docker.models.containers import Container

from ..services import BACKENDS, PATIENCE_S, PORTS, ROOT, eventually
from .engine import Project, asked, copy_context, example_of, metric

# The first test builds the images.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

N_REPLICAS = 2
MAX_CONNECTIONS = 500
MAX_BODY_BYTES = 2 * 1024**2
N_CLIENTS = 4

HEAD = b"POST /predict HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: edge\r\n\r\n"


@pytest.fixture(scope="module")
def edge(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:  # noqa: ARG001
    """Two replicas of each service behind the edge, with client timeouts of 1 s instead of 10."""
    project = Project(tmp_path_factory.mktemp("clone"), f"test-{uuid4().hex[:8]}")
    copy_context(project.folder, *BACKENDS)
    for name in ("Makefile", "docker/words.mk", "docker/rolling_restart.sh"):
        shutil.copy(ROOT / name, project.folder / name)
    limits = (ROOT / "docker/haproxy.cfg").read_text()
    (project.folder / "docker/haproxy.cfg").write_text(limits.replace(" 10s", " 1s"))
    with project.removed_at_the_end():
        project.run("make", "edge", f"REPLICAS={N_REPLICAS}")
        yield project


@pytest.fixture
def port(edge: Project, backend: str) -> int:
    """The port of the edge for a service: 80 above the service's own, as in compose.yaml."""
    return int(edge.compose("port", "edge", str(PORTS[backend] + 80)).rpartition(":")[2])


@pytest.fixture
def client(port: int) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture
def container(engine: docker.DockerClient, edge: Project) -> Container:
    return engine.containers.get(edge.compose("ps", "--quiet", "edge"))


def replicas_of(engine: docker.DockerClient, edge: Project, backend: str) -> list[Container]:
    return [engine.containers.get(replica) for replica in edge.compose("ps", "--quiet", backend).split()]


def connected(port: int, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    connection.sendall(sent)
    return connection


def answer_on(connection: socket.socket) -> tuple[int, bytes]:
    response = HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def received_until_closed(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(2**16), b""))


def n_clients_of(container):
    """The number of connected clients, from HAProxy's own metrics, which are not published."""
    ask = 'exec 3<>/dev/tcp/127.0.0.1/8404; printf "GET /metrics HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'
    text = container.exec_run(["bash", "-c", ask]).output.decode()
    [n_clients] = re.findall(r'^haproxy_frontend_current_sessions{proxy="clients"} (\d+)$', text, re.MULTILINE)
    return int(n_clients)


def test_the_edge_runs_without_privileges(container):
    status = container.exec_run(["cat", "/proc/1/status"]).output.decode()

    assert re.findall(r"^(?:Uid|Gid):\t(.*)$", status, re.MULTILINE) == ["\t".join(["10001"] * 4)] * 2
    assert re.findall(r"^Cap\w+:\t(.*)$", status, re.MULTILINE) == ["0" * 16] * 5
    assert "NoNewPrivs:\t1" in status
    assert b"Read-only file system" in container.exec_run(["touch", "/x"], user="0").output
    assert container.attrs["State"]["Health"]["Status"] == "healthy"
    assert container.attrs["HostConfig"]["Memory"] > MAX_CONNECTIONS * MAX_BODY_BYTES


@pytest.mark.parametrize("sent", [HEAD, HEAD + b"Content-Length: 100\r\n\r\n{"], ids=["headers", "body"])
def test_slow_clients_are_cut_off_and_others_get_through(port, client, sent):
    """As many slow clients as the edge admits: others get through when these are cut off."""
    example = example_of(client)
    client.close()
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(port, sent)) for _ in range(MAX_CONNECTIONS)]

        assert httpx.post(f"http://127.0.0.1:{port}/predict", json=example, timeout=PATIENCE_S).status_code == 200
        for connection in slow:
            assert answer_on(connection)[0] == 408
            assert connection.recv(1) == b""


def test_a_client_that_does_not_read_is_cut_off(port, container):
    """It requests more than all buffers on the way can hold."""
    large = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: edge\r\n\r\n"
    with connected(port, large * 100) as connection:
        assert connection.recv(1)
        eventually(lambda: n_clients_of(container) == 0)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /%b HTTP/1.1\r\nHost: edge\r\n\r\n" % (b"a" * 4000), 414, "uri_too_long"),
        (HEAD + b"X: %b\r\n\r\n" % (b"a" * 8192), 431, "request_header_fields_too_large"),
        (HEAD + b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413, "body_too_large"),
        (
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b" % (MAX_BODY_BYTES + 1, b" " * (MAX_BODY_BYTES + 1)),
            413,
            "body_too_large",
        ),
    ],
    ids=["path", "headers", "announced body", "chunked body"],
)
def test_refuses_requests_that_are_too_long(port, sent, status, code):
    with connected(port, sent + b"\r\n0\r\n\r\n" * (b"chunked" in sent)) as connection:
        answered, body = answer_on(connection)

    problem = orjson.loads(body)
    assert (answered, problem["status"], problem["code"]) == (status, status, code)


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 2\r\nContent-Length: 41\r\n\r\n{}",
        b"Content-Length: 41\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Content-Length: 2\r\nTransfer-Encoding : chunked\r\n\r\n{}",
        b"Content-Length: 2\r\nTransfer-Encoding: \x0bchunked\r\n\r\n{}",
        b"Content-Length: +2\r\n\r\n{}",
        b"Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2;\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    ],
    ids=repr,
)
def test_ambiguous_requests_cannot_smuggle_another_one(port, sent):
    """A server that reads two requests answers 404 to the second."""
    with connected(port, HEAD + sent + SMUGGLED) as connection:
        statuses = re.findall(rb"^HTTP/1.1 (\d+)", received_until_closed(connection), re.MULTILINE)

    assert statuses in ([b"400"], [b"422"])


def test_ignores_an_upgrade_offered_with_a_body(client):
    """Java's HttpClient sends these headers with every request; a server without the edge may lose the body."""
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAoAAAAAIAAAAA"}

    assert client.post("/predict", json=example_of(client), headers=offer).status_code == 200


def test_uses_every_replica(engine, edge, backend, client):
    body = example_of(client)
    for _ in range(10 * N_REPLICAS):
        assert client.post("/predict", json=body).status_code == 200

    counted = 'serve_request_seconds_count{method="POST",route="/predict",status="200"}'
    for replica in replicas_of(engine, edge, backend):
        with asked(replica) as of_replica:
            assert metric(of_replica, counted) > 0


def test_a_rolling_restart_under_load_loses_no_request(engine, edge):
    """It closes no client's connection either."""
    before = {backend: replicas_of(engine, edge, backend) for backend in BACKENDS}
    ports = [int(edge.compose("port", "edge", str(PORTS[backend] + 80)).rpartition(":")[2]) for backend in BACKENDS]
    is_over = Event()
    with ThreadPoolExecutor(N_CLIENTS * len(ports)) as pool:
        outcomes = [pool.submit(ask_until, is_over, port) for port in ports for _ in range(N_CLIENTS)]
        try:
            edge.run("make", "restart")
        finally:
            is_over.set()

    answered = sum((outcome.result() for outcome in outcomes), Counter())
    print(f"answered during the restart: {dict(answered)}")
    assert set(answered) == {200}
    assert answered[200] > len(outcomes)
    for backend in BACKENDS:
        after = replicas_of(engine, edge, backend)
        assert len(after) == N_REPLICAS
        assert not {replica.id for replica in after} & {replica.id for replica in before[backend]}


def ask_until(is_over: Event, port: int) -> Counter[int | None]:
    """Counts the statuses of sequential requests on one connection; None counts missing answers."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
        body = orjson.dumps(example_of(client))
    answered: Counter[int | None] = Counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.connect()
    connection.auto_open = 0  # it never reconnects
    try:
        while not is_over.is_set():
            connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            answered[response.status] += 1
    except (OSError, HTTPException):
        answered[None] += 1
    finally:
        connection.close()
    return answered
