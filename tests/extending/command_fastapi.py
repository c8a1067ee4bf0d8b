"""The command that serves the added routes; `{fd}` is the listening socket."""

COMMAND = "uvicorn tests.extending.served_fastapi:app --fd {fd} --no-access-log"
