"""Every service must answer random requests as the contract says, and all of them alike.

`python -m tests.fuzz --requests 10000` sends more. A valid request gets the prediction of the model in this process, a
faulty one gets every planted fault, and a hostile one is refused.

A request with another answer is shrunk to the smallest one that shows the bug; make it a named test case.
"""

from __future__ import annotations

import argparse
import json
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import accumulate, pairwise
from math import ceil, floor, inf
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, given, seed, settings

from model.artifact import Model, load
from model.schema.signature import Feature, Signature

from .artifacts import OTHERS, package
from .bodies import Texts, faulty_texts, instance_texts, object_of, pointer, text_of, valid_texts
from .openapi import operations
from .requests import Answer, Connection, Request
from .services import BACKENDS, Running, running
from .values import about, values_of

# Shares of valid requests, and of JSON with one to three faults; the rest is hostile in method, path, headers or bytes.
SHARES = {"valid": 0.35, "faulty": 0.45, "hostile": 0.20}
EVERY_ARTIFACT = ("served", *OTHERS)
# Together these show every fault, so they get most requests; each of the other artifacts gets this share.
SHOW_EVERY_FAULT = ("served", "every_kind")
SHARE_OF_OTHERS = 0.022
# With more features, a valid instance draws some of them: a thousand are too many for one example of Hypothesis.
MAX_DRAWN_FEATURES = 64
REQUEST_ID = "X-Request-ID"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
PATHS = ["/predict", "/model", "/livez", "/readyz", "/openapi.json", "/docs", "/metrics"]
# These answers differ between services; the contract promises only their kind.
OWN_WORDS = {"/metrics", "/docs"}
TOKENS = [
    *("NaN", "-Infinity", "1e400", "9" * 401, "1" * 4301, "0" * 9, "-", "null", "true", '"', "\\", "[]", "{}", ","),
    *("[" * 70, '{"a":' * 70, r'"\ud800"', r"\u0000", "\x00", "\x7f", "\xff", "\ufeff", "é", '"instances":[],'),
]

WHOLES = [
    *(
        b"",
        b" ",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b"[]",
        b"null",
        b"1",
        b'"instances"',
        b"{}",
        b'{"instances":',
    ),
    *(b'{"instance":[]}', b'{"instances":[],"a":1}', b'{"instances":null}', b'{"instances":{}}', b'{"instances":"[]"}'),
    *(b'{"instances":[NaN]}', b'{"instances":[1e400]}', rb'{"instances":["\udfff"]}', b"[" * 65, b"1" * 4301),
    b'{"instances":[' + b",".join([b"{}"] * 1001) + b"]}",
]


@dataclass(frozen=True)
class Faulty(Request):
    """
    Attributes:
        faults: the planted faults as (pointer, code), in the order of an answer.
    """

    faults: tuple[tuple[str, str], ...] = ()


@dataclass
class Tally:
    """The number of requests of each kind, and of answers."""

    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)

    def count(self, kind: str, answer: Answer) -> None:
        self.kinds[kind] += 1
        self.statuses[answer.status] += 1
        if (answer.headers["Content-Type"] or "").startswith("application/problem+json") and answer.body:
            problem = json.loads(answer.body)
            self.codes[problem["code"]] += 1
            self.faults.update(error["code"] for error in problem.get("errors", []))

    def __str__(self) -> str:
        parts: dict[str, Counter[Any]] = {
            "requests": self.kinds,
            "statuses": self.statuses,
            "codes": self.codes,
            "fault codes": self.faults,
            "asked again": self.broken,
        }
        return "\n".join(
            f"{title:<12} " + ", ".join(f"{name} {count}" for name, count in sorted(counter.items(), key=str))
            for title, counter in parts.items()
        )


@dataclass(frozen=True)
class Target:
    """One artifact, served by every backend."""

    name: str
    model: Model
    services: list[Running]
    connections: dict[str, Connection]

    @property
    def signature(self) -> Signature:
        return self.model.signature

    def ask(self, request: Request) -> Answer:
        """The answer of all services."""
        answers = {backend: connection.ask(request) for backend, connection in self.connections.items()}
        promised = {backend: _promised(request, answer) for backend, answer in answers.items()}
        first = next(iter(promised))
        for backend in promised:
            assert promised[backend] == promised[first], f"{self.name}: {request}\n{request.body!r}\n{promised}"
        return answers[first]

    def check_health(self) -> None:
        """Checks that no service has logged a crash, a replaced worker or an error, except for invalid HTTP.

        A service may also warn that it serves the example.
        """
        for service in self.services:
            said = [line for line in service.lines if line.get("level") not in ("debug", "info")]
            trouble = [line for line in said if not line["event"].startswith(("Invalid ", "Serving the example "))]
            assert service.process.poll() is None and not trouble, (service.backend, trouble)


def fuzz(n_requests: int, seed_of_run: int, names: Sequence[str] = EVERY_ARTIFACT) -> Tally:
    """Send the requests to these artifacts, one after the other.

    Raises: AssertionError with the smallest request whose answers differ, or are wrong for its kind.
    """
    tally = Tally()
    counts = {kind: _shared_out(round(n_requests * share), names) for kind, share in SHARES.items()}
    for name in names:
        with target_of(name) as target:
            try:
                for path in PATHS:
                    target.ask(Request("GET", path))
                for kind in SHARES:
                    _fuzz_kind(kind, counts[kind][name], f"{seed_of_run} {name}", target, tally)
            finally:
                target.check_health()
            for backend, connection in target.connections.items():
                tally.broken.update(f"{backend} after {what}:" for what in connection.broken)
    return tally


def _shared_out(n_requests: int, names: Sequence[str]) -> dict[str, int]:
    """The number of requests for each artifact; rounding loses none."""
    shares = dict.fromkeys(names, SHARE_OF_OTHERS)
    rest = 1 - SHARE_OF_OTHERS * (len(shares) - len(SHOW_EVERY_FAULT))
    shares |= dict.fromkeys(SHOW_EVERY_FAULT, rest / len(SHOW_EVERY_FAULT))
    ends = [round(n_requests * end) for end in accumulate(shares.values(), initial=0.0)]
    return {name: end - start for name, (start, end) in zip(shares, pairwise(ends), strict=True)}


def _fuzz_kind(kind: str, n_requests: int, seed_of_kind: str, target: Target, tally: Tally) -> None:
    if not n_requests:
        return
    requests: Callable[[Signature], st.SearchStrategy[Request]] = {
        "valid": valid_requests,
        "faulty": faulty_requests,
        "hostile": hostile_requests,
    }[kind]

    @seed(seed_of_kind)
    @settings(
        max_examples=n_requests,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(target.signature))
    def ask(request: Request) -> None:
        answer = target.ask(request)
        tally.count(kind, answer)
        if kind == "valid":
            assert answer.status == 200, (target.name, request, answer)
            assert values_of(json.loads(answer.body)["predictions"]) == about(values_of(_predicted(target, request)))
        elif isinstance(request, Faulty) and kind == "faulty":
            assert answer.status == 422, (target.name, request, answer)
            found = [(error["pointer"], error["code"]) for error in json.loads(answer.body)["errors"]]
            assert found == list(request.faults), (target.name, request, answer)
        assert answer.status < 500, (target.name, request, answer)

    ask()


def _predicted(target: Target, request: Request) -> Any:
    instances = json.loads(request.body)["instances"]
    return target.model.predict([[instance[name] for name in target.signature.names] for instance in instances])


@contextmanager
def target_of(name: str) -> Iterator[Target]:
    """The artifact of `make serve`, or one of `tests.artifacts`."""
    with ExitStack() as opened:
        artifact = Path(opened.enter_context(tempfile.TemporaryDirectory())) / name
        package(name, artifact)
        services = [opened.enter_context(running(backend, artifact, access_log=False)) for backend in BACKENDS]
        connections = {service.backend: Connection(service.port) for service in services}
        for connection in connections.values():
            opened.callback(connection.close)
        yield Target(name, load(artifact), services, connections)


def _promised(request: Request, answer: Answer) -> Any:
    """The part of an answer that all services must give alike."""
    if request.method not in METHODS and answer.status < 500:
        return "a method that no standard knows is the server's to refuse"
    body, headers = answer.body, dict(answer.headers)
    sent = [value for name, value in request.headers if name == REQUEST_ID]
    made = headers[REQUEST_ID]
    if made and made not in sent:
        assert len(made) == 32
        headers[REQUEST_ID], body = "made", body.replace(made.encode(), b"made")
    headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", "))) if headers["Allow"] else None
    path = request.path.partition("?")[0]
    if path in OWN_WORDS and answer.status == 200:
        return answer.status, headers
    if path == "/openapi.json" and answer.status == 200:
        return answer.status, headers, operations(json.loads(body)) if body else None
    return answer.status, headers, body


@st.composite
def valid_requests(draw: st.DrawFn, signature: Signature) -> Request:
    instances = draw(st.lists(valid_instances(signature), min_size=1, max_size=4))
    return _request(draw, f'{{"instances":[{",".join(map(object_of, instances))}]}}')


@st.composite
def faulty_requests(draw: st.DrawFn, signature: Signature) -> Faulty:
    """One to three faults in different places."""
    codes: dict[tuple[int, str], str] = {}
    instances: list[Texts | str] = list(draw(st.lists(valid_instances(signature), min_size=1, max_size=3)))
    members: dict[str, str] = {}
    places = [(index, feature) for index in range(len(instances)) for feature in signature.features]
    for index, feature in draw(st.lists(st.sampled_from(places), min_size=1, max_size=3, unique_by=id)):
        instance = instances[index]
        if isinstance(instance, str):
            continue
        match draw(st.sampled_from(["value"] * 8 + ["missing", "unknown", "unknown", "no object", "member"])):
            case "value":
                text, codes[index, feature.name] = draw(faulty_values(feature))
                instances[index] = instance | {feature.name: text}
            case "missing":
                instances[index] = {name: text for name, text in instance.items() if name != feature.name}
            case "unknown":
                instances[index] = instance | {draw(_keys_beside(signature)): draw(_surplus)}
            case "no object":
                instances[index] = draw(st.sampled_from(["null", "1", '"a"', "[]", "[{}]", "true"]))
            case "member":
                members[draw(_keys_beside(signature).filter(lambda key: key != "instances"))] = draw(_surplus)
    surplus = "".join(f",{text_of(name)}:{text}" for name, text in members.items())
    request = _request(draw, f'{{"instances":[{",".join(map(object_of, instances))}]{surplus}}}')
    return Faulty(**vars(request), faults=(*_faults_in(instances, signature, codes), *_unknown(members)))


def _faults_in(
    instances: list[Texts | str], signature: Signature, codes: dict[tuple[int, str], str]
) -> Iterator[tuple[str, str]]:
    for index, instance in enumerate(instances):
        if isinstance(instance, str):
            yield pointer("instances", index), "not_an_object"
            continue
        for name in signature.names:
            code = codes.get((index, name)) if name in instance else "missing"
            if code:
                yield pointer("instances", index, name), code
        yield from _unknown([key for key in instance if key not in signature.names], "instances", index)


def _unknown(keys: Iterable[str], *where: object) -> Iterator[tuple[str, str]]:
    return ((pointer(*where, key), "unknown_key") for key in keys)


@st.composite
def hostile_requests(draw: st.DrawFn, signature: Signature) -> Request:
    """A valid or faulty request, spoilt in one to three ways."""
    request = draw(st.one_of(valid_requests(signature), faulty_requests(signature)))
    for spoil in draw(st.lists(st.sampled_from(SPOILERS), min_size=1, max_size=3)):
        request = spoil(draw, request)
    return request


@cache
def valid_instances(signature: Signature) -> st.SearchStrategy[Texts]:
    if len(signature.features) <= MAX_DRAWN_FEATURES:
        texts = _texts_of(list(signature.features))
    else:
        some = st.lists(st.sampled_from(signature.features), max_size=MAX_DRAWN_FEATURES, unique=True)
        texts = some.flatmap(_texts_of).map(lambda drawn: instance_texts(signature) | drawn)
    return st.builds(lambda texts, flip: dict(reversed(texts.items())) if flip else texts, texts, st.booleans())


def _texts_of(features: list[Feature]) -> st.SearchStrategy[Texts]:
    return st.fixed_dictionaries({feature.name: valid_values(feature) for feature in features})


@cache
def valid_values(feature: Feature) -> st.SearchStrategy[str]:
    """Values like those of the training data, and boundary values."""
    match feature.kind:
        case "number" | "integer":
            usual = _usual_numbers(feature)
        case "boolean":
            usual = st.sampled_from(["true", "false"])
        case "category":
            usual = st.builds(json.dumps, st.sampled_from(feature.categories), ensure_ascii=st.booleans())
        case "text":
            usual = st.builds(json.dumps, st.text(max_size=12), ensure_ascii=st.booleans())
    return st.one_of(usual, st.sampled_from([*valid_texts(feature)]))


def _usual_numbers(feature: Feature) -> st.SearchStrategy[str]:
    """Numbers in the observed range, within the bounds of the feature."""
    if not feature.observed:
        return st.just(text_of(feature.example))
    least = max(feature.observed[0], -inf if feature.minimum is None else feature.minimum)
    most = min(feature.observed[1], inf if feature.maximum is None else feature.maximum)
    kinds = [st.floats(least, most).map(text_of)] if feature.kind == "number" else []
    if ceil(least) <= floor(most):
        kinds.append(st.integers(ceil(least), floor(most)).map(str))
    return st.one_of(kinds)


@cache
def faulty_values(feature: Feature) -> st.SearchStrategy[tuple[str, str]]:
    """Invalid values, each with the fault's code."""
    return st.sampled_from([*faulty_texts(feature)])


@cache
def _keys_beside(signature: Signature) -> st.SearchStrategy[str]:
    named = st.sampled_from(["instances", "parameters", "a/b", "~", "", "__class__", signature.names[0] + " "])
    return st.one_of(named, st.text(max_size=6)).filter(lambda key: key not in signature.names)


_surplus = st.sampled_from(["1", "null", '"x"', "[]", "{}", '{"a":[1,{"b":null}]}', "1e400", "9" * 401])


def _request(draw: st.DrawFn, body: str) -> Request:
    space = draw(st.sampled_from(["", " ", "\r\n\t"]))
    content_type = draw(st.sampled_from(["application/json", "application/json", "application/json; charset=utf-8"]))
    return Request(
        headers=(("Content-Type", content_type), (REQUEST_ID, "fuzz")),
        body=(space + body + space).encode(),
        is_chunked=draw(st.booleans()),
    )


def _spoil_method(draw: st.DrawFn, request: Request) -> Request:
    return replace(request, method=draw(st.sampled_from([*METHODS, "BREW", "get"])))


def _spoil_path(draw: st.DrawFn, request: Request) -> Request:
    pieces = st.lists(st.sampled_from([*PATHS, "/", "//", "%2f", "%70", "..", ".", "x", "%00", "%ff", ";", "~", "%"]))
    odd = pieces.map(lambda parts: "/" + "".join(parts[:4]))
    query = draw(st.sampled_from(["", "", "?", "?a=1&b", "?%ff"]))
    return replace(request, path=draw(st.one_of(st.sampled_from(PATHS), odd)) + query)


def _spoil_headers(draw: st.DrawFn, request: Request) -> Request:
    kept = dict(request.headers)
    match draw(st.sampled_from(["Content-Type", "Content-Encoding", REQUEST_ID, "Accept", "Cookie"])):
        case "Content-Type":
            kept["Content-Type"] = draw(
                st.sampled_from(
                    ["", "text/plain", "application/JSON;x", "application/json5", "application/xml", ";", "é"]
                )
            )
        case "Content-Encoding":
            kept["Content-Encoding"] = draw(st.sampled_from(["", "gzip", "IDENTITY", "br, identity", "identity"]))
        case "X-Request-ID":
            kept[REQUEST_ID] = draw(st.sampled_from(["", "a" * 128, "a" * 129, "a b", "é", "a,b", "-._", "\t", "{}"]))
        case other:
            kept[other] = draw(st.sampled_from(["*/*", "text/html", "a=b; c", "é"]))
    return replace(request, headers=tuple(kept.items()))


def _spoil_bytes(draw: st.DrawFn, request: Request) -> Request:
    body = request.body
    at = draw(st.integers(0, len(body)))
    match draw(st.sampled_from(["cut", "insert", "insert", "flip", "random", "repeat", "pad"])):
        case "cut":
            body = body[:at]
        case "insert":
            body = body[:at] + draw(st.sampled_from(TOKENS)).encode("utf-8", "surrogatepass") + body[at:]
        case "flip":
            body = body[:at] + bytes([draw(st.integers(0, 255))]) + body[at + 1 :]
        case "random":
            body = draw(st.binary(max_size=40))
        case "repeat":
            body = body[:at] + body[at:][: draw(st.integers(0, 60))] + body[at:]
        case "pad":
            body = body + b" " * draw(st.sampled_from([10, 2 * 1024**2]))
    return replace(request, body=body)


def _spoil_value(draw: st.DrawFn, request: Request) -> Request:
    """Replace a value by a token, or put the token before it."""
    colons = [at for at, byte in enumerate(request.body) if byte == ord(":")]
    if not colons:
        return request
    at = draw(st.sampled_from(colons)) + 1
    end = at + max(request.body[at:].find(b","), 0)
    token = draw(st.sampled_from(TOKENS)).encode("utf-8", "surrogatepass")
    return replace(request, body=request.body[:at] + token + request.body[draw(st.sampled_from([at, end])) :])


def _spoil_whole(draw: st.DrawFn, request: Request) -> Request:
    return replace(request, body=draw(st.sampled_from(WHOLES)))


SPOILERS = [_spoil_method, _spoil_path, _spoil_headers, _spoil_bytes, _spoil_value, _spoil_value, _spoil_whole]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000, help="how many requests to ask")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(2**32), help="of a run to repeat; fresh if not given"
    )
    arguments = parser.parse_args()

    print(f"{arguments.requests} requests, seed {arguments.seed}, services: {', '.join(BACKENDS)}", flush=True)
    print(fuzz(arguments.requests, arguments.seed))


if __name__ == "__main__":
    main()
