"""Swagger UI at /docs, from installed files: no browser has to reach a CDN."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

ASSETS = Path(str(files("fastapi_swagger") / "resources"))
NAMES = {"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"}

docs_routes = APIRouter(include_in_schema=False)


@docs_routes.head("/docs")
@docs_routes.get("/docs")
async def docs() -> HTMLResponse:
    # Relative addresses also work under a path prefix.
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Swagger UI",
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/favicon-32x32.png",
    )


@docs_routes.head("/docs/{name}")
@docs_routes.get("/docs/{name}")
async def asset(name: str) -> FileResponse:
    if name not in NAMES:
        raise HTTPException(404)
    return FileResponse(ASSETS / name)
