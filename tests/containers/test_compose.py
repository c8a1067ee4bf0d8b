"""`docker compose up`: all services are healthy, alike, and locked down."""

from __future__ import annotations

import json
import os

import pytest

from serve_core.settings import Settings

from ..services import BACKENDS, PORTS, ROOT
from .engine import asked, command, example_of, inside

NO_CAPABILITIES = "0000000000000000"


def test_all_are_healthy(composed):
    for container in composed.values():
        container.reload()
        assert container.attrs["State"]["Health"]["Status"] == "healthy"
        assert container.attrs["RestartCount"] == 0


@pytest.mark.usefixtures("compose")
def test_all_publish_the_ports_in_the_readme():
    unset = {name: value for name, value in os.environ.items() if not name.endswith("_PORT")}

    services = json.loads(command("docker", "compose", "config", "--format", "json", cwd=ROOT, env=unset))["services"]

    for backend in BACKENDS:
        assert [port["published"] for port in services[backend]["ports"]] == [str(PORTS[backend])]


def test_all_give_the_same_answer(composed):
    answers = set()
    for container in composed.values():
        with asked(container) as client:
            answer = client.post("/predict", json=example_of(client), headers={"X-Request-ID": "the-same"})
        assert answer.status_code == 200
        answers.add((answer.headers["Content-Type"], answer.headers["X-Request-ID"], answer.content))

    assert len(answers) == 1


def test_all_serve_the_same_artifact(composed):
    documents = set()
    for container in composed.values():
        with asked(container) as client:
            documents.add(client.get("/model").content)

    assert len(documents) == 1


def test_all_have_the_same_limits(composed):
    limits = {
        (container.attrs["HostConfig"]["NanoCpus"], container.attrs["HostConfig"]["Memory"])
        for container in composed.values()
    }

    assert len(limits) == 1
    assert all(limits.pop())


def test_the_stop_timeout_covers_drain_and_deadline(container):
    settings = Settings()

    assert container.attrs["Config"]["StopTimeout"] * 1000 > settings.drain_ms + settings.deadline_ms


def test_restarts_after_a_crash(container):
    assert container.attrs["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_nothing_runs_as_root(container):
    assert inside(container, "import os; print(os.getuid(), os.getgid(), os.getgroups())") == "10001 10001 [10001]"


def test_has_no_capabilities_and_gains_none(container):
    """Checks process 1, from which all others descend."""
    status = dict(line.split(":\t") for line in inside(container, "print(open('/proc/1/status').read())").splitlines())

    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {NO_CAPABILITIES}
    assert status["NoNewPrivs"] == "1"


def test_only_tmp_is_writable(container):
    refused = {folder: container.exec_run(["touch", f"{folder}/x"], user="0").output for folder in ("", "/app", "/etc")}

    assert all(b"Read-only file system" in output for output in refused.values()), refused
    assert inside(container, "print(open('/tmp/x', 'w').write('x'))") == "1"
