"""Every refusal as an RFC 9457 problem document, in the order of the checks: the first match wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

import orjson

from ..telemetry.access import current_request_id
from .faults import Fault

MEDIA_TYPE = "application/problem+json"

# Python's phrases differ between its versions, and those of the frameworks differ from each other.
_TITLES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",
    422: "Unprocessable Content",
    499: "Client Closed Request",
}
RETRY_AFTER_S = 1
MAX_FAULTS = 100


class Refusal(Exception):
    """A request that is answered with a problem document. The subclasses are the rows of the refusal table.

    Attributes:
        code: stable, for programs; `detail` is a sentence for a person and may change.
    """

    status: int
    code: str
    detail: str

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.detail
        super().__init__(self.detail)

    @property
    def headers(self) -> Mapping[str, str]:
        return {}

    def members(self) -> dict[str, Any]:
        """Further members of the problem document."""
        return {}

    def body(self) -> bytes:
        request_id = current_request_id()
        return orjson.dumps(
            {
                "type": "about:blank",
                "title": title_of(self.status),
                "status": self.status,
                "code": self.code,
                "detail": self.detail,
                **({"request_id": request_id} if request_id else {}),
                **self.members(),
            }
        )


class HttpError(Refusal):
    """An error that a route, an extension or the framework itself raised, with its own status and headers."""

    def __init__(self, status: int, detail: object, headers: Mapping[str, str] | None = None) -> None:
        """
        Args:
            detail: the author's words, or another value, of which the problem has the JSON text; if there are none, the
                title of the status.
        """
        self.status = status
        self.code = title_of(status).lower().replace(" ", "_").replace("-", "_").replace("'", "")
        self._headers = headers or {}
        words = detail if isinstance(detail, str | None) else orjson.dumps(detail, default=str).decode()
        super().__init__(words or title_of(status))

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers


class NotFound(Refusal):
    status, code = 404, "not_found"
    detail = "There is nothing at this path; /openapi.json lists the paths there are."


class MethodNotAllowed(Refusal):
    status, code = 405, "method_not_allowed"

    def __init__(self, methods: Iterable[str]) -> None:
        self._allow = allowed(methods)
        super().__init__(f"This path answers {self._allow} only.")

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Allow": self._allow}


class UnsupportedMediaType(Refusal):
    status, code = 415, "unsupported_media_type"
    detail = "Send JSON with 'Content-Type: application/json'."


class UnsupportedContentEncoding(Refusal):
    status, code = 415, "unsupported_content_encoding"
    detail = "Send the body as it is, without a Content-Encoding."

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Accept-Encoding": "identity"}


class BodyTooLarge(Refusal):
    status, code = 413, "body_too_large"

    def __init__(self, max_body_bytes: int) -> None:
        super().__init__(f"The body is longer than {max_body_bytes} bytes; send fewer instances at a time.")


class MalformedBody(Refusal):
    """Not JSON as `json_profile` defines it; the code names the broken rule."""

    status = 400

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)


class IncompleteBody(MalformedBody):
    def __init__(self) -> None:
        super().__init__("incomplete_body", "The body ended before it was complete, or its framing is broken.")


class InvalidEnvelope(Refusal):
    """JSON that is not `{"instances": [...]}` with a valid number of instances."""

    status = 422
    details: ClassVar = {
        "not_an_object": 'The body must be an object: {"instances": [...]}.',
        "missing_instances": 'The body has no "instances".',
        "instances_not_an_array": '"instances" must be an array of objects.',
        "no_instances": '"instances" is empty; send at least one.',
        "too_many_instances": '"instances" is longer than the service takes; send fewer at a time.',
    }

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(self.details[code])


class InvalidRequest(Refusal):
    """Faults in a request: the first hundred, in order."""

    status, code = 422, "invalid_request"
    part = "the request"

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Take at most `MAX_FAULTS` + 1 from `faults`, so that a hostile body is not searched to its end."""
        self.faults: list[Fault] = []
        self.truncated = False
        for fault in faults:
            if len(self.faults) == MAX_FAULTS:
                self.truncated = True
                break
            self.faults.append(fault)
        n_instances = len({fault.instance for fault in self.faults if fault.instance is not None})
        super().__init__(
            f"{'More than ' if self.truncated else ''}{_count(len(self.faults), 'fault')} "
            f"in {_count(n_instances, 'instance') if n_instances else self.part}"
        )

    def members(self) -> dict[str, Any]:
        errors = [{**fault.place, "code": fault.code, "detail": fault.detail} for fault in self.faults]
        return {"errors": errors, "truncated": True} if self.truncated else {"errors": errors}


class InvalidInstances(InvalidRequest):
    """Faults in the instances of `POST /predict`, or members beside them."""

    code = "invalid_instances"
    part = "the body"


class Unavailable(Refusal):
    """The request is fine; another worker may answer it, or this one later."""

    status = 503

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(RETRY_AFTER_S)}


class NotReady(Unavailable):
    code, detail = "not_ready", "The service is starting."


class ShuttingDown(Unavailable):
    code, detail = "shutting_down", "The service is shutting down."


class ModelBusy(Unavailable):
    code, detail = "model_busy", "The model has been busy with one call for longer than a request may wait."


class QueueFull(Unavailable):
    code, detail = "queue_full", "The queue is full; try again later."


class DeadlinePassed(Refusal):
    status, code = 504, "deadline_passed"

    def __init__(self, deadline_ms: int) -> None:
        super().__init__(f"No prediction was made within {deadline_ms} ms.")


class ClientLeft(Refusal):
    """Only metrics and logs show it, because the client has gone. nginx uses the same status."""

    status, code = 499, "client_left"
    detail = "The client closed the connection before there was an answer."


class ModelFailed(Refusal):
    """The estimator raised an exception or returned an unusable value; raised `from` the cause."""

    status, code = 500, "model_failed"
    detail = "The model could not predict this; the log has the reason under the request id."


class InternalError(Refusal):
    """A bug in the service; raised `from` the cause."""

    status, code = 500, "internal_error"
    detail = "The service failed; the log has the reason under the request id."


def title_of(status: int) -> str:
    """The reason phrase of RFC 9110 and its registry; "Error" for an unregistered status."""
    return _TITLES.get(status, "Error")


def allowed(methods: Iterable[str]) -> str:
    """The value of `Allow`: a path that answers GET also answers HEAD, and every path answers OPTIONS."""
    answered = {*methods, "OPTIONS"}
    return ", ".join(sorted(answered | {"HEAD"} if "GET" in answered else answered))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
