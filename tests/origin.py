"""A server for tests that fork, end or interrupt a process, in a process of its own.

Its client decides on its behaviour: paths and messages say how long it waits, and for what. Each test has a place, the
first part of the path, with a state that `Origin.state` returns.

    GET /v1/echo/5          replies {"n": 5}; with /NAME at its end not before NAME is released
    GET /v1/busy            replies 503 with Retry-After
    POST /v1/chat           streams as the message says, which `turn` writes
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PATIENCE = float(os.environ.get("TEST_PATIENCE", "40"))
"""Seconds after which a test takes something for stuck. The variable is for tests that are known to fail."""


@dataclass
class State:
    """The history of a place."""

    connections: int = 0
    open: int = 0
    """Connections that are open now."""
    requests: int = 0
    waiting: list[str] = field(default_factory=list)
    """Names that a request waits for, now."""
    streams: dict[str, str] = field(default_factory=dict)
    """Streams by name: ``open``, ``sent``, or ``left`` when the client closed the connection before the end."""
    tries: dict[str, int] = field(default_factory=dict)
    """Requests for a stream by name."""


def turn(
    slices: int = 20,
    *,
    name: str = "turn",
    per_write: int = 1,
    gap: float = 0,
    hold: int | None = None,
    hold_head: bool = False,
    end: str = "done",
) -> dict[str, Any]:
    """Return the payload of a chat turn whose answer is ``text(slices)``.

    Args:
        slices: Number of content events.
        name: Name in the state of the place, and for `Origin.release`.
        per_write: Events in one write.
        gap: Seconds between two writes.
        hold: Number of events after which the stream waits to be released.
        hold_head: Wait to be released before the head.
        end: ``done``; ``bare``, without the event that holds the whole text; ``cut``; or ``error``, an event.
    """
    return {"message": json.dumps(dict(locals()))}


def text(slices: int) -> str:
    """Return the text of that many slices."""
    return "".join(f"{k} " for k in range(slices))


@dataclass
class Origin:
    """A place at the running server."""

    plain: str
    secure: str
    ca_file: str
    place: str

    def url(self, scheme: str = "http") -> str:
        """Return the base URL of a formation there."""
        return f"{self.secure if scheme == 'https' else self.plain}/{self.place}/v1"

    def release(self, name: str = "turn") -> None:
        """Let what waits for that name go on, now or later."""
        self._ask(f"release/{name}")

    def state(self) -> State:
        """Return what the place has seen."""
        return State(**self._ask("state"))

    def until(self, reached: Callable[[State], bool]) -> State:
        """Wait for that state."""
        end = time.monotonic() + PATIENCE
        while not reached(state := self.state()):
            assert time.monotonic() < end, f"not reached in {PATIENCE} s: {state}"
            time.sleep(0.01)
        return state

    def until_waiting(self, name: str = "turn") -> None:
        """Wait until a request waits for that name."""
        self.until(lambda state: name in state.waiting)

    def until_left(self, name: str = "turn") -> None:
        """Wait until the client has closed the connection of that stream."""
        self.until(lambda state: state.streams.get(name) == "left")

    def _ask(self, path: str) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.plain).netloc, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("GET", f"/{self.place}/{path}")
            return json.loads(connection.getresponse().read())


class Process:
    """The running server."""

    def __init__(self, folder: Path) -> None:
        import trustme

        authority = trustme.CA()
        own = authority.issue_cert("localhost")
        self._ca, chain = folder / "ca.pem", folder / "server.pem"
        authority.cert_pem.write_to_path(str(self._ca))
        own.private_key_and_cert_chain_pem.write_to_path(str(chain))
        command = [sys.executable, __file__, str(chain)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._ports: list[int] = json.loads(self._process.stdout.readline())
        self._places = 0

    def place(self) -> Origin:
        """Return a new place."""
        self._places += 1
        plain, secure = self._ports
        name = f"place{self._places}"
        return Origin(f"http://127.0.0.1:{plain}", f"https://localhost:{secure}", str(self._ca), name)

    def end(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.communicate()


# The server itself.

states: defaultdict[str, State] = defaultdict(State)
released: defaultdict[tuple[str, str], asyncio.Event] = defaultdict(asyncio.Event)


class Gone(Exception):
    """The client has closed the connection."""


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.place: str | None = None

    async def serve(self) -> None:
        try:
            while await self.answer():
                pass
        except (Gone, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            if self.place is not None:
                states[self.place].open -= 1
            self.writer.close()

    async def answer(self) -> bool:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = next((line[15:] for line in head.lower().split("\r\n") if line.startswith("content-length:")), "0")
        body = await self.reader.readexactly(int(length))
        _, place, *rest = head.split(" ", 2)[1].split("/")
        if rest[0] == "state":
            await self.reply(asdict(states[place]))
            return False
        if rest[0] == "release":
            released[place, rest[1]].set()
            await self.reply({})
            return False
        state = states[place]
        if self.place is None:
            self.place = place
            state.connections += 1
            state.open += 1
        state.requests += 1
        if rest[1] == "chat":
            return await self.chat(state, json.loads(json.loads(body)["message"]))
        if rest[1] == "busy":
            await self.reply({"error": {"code": "BUSY", "message": "busy"}}, "503 Busy", "Retry-After: 100\r\n")
            return True
        if rest[3:]:
            await self.hold(state, rest[3])
        await self.reply({"success": True, "data": {"n": int(rest[2])}})
        return True

    async def reply(self, value: object, status: str = "200 OK", more: str = "") -> None:
        body = json.dumps(value).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        await self.writer.drain()

    async def chat(self, state: State, options: dict[str, Any]) -> bool:
        name = options["name"]
        state.tries[name] = state.tries.get(name, 0) + 1
        state.streams[name] = "open"
        try:
            whole = await self.stream(state, options)
        except (Gone, OSError):
            state.streams[name] = "left"
            raise
        state.streams[name] = "sent"
        return whole

    async def stream(self, state: State, options: dict[str, Any]) -> bool:
        if options["hold_head"]:
            await self.hold(state, options["name"])
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.writer.write(head.encode())
        slices, held = options["slices"], options["hold"]
        for first in range(0, slices, options["per_write"]):
            if held is not None and first >= held:
                await self.hold(state, options["name"])
                held = None
            batch = range(first, min(first + options["per_write"], slices))
            self.chunk("".join(token("content", f"{k} ") for k in batch))
            await self.writer.drain()
            if options["gap"]:
                await self.pause(asyncio.sleep(options["gap"]))
        if held is not None:
            await self.hold(state, options["name"])
        end = options["end"]
        if end == "cut":
            return False
        if end == "error":
            self.chunk('event: error\ndata: {"error": "it failed", "code": "FAILED"}\n\n')
        else:
            whole = token("completed", text(slices)) if end == "done" else ""
            self.chunk(f'{whole}event: done\ndata: {{"finished": true}}\n\n')
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True

    def chunk(self, part: str) -> None:
        self.writer.write(f"{len(part.encode()):x}\r\n{part}\r\n".encode())

    async def hold(self, state: State, name: str) -> None:
        assert self.place is not None
        state.waiting.append(name)
        try:
            await self.pause(released[self.place, name].wait())
        finally:
            state.waiting.remove(name)

    async def pause(self, wait: Any) -> None:
        """Wait, unless the client goes meanwhile."""
        both = [asyncio.ensure_future(wait), asyncio.ensure_future(self.reader.read(1))]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        gone = both[1].done()
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        if gone:
            raise Gone


def token(kind: str, content: str) -> str:
    return f"data: {json.dumps({'token': {'type': kind, 'content': content}})}\n\n"


async def main(chain: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(reader, writer).serve()

    servers = [
        await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024),
        await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024, ssl=context),
    ]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    # Ends with the process that started it, whose pipe this is.
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
