"""Experiments that start processes, and leave none behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from compare.experiments.many_connections import WAIT_S, many_connections
from compare.experiments.planted import FAULTS
from compare.experiments.weight import image_megabytes, weights
from compare.judging.intervals import LEAST_ROUNDS, Interval
from compare.measuring.steps import steps_us

from ..services import BACKENDS, ROOT
from .found import complete, found_by

pytestmark = pytest.mark.slow


def test_slow_calls_queue_only_in_the_sync_worker():
    found = found_by("slow_at_once")

    sync, gthread = found["sync_calls_long"], found["gthread_calls_long"]
    assert isinstance(sync, Interval) and isinstance(gthread, Interval)
    assert found["repeats"] == LEAST_ROUNDS
    assert sync.low >= 8
    assert 1 <= gthread.low < gthread.high < 7


def test_both_hold_every_connection_and_flask_waits_longer_without_free_threads():
    found = complete("many_connections", many_connections(most=400))

    assert found["connections"] == 400
    kinds = ("idle", "silent", "waiting")
    assert all(found[f"{name}_{kind}_failed"] == 0 for name in BACKENDS for kind in kinds)
    # Silent clients occupy the threads of the Flask service in turns, five seconds each.
    assert found["fastapi_service_idle_failed"] == found["fastapi_service_silent_failed"] == 0
    assert found["flask_waiting_s"] >= 2 * WAIT_S
    assert found["flask_waits_longer"] > 1


def test_both_stream_predictions():
    found = found_by("websockets")

    assert (found["fastapi_predictions"], found["flask_predictions"]) == (10, 10)
    assert 0 < found["fastapi_packages"] < found["flask_packages"]


def test_only_a_killed_server_loses_background_tasks():
    found = found_by("background_tasks")

    assert (found["fastapi_lost_on_stop"], found["fastapi_lost_on_kill"]) == (0, found["tasks"])


def test_types_find_a_misspelt_field_in_a_declared_body():
    found = found_by("types_and_injection")

    assert (found["fastapi_finds_misspelt_field"], found["flask_finds_misspelt_field"]) == (1, 0)
    assert found["fastapi_replaces_a_dependency"] == 1


def test_no_image_has_the_debugger_of_flask():
    found = found_by("development")

    assert (found["flask_has"], found["flask_debugger"]) == (3, 1)
    assert found["images_with_a_debugger"] == 0


def test_a_framework_alone_weighs_less_than_its_service():
    found = found_by("weight")

    for name in ("fastapi", "flask"):
        for what in ("packages", "megabytes", "import_s", "memory_mib"):
            assert 0 < found[f"{name}_alone_{what}"] < found[f"{name}_served_{what}"]
    assert found["alone_megabytes"] == found["fastapi_alone_megabytes"] / found["flask_alone_megabytes"]


def test_weighs_the_available_services():
    assert sorted(weights()) == BACKENDS
    assert all(each["packages"] and each["megabytes"] for each in weights().values())


def test_a_missing_image_has_no_size(monkeypatch):
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "of-a-project-that-nobody-has")

    assert image_megabytes("fastapi") is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_seeded_fault_changes_the_service(backend):
    for fault in FAULTS.values():
        plant = fault[backend]
        code = (ROOT / f"serve_{backend}" / plant.file).read_text()
        assert code.replace(plant.right, plant.wrong) != code


def test_some_seeded_faults_are_found():
    found = found_by("seeded_faults")

    assert found["faults"] == len(FAULTS)
    for name in ("fastapi", "flask"):
        for means in ("types", "tests", "random_requests"):
            assert 0 < found[f"{name}_found_by_{means}"] <= 1


def test_measures_each_step_of_a_request(served_artifact: Path):
    found = steps_us(served_artifact)

    assert sorted(found) == BACKENDS
    for steps in found.values():
        assert [*steps] == ["parse", "validate", "predict", "encode"]
        assert min(steps.values()) > 0
