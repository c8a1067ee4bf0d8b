"""Train on the penguins and write the artifact: `python -m model.train`. Replace it and `data/` with your own."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from .choice import is_of_the_project, read_choice
from .packaging import save

NAME = "penguins"
DATA = Path(__file__).parent / "data" / "penguins.csv"
TARGET = "species"
CATEGORIES = ["island", "sex"]
NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
FEATURES = ["island", *NUMBERS, "sex"]

# The frame does not hold units, nor bounds that no penguin exceeds.
CORRECTIONS = {
    "bill_length_mm": {"unit": "mm", "minimum": 0, "maximum": 100},
    "bill_depth_mm": {"unit": "mm", "minimum": 0, "maximum": 100},
    "flipper_length_mm": {"unit": "mm", "minimum": 0, "maximum": 500},
    "body_mass_g": {"unit": "g", "minimum": 0, "maximum": 50000},
}


def pipeline() -> Pipeline:
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    columns = make_column_transformer((numbers, NUMBERS), (categories, CATEGORIES))
    return make_pipeline(columns, LogisticRegression())


def packaged_name(folder: Path) -> str | None:
    """The name of the model in an artifact, also in one of another format or one that is not here; None if none is."""
    try:
        return str(json.loads((folder / "manifest.json").read_bytes())["name"])
    except (OSError, ValueError, KeyError, TypeError):
        choice = read_choice() if is_of_the_project(folder) else None
        return choice.name if choice else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("artifact"), help="where the artifact goes")
    parser.add_argument("--replace", action="store_true", help="replace an artifact of another model, too")
    options = parser.parse_args()
    folder: Path = options.folder
    if not options.replace and (other := packaged_name(folder)) not in (None, NAME):
        sys.exit(
            f"{folder} contains the model {other!r}: `make model REPLACE=1` replaces it, ARTIFACT=other spares it."
        )

    penguins = pd.read_csv(DATA)
    train, test = train_test_split(penguins, test_size=0.25, random_state=0, stratify=penguins[TARGET])
    estimator = pipeline().fit(train[FEATURES], train[TARGET])

    labels, probabilities = estimator.predict(test[FEATURES]), estimator.predict_proba(test[FEATURES])
    metrics = {
        "accuracy": float(accuracy_score(test[TARGET], labels)),
        "balanced_accuracy": float(balanced_accuracy_score(test[TARGET], labels)),
        "log_loss": float(log_loss(test[TARGET], probabilities)),
    }
    print(f"{len(train)} penguins trained on, {len(test)} held out")
    for name, score in metrics.items():
        print(f"  {name:<18}{score:.4f}")

    manifest = save(
        estimator,
        train[FEATURES],
        folder,
        name=NAME,
        version="1.0.0",
        corrections=CORRECTIONS,
        metrics=metrics,
        replace=True,
        example=True,  # the services say so; your own training leaves this out
    )
    print(f"{folder}: {manifest.name} {manifest.version}")


if __name__ == "__main__":
    main()
