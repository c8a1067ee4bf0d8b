"""Turns every error that a view raises into a problem document."""

from __future__ import annotations

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, got_request_exception
from werkzeug import exceptions
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from serve_core.wire.problems import (
    MEDIA_TYPE,
    HttpError,
    InternalError,
    MethodNotAllowed,
    ModelFailed,
    NotFound,
    Refusal,
)

logger = structlog.get_logger("serve.errors")


def add_error_handlers(app: Flask | Blueprint) -> None:
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _failed)


def _refused(refusal: Refusal) -> Response:
    if isinstance(refusal, ModelFailed | InternalError):
        logger.error(refusal.code, exc_info=refusal.__cause__)
    return Response(refusal.body(), status=refusal.status, headers=dict(refusal.headers), mimetype=MEDIA_TYPE)


def _http_error(error: HTTPException) -> Response | AnyResponse:
    """An error that a view, an extension or Werkzeug raised, with its own status and headers."""
    response = error.get_response()
    if error.response or response.status_code < 400:  # `abort(response)` or a redirect
        return response
    if isinstance(error, exceptions.MethodNotAllowed) and error.valid_methods:
        return _refused(MethodNotAllowed(error.valid_methods))
    has_own_words = error.description != _werkzeugs_words(response.status_code)
    if isinstance(error, exceptions.NotFound) and not has_own_words:
        return _refused(NotFound())
    headers = {name: ", ".join(response.headers.getlist(name)) for name, _ in response.headers}
    del headers["Content-Type"], headers["Content-Length"]  # of Werkzeug's page
    return _refused(HttpError(response.status_code, error.description if has_own_words else None, headers))


def _werkzeugs_words(status: int) -> str | None:
    """The default description of an exception with this status; `abort` is the documented way to its class."""
    try:
        abort(status)
    except HTTPException as error:
        return error.description
    except LookupError:  # a status that Werkzeug has no exception for
        return None


def _failed(error: Exception) -> Response:
    """A bug. As in Flask itself, extensions hear of it, and a test gets the exception."""
    got_request_exception.send(current_app._get_current_object(), exception=error)  # type: ignore[attr-defined]
    if current_app.testing:
        raise error
    failure = InternalError()
    failure.__cause__ = error
    return _refused(failure)
