"""A dozen faults that a developer might make, the same in both services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plant:
    """A fault: `wrong` replaces every `right` in the file."""

    file: str
    right: str
    wrong: str

    def put_into(self, service: Path) -> None:
        """Raises: ValueError if the file does not contain `right`."""
        path = service / self.file
        code = path.read_text()
        if self.right not in code:
            raise ValueError(f"{path} has no {self.right!r}: the service has changed, so must the fault.")
        path.write_text(code.replace(self.right, self.wrong))


FAULTS: Mapping[str, Mapping[str, Plant]] = {
    "a misspelt name": {
        "fastapi": Plant("routes.py", "documents.model_document", "documents.model_documen"),
        "flask": Plant("routes.py", "documents.model_document", "documents.model_documen"),
    },
    "another document of the same type": {
        "fastapi": Plant("routes.py", 'Status(status="ready")', 'Status(status="alive")'),
        "flask": Plant("routes.py", "documents.READY", "documents.ALIVE"),
    },
    "a path with a letter too many": {
        "fastapi": Plant("routes.py", '"/model"', '"/models"'),
        "flask": Plant("routes.py", '"/model"', '"/models"'),
    },
    "a call without an argument": {
        "fastapi": Plant("routes.py", "(predictions, service.model)", "(predictions)"),
        "flask": Plant("routes.py", "(predictions_of(rows), current.service.model)", "(predictions_of(rows))"),
    },
    "rows where predictions are due": {
        "fastapi": Plant("routes.py", "(predictions, service.model)", "(body.rows(), service.model)"),
        "flask": Plant("routes.py", "(predictions_of(rows), current", "(rows, current"),
    },
    "unknown keys are taken": {
        "fastapi": Plant("validation.py", 'extra="forbid"', 'extra="ignore"'),
        "flask": Plant("validation.py", "len(instance) != len(columns)", "len(instance) < len(columns)"),
    },
    "null is taken everywhere": {
        "fastapi": Plant("validation.py", "if feature.nullable:", "if feature:"),
        "flask": Plant("validation.py", "value is None and feature.nullable", "value is None"),
    },
    "a boolean is taken for a number": {
        "fastapi": Plant("validation.py", "strict=True", "strict=False"),
        "flask": Plant(
            "validation.py", "isinstance(value, bool) or not isinstance(value, int", "not isinstance(value, int"
        ),
    },
    "a limit is off by one": {
        "fastapi": Plant("body.py", "n_bytes > max_body_bytes", "n_bytes >= max_body_bytes"),
        "flask": Plant("body.py", "len(body) > max_body_bytes", "len(body) >= max_body_bytes"),
    },
    "two arguments of one type are swapped": {
        "fastapi": Plant("body.py", 'headers.get("content-type"), encodings', 'encodings, headers.get("content-type")'),
        "flask": Plant(
            "body.py",
            'request.content_type, request.headers.get("Content-Encoding")',
            'request.headers.get("Content-Encoding"), request.content_type',
        ),
    },
    "every refusal has one status": {
        "fastapi": Plant("errors.py", "status_code=refusal.status", "status_code=400"),
        "flask": Plant("errors.py", "status=refusal.status", "status=400"),
    },
    "None where a text is due": {
        "fastapi": Plant("middleware.py", 'method=scope["method"]', "method=None"),
        "flask": Plant("middleware.py", "method=request.method", "method=None"),
    },
}
