"""How the added views are served; `{fd}` is the socket that listens."""

COMMAND = "gunicorn tests.extending.served_flask:app --bind fd://{fd} --threads 4 --no-control-socket"
