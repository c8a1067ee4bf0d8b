"""What a framework does besides JSON: async views, pages from templates, one application inside another."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from threading import Barrier
from time import perf_counter

from fastapi import FastAPI
from fastapi.templating import Jinja2Templates
from flask import Flask, render_template_string
from jinja2 import DictLoader, Environment
from starlette.requests import Request
from starlette.responses import Response

from .clients import ask
from .installed import needed_by

PAGE = "<h1>{{ label }}</h1>"
AT_ONCE = 4
CALLS = 200
PATIENCE_S = 5.0


def async_views() -> dict[str, float]:
    """Whether Flask answers from an async view without and with asgiref, and its time compared with a plain view.

    `share_of_a_loop`: the share of simultaneous views that share an event loop with another one.
    """
    import_module("asgiref.sync")
    app, loops = Flask(__name__), []
    app.logger.disabled = True  # without asgiref the view is an error, which is counted
    all_there = Barrier(AT_ONCE)

    @app.get("/plain")
    def plain() -> str:
        return "hello"

    @app.get("/async")
    async def not_plain() -> str:
        return "hello"

    @app.get("/waits")
    async def waits() -> str:
        loops.append(id(asyncio.get_running_loop()))
        all_there.wait(PATIENCE_S)  # in one loop the other views would not start, and the barrier would break
        return "hello"

    def status(path: str) -> int:
        return app.test_client().get(path).status_code

    with _without("asgiref.sync"):
        answers_without = status("/async") == 200
    answers_with = status("/async") == 200
    with ThreadPoolExecutor(AT_ONCE) as clients:
        list(clients.map(status, ["/waits"] * AT_ONCE))
    return {
        "answers_without_extra": float(answers_without),
        "answers_with_extra": float(answers_with),
        "share_of_a_loop": sum(loops.count(each) > 1 for each in loops) / AT_ONCE,
        "time_in_plain_views": _time_s(lambda: status("/async")) / _time_s(lambda: status("/plain")),
    }


def templates() -> dict[str, float]:
    """Whether both render the same page from the same template, and how many packages each needs for it."""
    flask, fastapi = Flask(__name__), FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
    pages = Jinja2Templates(env=Environment(loader=DictLoader({"page": PAGE}), autoescape=True))

    @flask.get("/")
    def page() -> str:
        return render_template_string(PAGE, label="<b>")

    @fastapi.get("/")
    def same_page(request: Request) -> Response:
        return pages.TemplateResponse(request, "page", {"label": "<b>"})

    answered = ask(fastapi, "GET", "/").text
    return {
        "fastapi_same_page": float(answered == flask.test_client().get("/").text == "<h1>&lt;b&gt;</h1>"),
        "fastapi_packages": float(len(needed_by("fastapi", "jinja2") - needed_by("fastapi"))),
        "flask_packages": float(len(needed_by("flask", "jinja2") - needed_by("flask"))),
    }


def together() -> dict[str, float]:
    """Whether a Flask application answers below a path of a FastAPI application and both work, and what this needs."""
    flask, fastapi = Flask(__name__), FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @flask.get("/hello")
    def hello_of_flask() -> str:
        return "Flask"

    @fastapi.get("/hello")
    def hello_of_fastapi() -> str:
        return "FastAPI"

    fastapi.mount("/old", import_module("a2wsgi").WSGIMiddleware(flask))
    return {
        "flask_answers": float(ask(fastapi, "GET", "/old/hello").text == "Flask"),
        "fastapi_answers": float(ask(fastapi, "GET", "/hello").json() == "FastAPI"),
        "packages": float(len(needed_by("a2wsgi") - needed_by("fastapi") - needed_by("flask"))),
    }


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Hides the package, as if it were not installed."""
    found = sys.modules[module]
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules[module] = found


def _time_s(call: Callable[[], object]) -> float:
    started_s = perf_counter()
    for _ in range(CALLS):
        call()
    return perf_counter() - started_s
