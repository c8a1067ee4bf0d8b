"""Swagger UI at /docs, from files that are installed here: no browser has to reach a CDN."""

from __future__ import annotations

from importlib.resources import files
from mimetypes import guess_type

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

ASSETS = files("fastapi_swagger") / "resources"

docs_routes = APIRouter(include_in_schema=False)


@docs_routes.get("/docs")
async def docs() -> HTMLResponse:
    # Relative addresses hold behind a path prefix too.
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Swagger UI",
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/favicon-32x32.png",
    )


@docs_routes.get("/docs/swagger-ui-bundle.js")
@docs_routes.get("/docs/swagger-ui.css")
@docs_routes.get("/docs/favicon-32x32.png")
async def asset(request: Request) -> Response:
    # Whole, whatever the request's Range or validators say.
    name = request.url.path.removeprefix("/docs/")
    return Response((ASSETS / name).read_bytes(), media_type=guess_type(name)[0])
