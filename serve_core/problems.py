"""Every refusal, in the order in which the first that applies answers, as an RFC 9457 problem document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import orjson

from .faults import Fault

MEDIA_TYPE = "application/problem+json"

# Python's own phrases differ between its versions, and the frameworks' between each other.
TITLES = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    499: "Client Closed Request",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
RETRY_AFTER_S = 1
MAX_FAULTS = 100


class Refusal(Exception):
    """A request that gets a problem document. Subclasses are the rows of the refusal table.

    Attributes:
        code: stable, for programs; `detail` is a sentence for a person and may change.
    """

    status: ClassVar[int]
    code: str
    detail: str

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.detail
        super().__init__(self.detail)

    @property
    def headers(self) -> Mapping[str, str]:
        return {}

    def members(self) -> dict[str, Any]:
        """What the problem document says beyond what every one says."""
        return {}

    def body(self, request_id: str) -> bytes:
        return orjson.dumps(
            {
                "type": "about:blank",
                "title": TITLES[self.status],
                "status": self.status,
                "code": self.code,
                "detail": self.detail,
                "request_id": request_id,
                **self.members(),
            }
        )


class NotFound(Refusal):
    status, code = 404, "not_found"
    detail = "There is nothing at this path; /openapi.json lists the paths there are."


class MethodNotAllowed(Refusal):
    status, code = 405, "method_not_allowed"

    def __init__(self, methods: Iterable[str]) -> None:
        self._allow = ", ".join(sorted(with_head(methods)))
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
    """Not JSON as `json_profile` has it; the code says which rule was broken."""

    status = 400

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)


class IncompleteBody(MalformedBody):
    def __init__(self) -> None:
        super().__init__("incomplete_body", "The body ended before it was complete, or its framing is broken.")


class InvalidEnvelope(Refusal):
    """JSON that is no `{"instances": [...]}` of a usable length."""

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


class InvalidInstances(Refusal):
    """Faults in fields: the first hundred of them, in order."""

    status, code = 422, "invalid_instances"

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Takes no more than `MAX_FAULTS` + 1 from `faults`, so that a hostile body is not searched to its end."""
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
            f"in {_count(n_instances, 'instance') if n_instances else 'the body'}"
        )

    def members(self) -> dict[str, Any]:
        errors = [{"pointer": fault.pointer, "code": fault.code, "detail": fault.detail} for fault in self.faults]
        return {"errors": errors, "truncated": True} if self.truncated else {"errors": errors}


class Unavailable(Refusal):
    """Nothing is wrong with the request: another worker or a later moment may answer it."""

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
    code, detail = "queue_full", "More requests are waiting than the service takes on."


class DeadlinePassed(Refusal):
    status, code = 504, "deadline_passed"

    def __init__(self, deadline_ms: int) -> None:
        super().__init__(f"No prediction was made within {deadline_ms} ms.")


class ClientLeft(Refusal):
    """Seen in metrics and logs alone: nobody is there to be told. The status is the one that nginx uses."""

    status, code = 499, "client_left"
    detail = "The client closed the connection before there was an answer."


class ModelFailed(Refusal):
    """The estimator raised or answered nonsense; raised `from` what it was."""

    status, code = 500, "model_failed"
    detail = "The model could not predict this; the log has the reason under the request id."


class InternalError(Refusal):
    """A bug of ours; raised `from` what it was."""

    status, code = 500, "internal_error"
    detail = "The service failed; the log has the reason under the request id."


def with_head(methods: Iterable[str]) -> set[str]:
    """HEAD on a GET route is GET without a body, on every path."""
    allowed = set(methods)
    return allowed | {"HEAD"} if "GET" in allowed else allowed


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
