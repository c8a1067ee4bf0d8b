"""The minimal route with the features of FastAPI that the service uses: what they cost without a model.

A route class that parses the body, a declared body, a dependency, a router, and a middleware that counts requests.
"""

import random
from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .minimal_fastapi import ANSWER, PredictRequest

SECONDS = Histogram("request_seconds", "From the request's headers to its answer.")


class JsonRequest(Request):
    async def json(self) -> Any:
        return orjson.loads(await self.body())


class JsonRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handle_json


class CountRequests:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request_id = f"{random.getrandbits(128):032x}".encode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-request-id", request_id))
            await send(message)

        await self._app(scope, receive, send_with_id)
        SECONDS.observe(perf_counter() - started)


async def answer_of(request: Request) -> bytes:
    answer: bytes = request.app.state.answer
    return answer


routes = APIRouter(route_class=JsonRoute)


@routes.post("/predict")
async def predict(_body: PredictRequest, answer: Annotated[bytes, Depends(answer_of)]) -> Response:
    return Response(answer, media_type="application/json")


app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
app.state.answer = ANSWER
app.add_middleware(CountRequests)
app.include_router(routes)
