"""What "built in" security is worth: which framework checks a token, which notices a forged cookie."""

from __future__ import annotations

import re
import tomllib
from statistics import fmean
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.security import OAuth2PasswordBearer
from flask import Flask, session
from packaging.utils import canonicalize_name

from . import DATA, ROOT, SERVICES, Unavailable
from .clients import ask
from .installed import needed_by

# At module level, because FastAPI looks up the names in annotations there.
SCHEME = OAuth2PasswordBearer(tokenUrl="token")
# A package in a lock: the text before the version, at the beginning of a line.
LOCKED = re.compile(r"^([a-z0-9.-]+)==", re.MULTILINE)
JWT_LIBRARIES = {"pyjwt", "python-jose", "authlib", "joserfc", "jwcrypto"}


def oauth2() -> dict[str, float]:
    """Whether FastAPI asks for a token, refuses an invalid one, has a route that issues one, and can read a JWT."""
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.get("/secret")
    def secret(token: Annotated[str, Depends(SCHEME)]) -> str:
        return token

    without = ask(app, "GET", "/secret").status_code
    forged = ask(app, "GET", "/secret", headers={"Authorization": "Bearer of-nobody"}).status_code
    issued = ask(app, "POST", "/token", data={"username": "a guest", "password": "none"}).status_code
    return {
        "fastapi_asks_for_tokens": float(without == 401),
        "fastapi_checks_tokens": float(forged == 401),
        "fastapi_issues_tokens": float(issued != 404),
        "fastapi_jwt_libraries": float(len(JWT_LIBRARIES & needed_by("fastapi"))),
    }


def cookies_and_advisories() -> dict[str, float]:
    """Whether Flask's session accepts its own cookie, and a changed one; and the number of advisories.

    Raises: Unavailable if a package is in a lock but not in the data.
    """
    return _cookies() | _advisories()


def _advisories() -> dict[str, float]:
    advisories = tomllib.loads((DATA / "advisories.toml").read_text())["advisories"]
    extensions = tomllib.loads((DATA / "extensions.toml").read_text())["extensions"]
    fastapi, flask = (set(LOCKED.findall((ROOT / "docker" / f"{name}.lock").read_text())) for name in SERVICES)
    names = {canonicalize_name(each["name"]) for each in extensions}
    if unknown := (fastapi ^ flask | names) - advisories.keys():
        raise Unavailable(f"compare/data/advisories.toml does not cover {min(unknown)}.")
    return {
        "fastapi_advisories": float(sum(len(advisories[name]) for name in fastapi - flask)),
        "flask_advisories": float(sum(len(advisories[name]) for name in flask - fastapi)),
        "extensions": float(len(names)),
        "extensions_with_advisories": fmean(bool(advisories[name]) for name in names),
    }


def _cookies() -> dict[str, float]:
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
