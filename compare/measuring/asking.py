"""Sends one request on a new connection, and records the answer and its time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from time import perf_counter
from typing import Any

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Answer:
    """
    Attributes:
        status: 0 if there was no answer.
        retry_after: the header; None if it was not sent.
        took_s: counted from before the connection was opened.
    """

    status: int
    body: bytes
    retry_after: str | None
    took_s: float

    @property
    def code(self) -> str:
        """The code of a problem document; empty for any other answer."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return ""
        return str(document.get("code", "")) if isinstance(document, dict) else ""


def get(port: int, path: str) -> Answer:
    return _ask(port, "GET", path, None, {})


def predict(port: int, payload: bytes) -> Answer:
    return _ask(port, "POST", "/predict", payload, {"Content-Type": "application/json"})


def _ask(port: int, method: str, path: str, body: bytes | None, headers: dict[str, Any]) -> Answer:
    started_s = perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(), answer.getheader("Retry-After"), perf_counter() - started_s)
    except (OSError, HTTPException):
        return Answer(0, b"", None, perf_counter() - started_s)
    finally:
        connection.close()
