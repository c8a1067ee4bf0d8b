"""When the Flask extensions that articles name were last released, and whether they can be installed together."""

from __future__ import annotations

import tomllib
from statistics import fmean, median

from . import DATA

# Libraries for use with a framework and a server, both of which have had releases meanwhile.
STALE_AFTER_YEARS = 2.0
DAYS_PER_YEAR = 365.25


def extensions() -> dict[str, float]:
    """The number of extensions, the share without a release for two years (at the data's date), and failed imports."""
    data = tomllib.loads((DATA / "extensions.toml").read_text())
    ages_years = [(data["date"] - each["released"]).days / DAYS_PER_YEAR for each in data["extensions"]]
    return {
        "extensions": float(len(ages_years)),
        "stale_share": sum(age > STALE_AFTER_YEARS for age in ages_years) / len(ages_years),
        "median_age_years": median(ages_years),
        "conflicts": float(data["conflicts"]),
        "not_imported_share": fmean(not each["imports"] for each in data["extensions"]),
    }
