"""Replays a recorded exchange of the real server: checks what comes against it, and answers byte for byte."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from wire import Request, signature_is_valid

SAMPLES = Path(__file__).parent.parent / "contract" / "samples" / "server"
KEY_ID, SECRET = "MUXI_key", "the secret of the replay"
BUNDLE_TYPES = ("application/gzip", "application/x-gzip", "application/octet-stream")


@dataclass
class Exchange:
    """One recorded exchange.

    Attributes:
        sent: The request's headers, names in lower case.
        size: The size of the request's body; None when there was none.
        events: The events of a stream as they came; None when the reply is no stream.
        left_open: True if the client hung up.
    """

    method: str
    target: str
    sent: dict[str, str]
    size: int | None
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: str
    events: list[str] | None
    left_open: bool

    @classmethod
    def read(cls, name: str) -> Exchange:
        text = (SAMPLES / f"{name}.txt").read_text()
        request, _, reply = text.partition("\n\n<<< ")
        head, _, rest = reply.partition("\n\n")
        method, target = request.splitlines()[0].removeprefix(">>> ").split(" ")
        lines = [line.removeprefix("> ") for line in request.splitlines()[1:]]
        size = next((int(line[1:].split()[0]) for line in lines if line.startswith("[")), None)
        status, _, reason = head.splitlines()[0].strip().partition(" ")
        headers = [_header(line.removeprefix("< ")) for line in head.splitlines()[1:]]
        streams = ("Content-Type", "text/event-stream") in headers
        # The recorder ended every body with a line break, and a few bodies were shortened: the length is made anew.
        body = rest[: rest.rindex("[end")].removesuffix("\n")
        events = None
        if streams:
            events = re.findall(r"\[\+[0-9.]+s\] (event: .*?\n\n)", rest, re.DOTALL)
            assert len(events) == rest.count("event: "), f"{name}: an event was not understood"
        sent = {name.lower(): value for name, value in map(_header, lines) if not name.startswith("[")}
        left_open = "[client closed]" in rest
        return cls(method, target, sent, size, int(status), reason, headers, body, events, left_open)

    def reply(self) -> Iterator[bytes]:
        length = str(len(self.body.encode()))
        headers = [(name, length if name == "Content-Length" else value) for name, value in self.headers]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        yield f"HTTP/1.1 {self.status} {self.reason}\r\n{head}\r\n".encode()
        if self.events is None:
            yield from _pieces(self.body.encode())
            return
        for event in self.events:
            data = event.encode()
            yield from _pieces(b"%x\r\n%b\r\n" % (len(data), data))
        if not self.left_open:
            yield b"0\r\n\r\n"

    def parsed_events(self) -> list[dict[str, str]]:
        """The events as a client should give them."""
        found = []
        for event in self.events or []:
            name, data = event.rstrip("\n").split("\n")
            found.append({"event": name.removeprefix("event: "), "data": data.removeprefix("data: ")})
        return found

    def problems(self, request: Request) -> list[str]:
        """Return the errors of a request that should be the recorded one."""
        found: list[str] = []

        def check(right: bool, what: str) -> None:
            if not right:
                found.append(what)

        path, _, query = self.target.partition("?")
        check(request.method == self.method, f"method {request.method}")
        check(request.path == path, f"path {request.path}")
        check(sorted(parse_qsl(request.query)) == sorted(parse_qsl(query)), f"query {request.query}")
        for name in ("content-type", "accept", "x-formation-id", "x-formation-version"):
            own, recorded = request.header(name), self.sent.get(name)
            one_of_these = name == "content-type" and own in BUNDLE_TYPES and recorded in BUNDLE_TYPES
            default = name == "x-formation-version" and own == "1.0.0" and recorded is None
            check(own == recorded or one_of_these or default, f"{name} {own}, recorded {recorded}")
        if "authorization" in self.sent:
            is_valid = signature_is_valid(request, KEY_ID, SECRET)
            check(is_valid != (self.status == 401), f"signature is {'valid' if is_valid else 'invalid'}")
        else:
            check(request.header("authorization") is None, "signed, where the recorded request is not")
        check(_body_fits(request, self), f"body {request.body[:80]!r}, recorded {self.size} bytes")
        return found


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name, value


def _pieces(data: bytes, size: int = 37) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def _body_fits(request: Request, recorded: Exchange) -> bool:
    if recorded.sent.get("content-type") in BUNDLE_TYPES:
        with tarfile.open(fileobj=io.BytesIO(request.body), mode="r:gz") as tar:
            names = tar.getnames()
            afs = next(name for name in names if name.count("/") == 1 and name.endswith("/formation.afs"))
            text = (tar.extractfile(afs) or io.BytesIO()).read().decode()
        id = recorded.sent.get("x-formation-id") or recorded.target.rsplit("/", 1)[1]
        # One top folder, and no entry for `.`, which the real server refuses.
        return f"id: {id}\n" in text and len({name.partition("/")[0] for name in names}) == 1 and "." not in names
    if recorded.sent.get("content-type") == "application/json":
        spaced = len(json.dumps(json.loads(request.body)))
        return recorded.size in (len(request.body), spaced)
    return request.body == b"" or recorded.status == 400


@dataclass
class Replay:
    """The server's side of one exchange."""

    exchange: Exchange
    problems: list[str] = field(default_factory=list)
    requests: int = 0
    hung_up: bool = False

    def __call__(self, request: Request) -> Iterator[bytes]:
        self.requests += 1
        try:
            self.problems += self.exchange.problems(request)
        except Exception as error:
            self.problems.append(repr(error))
        yield from self.exchange.reply()
        if self.exchange.left_open:
            self.hung_up = request.hung_up(5)
            raise ConnectionAbortedError

    def data(self) -> Any:
        """Return the value that a client should give: the content of the envelope, or the whole when there is none."""
        whole = json.loads(self.exchange.body) if self.exchange.body.startswith("{") else self.exchange.body
        return whole["data"] if isinstance(whole, dict) and "data" in whole else whole
