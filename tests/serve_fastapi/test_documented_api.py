"""The FastAPI service uses what the manuals of FastAPI, Starlette, Pydantic and uvicorn show, and nothing behind it."""

from __future__ import annotations

from ..house.documented import attributes, imported, private_attributes, subclassed

LIBRARIES = {"fastapi", "pydantic", "pydantic_core", "starlette", "uvicorn"}

# Each name with the page that shows it.
IMPORTED = {
    "fastapi.APIRouter": "FastAPI, Bigger Applications",
    "fastapi.Depends": "FastAPI, Dependencies",
    "fastapi.FastAPI": "FastAPI, First Steps",
    "fastapi.HTTPException": "FastAPI, Handling Errors",
    "fastapi.Request": "FastAPI, Using the Request Directly",
    "fastapi.Response": "FastAPI, Return a Response Directly",
    "fastapi.exceptions.RequestValidationError": "FastAPI, Handling Errors",
    "fastapi.requests.HTTPConnection": "FastAPI, Reference: HTTPConnection class",
    "fastapi.openapi.docs.get_swagger_ui_html": "FastAPI, Custom Docs UI Static Assets",
    "fastapi.responses.FileResponse": "FastAPI, Custom Response",
    "fastapi.responses.HTMLResponse": "FastAPI, Custom Response",
    "fastapi.routing.APIRoute": "FastAPI, Custom Request and APIRoute class",
    "pydantic.AfterValidator": "Pydantic, Validators",
    "pydantic.BaseModel": "Pydantic, Models",
    "pydantic.ConfigDict": "Pydantic, Configuration",
    "pydantic.Field": "Pydantic, Fields",
    "pydantic.ModelWrapValidatorHandler": "Pydantic, Validators",
    "pydantic.TypeAdapter": "Pydantic, Type Adapter",
    "pydantic.ValidationError": "Pydantic, Error Handling",
    "pydantic.WithJsonSchema": "Pydantic, JSON Schema",
    "pydantic.create_model": "Pydantic, Models: dynamic model creation",
    "pydantic.model_validator": "Pydantic, Validators",
    "pydantic.with_config": "Pydantic, Configuration",
    "pydantic_core.InitErrorDetails": "Pydantic, API of pydantic_core",
    "starlette.exceptions.HTTPException": "FastAPI, Handling Errors",
    "starlette.types.ASGIApp": "Starlette, Middleware: pure ASGI",
    "starlette.types.Message": "Starlette, Middleware: pure ASGI",
    "starlette.types.Receive": "Starlette, Middleware: pure ASGI",
    "starlette.types.Scope": "Starlette, Middleware: pure ASGI",
    "starlette.types.Send": "Starlette, Middleware: pure ASGI",
    "uvicorn": "uvicorn, Welcome: Running programmatically",
}
ATTRIBUTES = {
    "Config": "uvicorn, Welcome: Running programmatically",
    "Server": "uvicorn, Welcome: Running programmatically",
    "add_middleware": "FastAPI, Advanced Middleware",
    "exception_handler": "FastAPI, Handling Errors",
    "from_exception_data": "Pydantic, API of pydantic_core",
    "getlist": "FastAPI, Custom Request and APIRoute class",
    "include_router": "FastAPI, Bigger Applications",
    "is_disconnected": "Starlette, Requests",
    "head": "FastAPI, First Steps",
    "post": "FastAPI, First Steps",
    "receive": "FastAPI, Custom Request and APIRoute class",
    "run": "uvicorn, Welcome: Running programmatically",
    "scope": "FastAPI, Custom Request and APIRoute class",
    "state": "Starlette, Applications: storing state",
    "status_code": "FastAPI, Handling Errors",
    "stream": "Starlette, Requests",
    "validate_python": "Pydantic, Type Adapter",
}
# The public exception of `request.stream()` when the client has gone. Only the release notes name it.
IMPORTED_NOT_SHOWN = {"starlette.requests.ClientDisconnect"}
# A public attribute of the application. The manual shows the argument of this name, and no way to find the handler that
# somebody has added for `Exception`, which Starlette calls outside of every middleware.
NOT_SHOWN = {"exception_handlers"}
# Attributes of sockets, futures, event loops, dates and structlog.
PYTHON = {"cancel", "dup", "fileno", "fromisoformat", "get_logger", "run_in_executor"}
SUBCLASSED = {"APIRoute", "BaseModel", "Request", "Response"}


def test_imports_documented_names():
    assert imported("serve_fastapi", LIBRARIES) == IMPORTED.keys() | IMPORTED_NOT_SHOWN


def test_uses_documented_attributes():
    assert attributes("serve_fastapi") - PYTHON - NOT_SHOWN - ATTRIBUTES.keys() == set()


def test_uses_no_private_attribute():
    assert not private_attributes("serve_fastapi")


def test_inherits_only_from_documented_classes():
    assert subclassed("serve_fastapi") <= SUBCLASSED
