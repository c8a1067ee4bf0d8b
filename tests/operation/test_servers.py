"""The servers answer requests at the edge of HTTP as docs/servers.md says."""

from __future__ import annotations

import json
import re
import socket
from http.client import HTTPResponse

import pytest

from ..bodies import body_of, instance_texts
from ..services import PATIENCE_S, ROOT

TABLE = re.compile(r"^\| request \|.*?\n\n", re.DOTALL | re.MULTILINE)


def table():
    """The documented answer of each backend, by the text of the first column."""
    found = TABLE.search((ROOT / "docs" / "servers.md").read_text())
    assert found
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in found[0].strip().splitlines()]
    backends = [title.split()[0].lower() for title in head[1:]]
    return {words: dict(zip(backends, answers, strict=True)) for words, *answers in rows}


def requests(body):
    """The bytes of each request, by the text of the first column."""
    length = f"Content-Length: {len(body)}"
    chunked = "Transfer-Encoding: chunked"

    json_type = "Content-Type: application/json"
    size = f"{len(body):x}"

    def request(
        line="POST /predict HTTP/1.1", *more, host="Host: localhost", media=json_type, framing=length, content=body
    ):
        headers = [host, media, framing, *more]
        return "\r\n".join([line, *filter(None, headers), "", content])

    predict = "POST /predict HTTP/1.1"
    return {
        "the method `BREW`": request("BREW /predict HTTP/1.1"),
        "the method `post` in small letters": request("post /predict HTTP/1.1"),
        "the line `CONNECT localhost:80 HTTP/1.1`, no body": request(
            "CONNECT localhost:80 HTTP/1.1", framing="", content=""
        ),
        "a path of 5,000 characters": request(f"POST /{'a' * 5000} HTTP/1.1"),
        "`HTTP/2.0` in the request line": request("POST /predict HTTP/2.0"),
        "`HTTP/1.2` in the request line": request("POST /predict HTTP/1.2"),
        "no version in the request line": request("POST /predict"),
        "the target `*`": request("POST * HTTP/1.1"),
        "no `Host`": request(host=""),
        "`Host` twice": request(predict, "Host: other"),
        "`Host: a..b`": request(host="Host: a..b"),
        "`Host` with 300 characters": request(host=f"Host: {'a' * 300}"),
        "`Content-Type` twice": request(predict, json_type),
        "a header of 9,000 bytes": request(predict, f"X-Long: {'a' * 9000}"),
        "a header of 70,000 bytes": request(predict, f"X-Long: {'a' * 70_000}"),
        "200 headers": request(predict, *(f"X-{number}: a" for number in range(200))),
        "a header line without a colon": request(predict, "Broken"),
        "a space before a header's colon": request(predict, "X-Broken : a"),
        "a header folded over two lines": request(predict, "X-Folded: a\r\n b"),
        "lines that end in LF alone": request().replace("\r\n", "\n"),
        "`Content-Length` twice": request(predict, length),
        "a negative `Content-Length`": request(framing="Content-Length: -1"),
        "`Content-Length` beside `Transfer-Encoding: chunked`": request(predict, chunked),
        "an unknown `Transfer-Encoding`": request(framing="Transfer-Encoding: unknown"),
        "an empty `Transfer-Encoding`": request(framing="Transfer-Encoding: "),
        "`Transfer-Encoding: chunked` with `HTTP/1.0`": request(
            "POST /predict HTTP/1.0", framing=chunked, content=f"{size}\r\n{body}\r\n0\r\n\r\n"
        ),
        "a chunk extension of 20,000 bytes": request(
            framing=chunked, content=f"{size};{'a' * 20_000}\r\n{body}\r\n0\r\n\r\n"
        ),
        "`Content-Type` only in the trailer of a chunked body": request(
            framing=chunked, media="", content=f"{size}\r\n{body}\r\n0\r\n{json_type}\r\n\r\n"
        ),
        "a chunk size that is no number": request(framing=chunked, content=f"zz\r\n{body}"),
        "`Expect: 100-continue`": request(predict, "Expect: 100-continue"),
        "an unknown `Expect`": request(predict, "Expect: unknown"),
        "`Upgrade: websocket`": request(
            predict, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAM"
        ),
        "`Upgrade: h2c`": request(
            predict, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAM"
        ),
    }


def answer_to(request, port):
    """The status, and the code if there is a problem document."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        connection.sendall(request.encode())
        response = HTTPResponse(connection)
        response.begin()
        content = response.read()
        if response.getheader("Content-Type") != "application/problem+json":
            return str(response.status)
        return f"{response.status} {json.loads(content)['code']}"


@pytest.mark.parametrize("words", table())
def test_the_server_answers_as_documented(service, signature, words):
    request = requests(body_of(instance_texts(signature)))[words]

    assert answer_to(request, service.port) == table()[words][service.backend]
