"""The Flask service uses what the manuals of Flask, Werkzeug and gunicorn show, and nothing behind it."""

from __future__ import annotations

from ..house.documented import attributes, imported, private_attributes, subclassed

LIBRARIES = {"flask", "gunicorn", "werkzeug"}

# Each name with the page that shows it.
IMPORTED = {
    "flask.Blueprint": "Flask, Modular Applications with Blueprints",
    "flask.Flask": "Flask, Quickstart",
    "flask.Response": "Flask, API: Response Objects",
    "flask.abort": "Flask, Quickstart: Redirects and Errors",
    "flask.current_app": "Flask, The Application Context",
    "flask.g": "Flask, The Application Context",
    "flask.got_request_exception": "Flask, API: Signals",
    "flask.request": "Flask, Quickstart: Accessing Request Data",
    "flask.send_from_directory": "Flask, API: Useful Functions and Classes",
    "gunicorn.app.base.BaseApplication": "gunicorn, Custom Application",
    "werkzeug.exceptions": "Werkzeug, HTTP Exceptions",
    "werkzeug.exceptions.HTTPException": "Flask, Handling Application Errors: Generic Exception Handlers",
    "werkzeug.exceptions.RequestEntityTooLarge": "Werkzeug, HTTP Exceptions",
    "werkzeug.routing.Rule": "Werkzeug, URL Routing",
    "werkzeug.wrappers.Response": "Werkzeug, Request / Response Objects",
}
ATTRIBUTES = {
    "_get_current_object": "Flask, Signals",
    "after_request": "Flask, API: Blueprint Objects",
    "before_request": "Flask, API: Blueprint Objects",
    "cfg": "gunicorn, Custom Application",
    "content_length": "Flask, API: Incoming Request Data",
    "content_type": "Flask, API: Incoming Request Data",
    "description": "Flask, Handling Application Errors: Generic Exception Handlers",
    "endpoint": "Werkzeug, URL Routing: argument of Rule",
    "environ": "Flask, API: Incoming Request Data",
    "extensions": "Flask, Flask Extension Development",
    "get_data": "Flask, API: Incoming Request Data",
    "get_response": "Flask, Handling Application Errors: Generic Exception Handlers",
    "getlist": "Werkzeug, Data Structures: Headers",
    "iter_rules": "Werkzeug, URL Routing",
    "merge_slashes": "Werkzeug, URL Routing: argument of Map",
    "post": "Flask, Quickstart: HTTP Methods",
    "register_blueprint": "Flask, Modular Applications with Blueprints",
    "register_error_handler": "Flask, Handling Application Errors",
    "run": "gunicorn, Custom Application",
    "send": "Flask, Signals",
    "set": "gunicorn, Custom Application",
    "status_code": "Flask, API: Response Objects",
    "stream": "Flask, API: Incoming Request Data",
    "testing": "Flask, Configuration Handling",
    "url_map": "Flask, API: Application Object",
    "url_rule": "Flask, API: Incoming Request Data",
    "valid_methods": "Flask, API: Incoming Request Data",
    "view_functions": "Flask, API: Application Object, which calls its format internal; we only read it",
}
# A public method of the request that gunicorn passes to `pre_request`. Its manual shows no way to close a connection
# after an answer, and WSGI forbids applications to send `Connection`. The other two are public attributes of Werkzeug's
# `Rule`; the manual only shows the arguments of its constructor.
NOT_SHOWN = {"force_close", "arguments", "rule"}
# Attributes of sockets, modules of the standard library and structlog.
PYTHON = {"addFilter", "detach", "get_logger", "max", "msg"}
SUBCLASSED = {"BaseApplication", "Response"}


def test_imports_documented_names():
    assert imported("serve_flask", LIBRARIES) == IMPORTED.keys()


def test_uses_documented_attributes():
    assert attributes("serve_flask") - PYTHON - NOT_SHOWN - ATTRIBUTES.keys() == set()


def test_uses_one_private_attribute_which_the_manual_shows():
    assert private_attributes("serve_flask") == {"_get_current_object"}  # Flask, Signals: Sending Signals


def test_inherits_only_from_documented_classes():
    assert subclassed("serve_flask") - {"ValueError"} <= SUBCLASSED
