"""What "built in" is worth where somebody must be kept out: who checks a token, who notices a forged cookie."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.security import OAuth2PasswordBearer
from flask import Flask, session

from .clients import ask

# Not inside: FastAPI finds the names in annotations among those of the module.
SCHEME = OAuth2PasswordBearer(tokenUrl="token")


def oauth2() -> dict[str, float]:
    """Whether a route that asks for a token refuses a request without one, and one with a token of nobody's."""
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.get("/secret")
    def secret(token: Annotated[str, Depends(SCHEME)]) -> str:
        return token

    without = ask(app, "GET", "/secret").status_code
    forged = ask(app, "GET", "/secret", headers={"Authorization": "Bearer of nobody"}).status_code
    return {"fastapi_asks_for_tokens": float(without == 401), "fastapi_checks_tokens": float(forged == 401)}


def cookies() -> dict[str, float]:
    """Whether Flask's session takes a cookie whose content was changed."""
    app = Flask(__name__)
    app.secret_key = "of this experiment"

    @app.get("/login")
    def login() -> str:
        session["name"] = "a guest"
        return ""

    @app.get("/name")
    def name() -> str:
        return str(session.get("name"))

    client = app.test_client()
    client.get("/login")
    cookie = client.get_cookie("session")
    assert cookie
    honest = client.get("/name").text
    swapped = "A" if cookie.value[0] != "A" else "B"
    client.set_cookie("session", swapped + cookie.value[1:])
    forged = client.get("/name").text
    return {"honest_cookie_accepted": float(honest == "a guest"), "tampered_cookie_accepted": float(forged != "None")}
