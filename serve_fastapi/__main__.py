"""Start the service: `python -m serve_fastapi`."""

from __future__ import annotations

from serve_core.process.startup import started


def main() -> None:
    with started() as settings:
        # Not earlier: the libraries behind this import read the environment that `started` prepares.
        from .server import serve

        serve(settings)


if __name__ == "__main__":
    main()
