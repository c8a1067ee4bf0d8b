"""Whatever is raised becomes a problem document here; the middleware hands over what no handler has caught."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from serve_core.problems import MEDIA_TYPE, InternalError, MethodNotAllowed, ModelFailed, NotFound, Refusal

logger = structlog.get_logger("serve.errors")


def add_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _not_routed)


def problem_response(refusal: Refusal, request_id: str) -> Response:
    if isinstance(refusal, ModelFailed | InternalError):
        logger.error(refusal.code, exc_info=refusal.__cause__)
    return Response(
        refusal.body(request_id), status_code=refusal.status, headers=dict(refusal.headers), media_type=MEDIA_TYPE
    )


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return problem_response(refusal, request.state.request_id)


async def _not_routed(request: Request, error: Exception) -> Response:
    """The router knows two refusals of its own."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405 and error.headers:
        return await _refused(request, MethodNotAllowed(error.headers["Allow"].split(", ")))
    if error.status_code == 404:
        return await _refused(request, NotFound())
    raise error
