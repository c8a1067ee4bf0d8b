"""Swagger UI at /docs, from installed files: no browser has to reach a CDN."""

from __future__ import annotations

from importlib.resources import files

from flask import Blueprint, Response, abort, send_from_directory

ASSETS = str(files("flask_swagger_ui") / "dist")
NAMES = {"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"}

# Relative addresses also work under a path prefix.
PAGE = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>Swagger UI</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="shortcut icon" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true})</script>
</body>
</html>
"""

docs_routes = Blueprint("docs", __name__)


@docs_routes.get("/docs")
def docs() -> str:
    return PAGE


@docs_routes.get("/docs/<name>")
def asset(name: str) -> Response:
    if name not in NAMES:
        abort(404)
    return send_from_directory(ASSETS, name)
