"""Start the service: `python -m serve_fastapi`."""

from __future__ import annotations

from serve_core.startup import started
from serve_core.witness import serve_in_a_child


def main() -> None:
    with started() as settings:
        if settings.workers == 1:  # several have uvicorn's supervisor
            serve_in_a_child(settings)
        # Not before: the libraries behind this import read the environment that `started` has prepared.
        from .server import serve

        serve(settings)


if __name__ == "__main__":
    main()
