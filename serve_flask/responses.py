"""Bytes that are JSON, as Flask sends them."""

from __future__ import annotations

from flask import Response


class JSON(Response):
    default_mimetype = "application/json"
