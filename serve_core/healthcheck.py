"""`python -m serve_core.healthcheck`: exits with 0 if this container's service is ready, else with 1 and the reason."""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException

from .settings import Settings

TIMEOUT_S = 4


def main() -> None:
    settings = Settings.from_env(os.environ)
    # A client that connects to 0.0.0.0, the address to listen on everywhere, reaches this host.
    connection = HTTPConnection(settings.host, settings.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        reason = answer.read().decode()
    except (OSError, HTTPException) as error:
        sys.exit(f"/readyz does not answer on {settings.host}, port {settings.port}: {error}")
    finally:
        connection.close()
    if answer.status != 200:
        sys.exit(f"/readyz answered {answer.status}: {reason}")


if __name__ == "__main__":
    main()
