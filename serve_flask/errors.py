"""Whatever is raised becomes a problem document here, and only here."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g
from werkzeug.exceptions import MethodNotAllowed as UnknownMethod
from werkzeug.exceptions import NotFound as UnknownPath

from serve_core.problems import MEDIA_TYPE, InternalError, MethodNotAllowed, ModelFailed, NotFound, Refusal

logger = structlog.get_logger("serve.errors")


def add_error_handlers(app: Flask) -> None:
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(UnknownPath, lambda _: _refused(NotFound()))
    app.register_error_handler(UnknownMethod, lambda error: _refused(MethodNotAllowed(error.valid_methods or ())))
    app.register_error_handler(Exception, _failed)


def _refused(refusal: Refusal) -> Response:
    if isinstance(refusal, ModelFailed | InternalError):
        logger.error(refusal.code, exc_info=refusal.__cause__)
    return Response(
        refusal.body(g.request_id), status=refusal.status, headers=dict(refusal.headers), mimetype=MEDIA_TYPE
    )


def _failed(error: Exception) -> Response:
    failure = InternalError()
    failure.__cause__ = error
    return _refused(failure)
