"""The command that serves the added views; `{fd}` is the listening socket."""

COMMAND = "gunicorn tests.extending.served_flask:app --bind fd://{fd} --threads 4 --no-control-socket"
