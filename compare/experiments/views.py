"""What a framework does beside answering JSON: async views, pages from templates, an application in another."""

from __future__ import annotations

from importlib.util import find_spec

from fastapi import FastAPI
from fastapi.templating import Jinja2Templates
from flask import Flask, render_template_string
from jinja2 import DictLoader, Environment
from starlette.requests import Request
from starlette.responses import Response

from .clients import ask

PAGE = "<h1>{{ label }}</h1>"


def async_views() -> dict[str, float]:
    """Whether Flask answers from an async view: as it is installed here, and where asgiref is."""
    app = Flask(__name__)

    @app.get("/")
    async def hello() -> str:
        return "hello"

    answers = app.test_client().get("/").status_code == 200
    has_extra = find_spec("asgiref") is not None
    return {"answers": float(answers), "has_extra": float(has_extra)}


def templates() -> dict[str, float]:
    """Whether both make the same page of the same template."""
    flask, fastapi = Flask(__name__), FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
    pages = Jinja2Templates(env=Environment(loader=DictLoader({"page": PAGE}), autoescape=True))

    @flask.get("/")
    def page() -> str:
        return render_template_string(PAGE, label="<b>")

    @fastapi.get("/")
    def same_page(request: Request) -> Response:
        return pages.TemplateResponse(request, "page", {"label": "<b>"})

    answered = ask(fastapi, "GET", "/").text
    return {"fastapi_same_page": float(answered == flask.test_client().get("/").text == "<h1>&lt;b&gt;</h1>")}
