"""Check a fitted estimator against its data, and save both as an artifact."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError

from ..artifact.files import COMPILED, ESTIMATOR, EXAMPLE, GOLDEN, MANIFEST, MODULES
from ..artifact.golden import agree
from ..artifact.manifest import Manifest, running_libraries, sha256
from ..artifact.write import write
from ..choice import choose, choose_the_example, is_of_the_project
from ..errors import ArtifactExists, BadPrediction, EstimatorError, EvaluationError, reason
from ..progress import Progress, silent
from ..runtime.inputs import as_fitted, rows_of
from ..runtime.prediction import Predictor
from ..runtime.sklearn import FittedEstimator
from ..schema.outputs import Array, Output, name_of
from ..schema.signature import Row, Signature, Value, is_text
from .evaluation import numbers_of, scores_of
from .fitted import training_frame
from .infer_signature import Corrections, infer_signature
from .own_modules import distributions_of, main_sentence, modules_of, zip_of_own
from .tasks import outputs_of, task_of

GOLDEN_ROWS = 16
ROWS_PER_CALL = 10_000
MAX_COMPILED_BYTES = 2**27  # of the pickle; the conversion takes many times as much memory
UNSEEN = "a text that is in no data"

HELD_OUT = "held-out rows, according to the author"
GIVEN = "the rows given to packaging, which may be training rows"


def save(
    estimator: Any,
    X: Any,  # noqa: N803
    path: Path | str,
    y: Any = None,
    *,
    name: str | None = None,
    version: str = "1",
    corrections: Corrections | None = None,
    metrics: Mapping[str, float] | None = None,
    replace: bool = False,
    compile: bool = True,  # noqa: A002
    example: bool = False,
    progress: Progress = silent,
) -> Manifest:
    """Check a fitted estimator against its data, and write the artifact that the services serve.

    If the folder is `artifact/` of the project, `model/artifact.toml` then names the model.

    Args:
        X: the training data, or rows like them: a DataFrame, an array of (n_rows, n_features), or n_rows strings. The
            signature is inferred from them, and some of the rows become the golden rows.
        path: the artifact's folder.
        y: the target of these rows, for scores: (n_rows,) or (n_rows, n_outputs). The columns of a DataFrame name
            several outputs.
        name: the model's name; None takes the name of the folder.
        corrections: what the data cannot tell, by feature; see `infer_signature`.
        metrics: scores on held-out rows, in place of scores on `y`.
        replace: replace an existing artifact, in one step.
        compile: compile the estimator if that is possible within the bounds of docs/your-model.md.
        example: mark the model as the example of this repository: the services say that it is not yours.
        progress: called with the step, the amount done and the total.
    Raises: EstimatorError, SignatureError, EvaluationError, ArtifactExists. Nothing is written in these cases.
    """
    path = Path(path)
    name = path.name if name is None else name
    if path.exists() and not path.is_dir():
        raise ArtifactExists(f"{path} is not a folder, so it is not replaced")
    if path.exists() and any(path.iterdir()) and not (path / MANIFEST).exists():
        raise ArtifactExists(f"{path} is not an artifact, so it is not replaced")
    if path.exists() and not replace:
        raise ArtifactExists(f"{path} already exists")
    if not (is_text(name) and is_text(version)):
        raise EstimatorError("the name and the version must be strings without half of a surrogate pair")
    if isinstance(estimator, type) or not callable(getattr(estimator, "predict", None)):
        raise EstimatorError(_no_estimator(estimator))

    frame, fitted_on = training_frame(estimator, X)
    signature = infer_signature(frame, corrections, fitted_on)
    target = None if y is None else _target_frame(y, len(frame))
    predicted, probabilities = _predicted(estimator, frame, signature, progress)
    outputs = outputs_of(estimator, predicted, probabilities, _names_of(target))
    _check_finite(estimator, predicted, probabilities)

    golden = _golden(estimator, frame, signature, outputs, predicted, probabilities)
    _check_what_is_not_in_the_data(_predictor(estimator, signature, outputs), frame, signature)
    task = task_of(estimator)
    scores = None if target is None else scores_of(task, outputs, target, predicted, probabilities)
    scored_on = None if scores is None else GIVEN
    if metrics is not None:
        scores, scored_on = _checked_scores(metrics), HELD_OUT

    # A plain pickle: `joblib.load` opens it, and `modules_of` can list its imports.
    pickled = _pickled(estimator)
    modules = _modules_of(estimator, pickled)
    # Imported late: the images lack skl2onnx, and a module of the author that they import may import `save`.
    from ..onnx_export.parity_gate import compiled

    targets = pd.DataFrame(predicted) if target is None else target
    spreads, deviations = _scales(outputs, targets, np.ptp), _scales(outputs, targets, np.std)
    answers = (predicted, probabilities)
    reason_against = _reason_against_compiling(compile, pickled)
    result = compiled(estimator, frame, signature, outputs, answers, deviations, progress, reason_against)
    files = {
        ESTIMATOR: pickled,
        GOLDEN: _json({**golden, "spreads": spreads, "deviations": deviations}),
        EXAMPLE: example_request(signature),
    }
    if own := zip_of_own(modules):
        files[MODULES] = own
    if result.graph:
        files[COMPILED] = result.graph
    manifest = Manifest(
        name=name,
        version=version,
        task=task,
        signature=signature,
        outputs=outputs,
        metrics=scores,
        scored_on=scored_on,
        libraries=running_libraries(distributions_of(modules)),
        modules=modules,
        parity=result.parity,
        labels_are_likeliest=result.labels_are_likeliest,
        files={file: sha256(content) for file, content in files.items()},
        example=example,
    ).with_content_digest()
    content = manifest.to_bytes()
    write(path, {**files, MANIFEST: content}, progress)
    if is_of_the_project(path):
        if example:
            choose_the_example()
        else:
            choose(manifest.name, manifest.version, sha256(content))
    return manifest


def example_request(signature: Signature) -> bytes:
    """A valid request body."""
    return _json({"instances": [signature.example]})


def _no_estimator(found: Any) -> str:
    if isinstance(found, type):
        return f"{found.__name__} is a class: pass a fitted instance"
    sentence = f"{name_of(found)} has no predict: there is nothing to serve"
    inside = [key for key, value in found.items() if hasattr(value, "predict")] if isinstance(found, dict) else []
    return f"{sentence}; the object under {inside[0]!r} has one: pass that object" if inside else sentence


def _target_frame(y: Any, n_rows: int) -> pd.DataFrame:
    if isinstance(y, pd.DataFrame):
        target = y
    elif isinstance(y, pd.Series):
        target = y.to_frame("target" if y.name is None else y.name)
    elif np.ndim(y) not in (1, 2):
        raise EvaluationError(f"the target has {np.ndim(y)} dimensions: pass one or more values for each row")
    else:
        target = pd.DataFrame(np.asarray(y))
        target.columns = pd.Index(["target"] if target.shape[1] == 1 else [f"y{index}" for index in target.columns])
    if len(target) != n_rows:
        raise EstimatorError(f"the target has {len(target)} rows, but the data have {n_rows}")
    return target.reset_index(drop=True)


def _names_of(target: pd.DataFrame | None) -> list[str] | None:
    return None if target is None else list(target.columns)


def _predicted(estimator: Any, frame: pd.DataFrame, signature: Signature, progress: Progress) -> tuple[Any, Any]:
    """The arrays of `predict` and of `predict_proba` for all rows; None without `predict_proba`."""
    has_probabilities = hasattr(estimator, "predict_proba")
    predicted, probabilities = [], []
    for start in range(0, len(frame), ROWS_PER_CALL):
        progress("predicting", start, len(frame))
        rows = frame.iloc[start : start + ROWS_PER_CALL]
        given = as_fitted(rows, signature)
        try:
            predicted.append(np.asarray(estimator.predict(given)))
            probabilities.append(_tables(estimator.predict_proba(given)) if has_probabilities else None)
        except NotFittedError:
            raise EstimatorError(f"{name_of(estimator)} is not fitted: call fit first") from None
        except Exception as error:  # an estimator may raise anything
            raise EstimatorError(f"{name_of(estimator)} cannot predict these data: {reason(error)}") from error
        if np.shape(predicted[-1])[:1] != (len(rows),):
            raise EstimatorError(
                f"{name_of(estimator)} predicts an array of shape {np.shape(predicted[-1])} for {len(rows)} rows"
            )
    progress("predicting", len(frame), len(frame))
    return np.concatenate(predicted), _concatenated(probabilities) if has_probabilities else None


def _tables(probabilities: Any) -> Any:
    """One array, or a list of arrays if each of several outputs has its own."""
    if isinstance(probabilities, list) and np.ndim(probabilities[0]) == 2:
        return [np.asarray(table) for table in probabilities]
    return np.asarray(probabilities)


def _concatenated(parts: list[Any]) -> Any:
    if isinstance(parts[0], list):  # one array for each of several outputs
        return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
    return np.concatenate(parts)


def _check_finite(estimator: Any, predicted: Array, probabilities: Any) -> None:
    arrays = [predicted, *(probabilities if isinstance(probabilities, list) else [probabilities])]
    numbers = [array.reshape(len(array), -1) for array in arrays if array is not None and array.dtype.kind == "f"]
    if not numbers:
        return
    is_finite = np.isfinite(np.hstack(numbers)).all(axis=1)
    if not is_finite.all():
        raise EstimatorError(
            f"{name_of(estimator)} predicts NaN or infinity for {(~is_finite).sum()} of {len(is_finite)} rows, "
            f"first for row {int(np.argmin(is_finite))}"
        )


def _golden(
    estimator: Any,
    frame: pd.DataFrame,
    signature: Signature,
    outputs: Sequence[Output],
    predicted: Array,
    probabilities: Any,
) -> dict[str, Any]:
    """Rows from all parts of the data in their JSON form, with their predictions.

    Raises: EstimatorError if the JSON form of a row is predicted differently from the row itself.
    """
    predictor = _predictor(estimator, signature, outputs)
    chosen = np.unique(np.linspace(0, len(frame) - 1, GOLDEN_ROWS).astype(int))
    rows = rows_of(frame.iloc[chosen], signature)
    try:
        predictions = predictor.predict(rows)
        expected = predictor.predictions_of(len(chosen), predicted[chosen], _rows(probabilities, chosen))
    except BadPrediction as error:
        raise EstimatorError(f"the estimator's predictions cannot be served: {error}") from error
    spreads = _scales(outputs, pd.DataFrame(predicted), np.ptp)
    for row, pair in zip(chosen, zip(expected, predictions, strict=True), strict=True):
        if not agree(*pair, scales=spreads):
            raise EstimatorError(f"row {row} is predicted differently when its values come from JSON")
    return {"rows": rows, "predictions": predictions}


def _rows(probabilities: Any, chosen: Array) -> Any:
    if isinstance(probabilities, list):
        return [array[chosen] for array in probabilities]
    return None if probabilities is None else probabilities[chosen]


def _check_what_is_not_in_the_data(predictor: Predictor, frame: pd.DataFrame, signature: Signature) -> None:
    """Predict every value that the signature allows and the data lack: null, categories, any text."""
    example = list(signature.example.values())
    for index, feature in enumerate(signature.features):
        column = frame[feature.name]
        present = {*column.dropna().unique()} if feature.categories else set()
        absent: list[Value] = [category for category in feature.categories if category not in present]
        if feature.nullable and not column.isna().any():
            absent.append(None)
        if feature.kind == "text":
            absent.append(UNSEEN)
        for value in absent:
            row: Row = [*example[:index], value, *example[index + 1 :]]
            try:
                predictor.predict([row])
            except Exception as error:  # an estimator may raise anything
                what = "null" if value is None else "any text" if value == UNSEEN else f"the category {value!r}"
                raise EstimatorError(
                    f"the signature allows {what} for the feature {feature.name!r}, which is not in the data, and the "
                    f"estimator fails on it: {reason(error)}"
                ) from error


def _predictor(estimator: Any, signature: Signature, outputs: Sequence[Output]) -> Predictor:
    return Predictor(FittedEstimator(estimator, signature, outputs), outputs)


def _scales(outputs: Sequence[Output], values: pd.DataFrame, measure: Callable[[Array], Any]) -> list[float | None]:
    """The spread of the values of each output; 1 if all are equal, None for labels."""
    columns = [values.iloc[:, index].dropna() for index in range(len(outputs))]
    return [
        None if output.is_label else float(measure(numbers_of(column))) or 1.0
        for output, column in zip(outputs, columns, strict=True)
    ]


def _checked_scores(metrics: Mapping[str, float]) -> dict[str, float]:
    """The scores as plain floats, because JSON has neither NaN nor the numbers of numpy."""
    for name, score in metrics.items():
        if not isinstance(score, Real) or not isfinite(score):
            raise EvaluationError(f"the score {name!r} is not a finite number")
    return {name: float(score) for name, score in metrics.items()}


def _pickled(estimator: Any) -> bytes:
    try:
        return pickle.dumps(estimator)
    except Exception as error:  # an object may refuse to be pickled by any exception
        # cloudpickle and dill store functions of a notebook in the file; pickle finds them by name, or not at all.
        if name := re.search(r"lookup (\S+) on __main__|not found as __main__\.(\S+)", str(error)):
            raise EstimatorError(main_sentence(name[1] or name[2])) from None
        raise EstimatorError(f"{name_of(estimator)} cannot be pickled: {reason(error)}") from error


def _modules_of(estimator: Any, pickled: bytes) -> tuple[str, ...]:
    try:
        return modules_of(pickled)
    except EstimatorError:
        raise
    except Exception as error:  # a pickle may raise anything: it is a program
        raise EstimatorError(
            f"{name_of(estimator)} can be pickled, but its pickle cannot be opened: {reason(error)}"
        ) from error


def _reason_against_compiling(is_wanted: bool, pickled: bytes) -> str | None:
    if not is_wanted:
        return "compiling was switched off"
    if len(pickled) > MAX_COMPILED_BYTES:
        return f"its pickle has {len(pickled) >> 20} MiB, and at most {MAX_COMPILED_BYTES >> 20} MiB are compiled"
    return None


def _json(document: object) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise EstimatorError("the data contain half of a surrogate pair, which JSON cannot express") from None
