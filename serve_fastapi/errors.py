"""Turns every error that a route raises into a problem document."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from serve_core.wire.problems import (
    MEDIA_TYPE,
    HttpError,
    InternalError,
    MethodNotAllowed,
    ModelFailed,
    NotFound,
    Refusal,
    allowed,
)

from .validation import invalid_request

logger = structlog.get_logger("serve.errors")


def add_error_handlers(app: FastAPI) -> None:
    app.exception_handler(Refusal)(_refused)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(Exception)(_failed)


def problem_response(refusal: Refusal) -> Response:
    if isinstance(refusal, ModelFailed | InternalError):
        logger.error(refusal.code, exc_info=refusal.__cause__)
    return Response(
        refusal.body(),
        status_code=refusal.status,
        headers=dict(refusal.headers),
        media_type=MEDIA_TYPE,
    )


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return problem_response(refusal)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(invalid_request(error.errors()))


async def _http_error(request: Request, error: Exception) -> Response:
    """An error that a route, a dependency or the router raised, with its own status and headers."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=headers)
    if error.status_code == 405 and "Allow" in headers:
        methods = headers["Allow"].split(", ")
        if request.method == "OPTIONS":  # every path answers OPTIONS
            return HTMLResponse(headers={"Allow": allowed(methods)})
        return problem_response(MethodNotAllowed(methods))
    if error.status_code == 404 and error.detail == "Not Found" and not headers:  # nobody's own words
        return problem_response(NotFound())
    return problem_response(HttpError(error.status_code, error.detail, headers))


async def _failed(_: Request, error: Exception) -> Response:
    failure = InternalError()
    failure.__cause__ = error
    return problem_response(failure)
