"""Tests how the services behave when something goes wrong: `python -m compare.drill`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import isinf
from pathlib import Path

import pandas as pd

from model.packaging import save
from serve_core.backends import ports
from serve_core.settings import Settings, SettingsError

from .drills.abandoned import abandoned
from .drills.dearest_body import dearest_body
from .drills.drain import drain
from .drills.kill import kill
from .drills.overload import overload
from .drills.site import FULL, QUICK, Check, NotHere, Site
from .drills.slow_call import slow_call
from .drills.slow_clients import slow_clients
from .drills.slow_model import Slow
from .judging.figures import bound_of, is_held, verdict
from .measuring.models import MODELS, Subject
from .measuring.plan import Lane
from .measuring.server import Cores, LaneError, exit_through_finally
from .reporting.report import digits, machine, table

DRILLS: Mapping[str, Callable[[Site], Iterator[Check]]] = {
    "overload": overload,
    "abandoned": abandoned,
    "drain": drain,
    "kill": kill,
    "slow_call": slow_call,
    "dearest_body": dearest_body,
    "slow_clients": slow_clients,
}


def main() -> None:
    exit_through_finally()
    options = _options()
    env, lengths = dict(options.env), QUICK if options.quick else FULL
    try:
        Settings.from_env(env)
    except SettingsError as reason:
        sys.exit(str(reason))
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    holds = True
    with tempfile.TemporaryDirectory() as folder:
        penguins, slow = Path(folder, "penguins"), Path(folder, "slow")
        MODELS["penguins"](penguins)
        save(Slow(), pd.DataFrame({"seconds": [0.0]}), slow)
        subject = Subject(penguins, [1])
        for name, backend in product(options.drills or DRILLS, ports()):
            print(f"{name}, {backend} ...", file=sys.stderr, flush=True)
            lane = Lane(backend, backend, f"serve_{backend}", env)
            try:
                holds &= drill(name, Site(lane, subject, slow, Cores.available(), lengths))
            except LaneError as reason:
                sys.exit(f"The {backend} service could not start: {reason}.")
    sys.exit(0 if holds else 1)


def drill(name: str, site: Site) -> bool:
    """Whether all bounds hold; prints each figure beside its bound. A drill that cannot run here breaks no bound."""
    try:
        checks = list(DRILLS[name](site))
    except NotHere as reason:
        print(f"\n{name}, {site.lane.name}\nnot run: {reason}", flush=True)
        return True
    print(f"\n{name}, {site.lane.name}\n{_table(checks)}", flush=True)
    return all(is_held(check, check.value) for check in checks)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("drills", nargs="*", metavar="drill", help=f"one of {', '.join(DRILLS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="shorter, with fewer clients")
    parser.add_argument(
        "--env", action="append", default=[], type=_setting, metavar="NAME=VALUE", help="a setting of the services"
    )
    options = parser.parse_args()
    if unknown := [name for name in options.drills if name not in DRILLS]:
        parser.error(f"there is no drill {unknown[0]!r}; the drills are {', '.join(DRILLS)}")
    return options


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _table(checks: Sequence[Check]) -> str:
    lines = [[check.what, _value(check.value), bound_of(check), verdict(check, check.value)] for check in checks]
    return table(["figure", "value", "bound", "verdict"], lines, {"figure", "verdict"})


def _value(value: float) -> str:
    if isinf(value):
        return "never"
    return f"{value:,}" if isinstance(value, int) else digits(value)


if __name__ == "__main__":
    main()
