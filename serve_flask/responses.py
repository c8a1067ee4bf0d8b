"""The answers of the views: JSON bytes as a Flask response."""

from __future__ import annotations

from flask import Response


class JsonBytes(Response):
    default_mimetype = "application/json"
