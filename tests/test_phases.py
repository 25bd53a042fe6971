"""A peer that stops at any phase of a call, and the limit that ends it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import muxi
import pytest

LIMIT = 0.2
NEVER = 600.0
PATIENCE = 60.0
LIMITS = ("connect_timeout", "timeout", "stream_idle_timeout", "deadline")

OK = b"HTTP/1.1 200 OK\r\n"
JSON = OK + b"content-type: application/json\r\ncontent-length: 1000000\r\n\r\n"
STREAM = OK + b"content-type: text/event-stream\r\nconnection: close\r\n\r\n"

CONNECTING = ("connect_timeout", "timeout", "deadline")
# The phase: whether a stream is asked for, what comes at once, what comes again and again, and the limits that end it.
PHASES: dict[str, tuple[bool, bytes, bytes, tuple[str, ...]]] = {
    "TLS": (False, b"", b"", CONNECTING),
    "CONNECT": (False, b"", b"", CONNECTING),
    "SOCKS": (False, b"", b"", CONNECTING),
    "TLS of a stream": (True, b"", b"", CONNECTING),
    "head": (False, b"", b"", ("timeout", "deadline")),
    "half a head": (False, OK + b"content-ty", b"", ("timeout", "deadline")),
    "body": (False, JSON, b"", ("timeout", "deadline")),
    "trickled body": (False, JSON, b" ", ("timeout", "deadline")),
    "head of a stream": (True, b"", b"", ("timeout", "stream_idle_timeout", "deadline")),
    "silent stream": (True, STREAM, b"", ("stream_idle_timeout", "deadline")),
    "half an event": (True, STREAM + b'data: {"tok', b"", ("stream_idle_timeout", "deadline")),
    "keepalives": (True, STREAM, b": keepalive\n\n", ("deadline",)),
    "events": (True, STREAM, b"data: {}\n\n", ("deadline",)),
}
CASES = [(phase, limit) for phase, (*_, limits) in PHASES.items() for limit in limits]


def serve(connection: socket.socket, phase: str) -> None:
    _, once, again, _ = PHASES[phase]
    with contextlib.suppress(OSError), connection:
        request = connection.recv(65536)
        while request and once and b"\r\n\r\n" not in request:
            request += connection.recv(65536)
        connection.sendall(once)
        while again:
            time.sleep(0.002)
            connection.sendall(again)
        while connection.recv(65536):
            pass


@pytest.fixture
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    phase = request.node.callspec.params["phase"]
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection, phase), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def settings(address: str, phase: str, limit: str) -> dict[str, Any]:
    scheme = "https" if phase.startswith(("TLS", "CONNECT")) else "http"
    kind = {"CONNECT": "http", "SOCKS": "socks5h"}.get(phase)
    limits = {name: LIMIT if name == limit else NEVER for name in LIMITS}
    return {
        "url": f"{scheme}://{'muxi.invalid' if kind else address}",
        "proxy": f"{kind}://{address}" if kind else False,
        "client_key": "k",
        **limits,
    }


def check(error: BaseException, limit: str, began: float) -> None:
    assert isinstance(error, muxi.errors.TimeoutError), error
    assert f"{LIMIT} s" in str(error)
    assert ("deadline" in str(error)) == (limit == "deadline"), error
    assert time.monotonic() - began >= LIMIT


@pytest.mark.parametrize(("phase", "limit"), CASES)
def test_each_limit_ends_each_of_its_phases(address: str, phase: str, limit: str) -> None:
    caught: list[BaseException] = []
    began = time.monotonic()

    def call() -> None:
        with muxi.FormationClient(**settings(address, phase, limit)) as client:
            try:
                if PHASES[phase][0]:
                    of_call: dict[str, Any] = {"timeout": LIMIT} if limit == "timeout" else {}
                    for _ in client.chat_stream({"message": "x"}, **of_call):
                        pass
                else:
                    client.chat({"message": "x"})
            except Exception as error:
                caught.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    check(caught[0], limit, began)


@pytest.mark.parametrize(("phase", "limit"), CASES)
def test_each_limit_ends_each_of_its_phases_async(address: str, phase: str, limit: str) -> None:
    async def call() -> None:
        async with muxi.AsyncFormationClient(**settings(address, phase, limit)) as client:
            if PHASES[phase][0]:
                of_call: dict[str, Any] = {"timeout": LIMIT} if limit == "timeout" else {}
                async for _ in client.chat_stream({"message": "x"}, **of_call):
                    pass
            else:
                await client.chat({"message": "x"})

    async def within_patience() -> BaseException:
        task = asyncio.ensure_future(call())
        await asyncio.wait({task}, timeout=PATIENCE)
        assert task.done()
        error = task.exception()
        assert error is not None
        return error

    began = time.monotonic()
    check(asyncio.run(within_patience()), limit, began)
