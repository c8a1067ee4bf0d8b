"""The OpenAPI document is true: Schemathesis finds no answer that it does not allow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from model.schema.signature import Signature

from ..artifacts import of_every_model

# With more features, Schemathesis takes too long to draw a body.
MAX_DRAWN_FEATURES = 100


@of_every_model("served", "every_kind")
def test_schemathesis_finds_no_undocumented_answer(service, signature, tmp_path):
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{service.url}/openapi.json"),
            *("--phases", ",".join(phases(signature))),
            *("--checks", "all", "--exclude-checks", ",".join(unsayable(signature))),
            *("--seed", "1", "--max-examples", "30", "--continue-on-failure"),
        ],
        cwd=tmp_path,
        env={
            name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")
        },  # it runs none of our code
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stdout


def phases(signature: Signature) -> list[str]:
    drawn = ["coverage", "fuzzing"] if len(signature.features) <= MAX_DRAWN_FEATURES else []
    return ["examples", *drawn]


def unsayable(signature: Signature) -> Iterator[str]:
    """Checks that demand more than a schema of these features can express."""
    yield "ignored_auth"  # there is no authentication
    if any(feature.kind in ("integer", "date") for feature in signature.features):
        # JSON Schema accepts 1.0 as an integer, the contract does not; and it has no bounds for dates.
        yield "positive_data_acceptance"
    unbounded = [each for each in signature.features if None in (each.minimum, each.maximum)]
    if any(feature.kind in ("number", "date") for feature in unbounded):
        yield "not_a_server_error"  # a model without declared bounds may fail on 1e308 or in the year 1
