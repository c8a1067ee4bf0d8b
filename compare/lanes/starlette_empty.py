"""Starlette with an endpoint that does nothing: Flask's peer, because only FastAPI adds validation."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def predict(_: Request) -> JSONResponse:
    return JSONResponse({"hello": "world"})


app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
