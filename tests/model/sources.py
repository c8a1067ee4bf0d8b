"""A web server that stands for the places from which an artifact is fetched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@dataclass
class Server:
    """A web server, whose files some need a header for. It answers signed requests as S3 does.

    Attributes:
        files: by their paths.
        needed: the beginning of the header `Authorization`, by the first folder of a path.
        moved: the address to which a path redirects.
        headers: the header `Authorization` of each request, by its path.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    needed: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str | None] = field(default_factory=dict)
    url: str = ""

    def put(self, folder: str, artifact: Path) -> None:
        self.files |= {f"{folder}/{name}": content for name, content in contents_of(artifact).items()}


@contextmanager
def serving() -> Iterator[Server]:
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = urlsplit(self.path).path
            given = served.headers[path] = self.headers["Authorization"]
            needed = served.needed.get(path.split("/")[1], "")
            if path in served.moved:
                self.send_response(302)
                self.send_header("Location", served.moved[path])
                self.end_headers()
            elif not (given or "").startswith(needed):
                self.send_error(403)
            elif path not in served.files:
                self.send_error(404)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(served.files[path])))
                self.send_header("ETag", '"0"')
                self.send_header("Last-Modified", "Tue, 01 Dec 2026 00:00:00 GMT")
                self.end_headers()
                self.wfile.write(served.files[path])

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        served.url = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield served
        listening.shutdown()
        thread.join()
