"""How the added routes are served; `{fd}` is the socket that listens."""

COMMAND = "uvicorn tests.extending.served_fastapi:app --fd {fd} --no-access-log"
