"""Swagger UI at /docs, from files that are installed here: no browser has to reach a CDN."""

from __future__ import annotations

from importlib.resources import files

from flask import Blueprint, Response, request, send_from_directory

ASSETS = files("flask_swagger_ui") / "dist"

# Relative addresses hold behind a path prefix too.
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


@docs_routes.get("/docs/swagger-ui-bundle.js")
@docs_routes.get("/docs/swagger-ui.css")
@docs_routes.get("/docs/favicon-32x32.png")
def asset() -> Response:
    # Whole, whatever the request's Range or validators say.
    return send_from_directory(str(ASSETS), request.path.removeprefix("/docs/"), conditional=False)
