"""Relays of turns to a browser: over sockets, with real servers of both kinds."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import muxi
import pytest
from muxi import relay
from muxi._relay_frames import frame
from muxi.testing import LocalServer
from programs import fails
from relay_servers import asgi, django_async, django_sync, in_flask, starlette, wsgi
from wire import Request as WireRequest, Wire

SLOW = "[[slow]] one two three four five six seven eight nine ten"


each_server = pytest.mark.parametrize("server", [starlette, asgi, wsgi, in_flask, django_async, django_sync])


def settings_of(local: LocalServer) -> dict[str, Any]:
    return {"server_url": local.url, "formation_id": local.formation_id, "client_key": local.client_key}


@contextlib.contextmanager
def post(url: str, payload: dict[str, Any]) -> Iterator[http.client.HTTPResponse]:
    """The answer; leaving it hangs up."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=40)
    connection.request("POST", "/", json.dumps(payload))
    reply = connection.getresponse()
    try:
        yield reply
    finally:
        reply.close()
        connection.close()


def read(url: str, payload: dict[str, Any]) -> str:
    with post(url, payload) as reply:
        return reply.read().decode()


def parsed(text: str) -> list[tuple[str, str]]:
    """The events as a browser would read them, comments as events without a name."""
    events = []
    for block in text.split("\n\n"):
        name, data = "", list[str]()
        for line in block.split("\n"):
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif line.startswith(":"):
                data.append(line)
        if data:
            events.append((name, "\n".join(data)))
    return events


@each_server
def test_a_turn_is_its_deltas_and_its_end(server: Any, local: LocalServer) -> None:
    payload = {"message": "Grüß\ndich, \U0001f600!", "session_id": "sess_relay"}
    with server(settings_of(local), {}) as url, post(url, payload) as reply:
        assert reply.headers["Content-Type"].startswith("text/event-stream")
        events = parsed(reply.read().decode())
    assert {name for name, _ in events[:-1]} == {"delta"}
    answer = "".join(json.loads(data)["text"] for _, data in events[:-1])
    name, data = events[-1]
    done = json.loads(data)
    assert name == "done"
    assert list(done) == ["status", "session_id", "request_id", "text"]
    assert (done["status"], done["session_id"], done["text"]) == ("success", "sess_relay", answer)
    assert "Grüß\ndich, \U0001f600!" in answer
    assert done["request_id"].startswith("req_")


def status_of(local: LocalServer, request_id: str, expected: str) -> str:
    """The state of a request, once it is the expected one."""
    formation = local.formation()
    until = time.monotonic() + 40
    while (status := formation.get_request_status(request_id, "reader")["status"]) != expected:
        assert time.monotonic() < until, status
        time.sleep(0.02)
    return str(status)


@each_server
def test_a_reader_that_leaves_cancels_the_turn(server: Any, local: LocalServer) -> None:
    id = f"req_left_{server.__name__}"
    with server(settings_of(local), {"keepalive": 0.05}) as url:
        with post(url, {"message": SLOW * 20, "request_id": id}) as reply:
            assert reply.readline() == b"event: delta\n"
        status_of(local, id, "cancelled")


@each_server
def test_a_reader_that_leaves_a_silent_turn_cancels_it(server: Any, local: LocalServer) -> None:
    id = f"req_silent_{server.__name__}"
    with server(settings_of(local), {"keepalive": 0.05}) as url:
        with post(url, {"message": "[[wait 100000]]", "request_id": id}) as reply:
            assert reply.readline() == b": keepalive\n"
        status_of(local, id, "cancelled")


def answers(*events: str, status: int = 200) -> Callable[[WireRequest], Iterator[bytes]]:
    def answer(request: WireRequest) -> Iterator[bytes]:
        kind = "text/event-stream" if status == 200 else "application/json"
        yield f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode()
        yield from (event.encode() for event in events)
        raise OSError("the end")

    return answer


CONTENT = 'data: {"token": {"type": "content", "content": "Hi"}}\n\n'


@each_server
def test_a_failing_turn_is_an_event(server: Any) -> None:
    error = 'event: error\ndata: {"error": "AGENT_FAILED", "message": "no model"}\n\n'
    with Wire(answers(CONTENT, error)) as wire, server({"base_url": f"{wire.url}/v1", "client_key": "k"}, {}) as url:
        events = parsed(read(url, {"message": "Hi", "request_id": "req_9", "session_id": "s"}))
    assert events[0] == ("delta", '{"text":"Hi"}')
    name, data = events[1]
    failure = json.loads(data)
    assert (name, list(failure)) == ("error", ["code", "message", "request_id", "session_id"])
    assert failure["message"] == "no model"
    assert (failure["request_id"], failure["session_id"]) == ("req_9", "s")


@each_server
@pytest.mark.parametrize("mode", ["text", "events"])
def test_a_cut_connection_is_an_event(server: Any, mode: str) -> None:
    with (
        Wire(answers(CONTENT)) as wire,
        server({"base_url": f"{wire.url}/v1", "client_key": "k"}, {"mode": mode}) as url,
    ):
        events = parsed(read(url, {"message": "Hi"}))
    assert [name for name, _ in events] == ["delta" if mode == "text" else "message", "error"]
    assert json.loads(events[1][1])["code"] == "STREAM_CUT"


@each_server
def test_the_runtimes_own_events_are_relayed_as_they_are(server: Any) -> None:
    lines = "event: ui\ndata: one\ndata: \ndata: two\n\n"
    done = 'event: done\ndata: {"finished": true}\n\n'
    with (
        Wire(answers(CONTENT, lines, done)) as wire,
        server({"base_url": f"{wire.url}/v1", "client_key": "k"}, {"mode": "events", "keepalive": None}) as url,
    ):
        text = read(url, {"message": "Hi"})
    assert text == f"event: message\n{CONTENT}{lines}{done}"


def test_an_error_of_opening_is_raised_or_an_event() -> None:
    refused = answers('{"error": {"code": "UNAUTHORIZED", "message": "no key"}}', status=401)
    with Wire(refused) as wire:

        async def main() -> list[bytes]:
            async with muxi.AsyncFormationClient(base_url=f"{wire.url}/v1", client_key="k") as formation:
                sent: list[Any] = []

                async def send(message: Any) -> None:
                    sent.append(message)

                async def receive() -> Any:
                    await asyncio.Event().wait()

                with pytest.raises(muxi.AuthenticationError):
                    await relay.asgi(formation.chat_stream({"message": "Hi"}), receive, send)
                assert sent == []
                return [piece async for piece in relay.sse(formation.chat_stream({"message": "Hi"}))]

        ((name, data),) = parsed(b"".join(asyncio.run(main())).decode())
    assert (name, json.loads(data)["code"]) == ("error", "UNAUTHORIZED")


def test_an_answer_that_comes_at_once_is_one_delta() -> None:
    whole = 'data: {"token": {"type": "completed", "content": "All", "status": "awaiting_clarification"}}\n\n'
    with Wire(answers(whole, "event: done\ndata: {}\n\n")) as wire:
        formation = muxi.FormationClient(base_url=f"{wire.url}/v1", client_key="k")
        stream = formation.chat_stream({"message": "Hi", "request_id": "r", "session_id": "s"})
        events = parsed(b"".join(relay.sse(stream)).decode())
    assert events[0] == ("delta", '{"text":"All"}')
    assert json.loads(events[1][1]) == {
        "status": "awaiting_clarification",
        "session_id": "s",
        "request_id": "r",
        "text": "All",
    }


def busy_without_text(request: WireRequest) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    for _ in range(2000):
        yield b'data: {"token": {"type": "progress", "content": "Planning"}}\n\n'
        time.sleep(0.01)
    raise OSError("the end")


def test_events_without_text_are_silence_to_a_reader_of_text() -> None:
    with Wire(busy_without_text) as wire:
        formation = muxi.FormationClient(base_url=f"{wire.url}/v1", client_key="k")
        body = relay.sse(formation.chat_stream({"message": "Hi"}), keepalive=0.1)
        assert next(body) == b": keepalive\n\n"
        body.close()

        async def main() -> bytes:
            async with muxi.AsyncFormationClient(base_url=f"{wire.url}/v1", client_key="k") as formation:
                body = relay.sse(formation.chat_stream({"message": "Hi"}), keepalive=0.1)
                try:
                    return await anext(body)
                finally:
                    await body.aclose()

        assert asyncio.run(main()) == b": keepalive\n\n"


def test_a_relay_that_is_dropped_or_closed_cancels_the_turn(local: LocalServer) -> None:
    formation = local.formation()
    for n, is_closed in enumerate([True, False]):
        stream = formation.chat_stream({"message": SLOW * 20, "request_id": f"req_dropped_{n}"}, user_id="reader")
        body = relay.sse(stream)
        assert next(body).startswith(b"event: delta")
        if is_closed:
            body.close()
        del body
        status_of(local, f"req_dropped_{n}", "cancelled")
        assert list(stream) == []


ENDLESS = [float("inf"), 1e10, 10**400, None]


@pytest.mark.parametrize("keepalive", ENDLESS, ids=["inf", "1e10", "big", "none"])
def test_any_silence_may_be_long_enough(local: LocalServer, keepalive: Any) -> None:
    stream = local.formation().chat_stream("Hi")
    events = parsed(b"".join(relay.sse(stream, keepalive=keepalive)).decode())
    assert [events[0][0], events[-1][0]] == ["delta", "done"]

    async def main() -> bytes:
        async with local.async_formation() as formation:
            body = relay.sse(formation.chat_stream("Hi"), keepalive=keepalive)
            return b"".join([piece async for piece in body])

    assert parsed(asyncio.run(main()).decode())[-1][0] == "done"


def relay_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "muxi-relay"]


def test_closing_a_relay_ends_its_thread_at_once(local: LocalServer) -> None:
    before = relay_threads()
    body = relay.sse(local.formation().chat_stream({"message": SLOW * 20}), keepalive=60)
    assert next(body).startswith(b"event: delta")
    (thread,) = [thread for thread in relay_threads() if thread not in before]
    body.close()
    thread.join(40)
    assert not thread.is_alive()
    # Reading on tells that it was closed, and waits for nothing.
    assert [name for name, _ in parsed(b"".join(body).decode())] == ["error"]


def test_an_error_of_receive_reaches_the_server_and_cancels_the_turn(local: LocalServer) -> None:
    async def main() -> None:
        begun = asyncio.Event()

        async def send(message: Any) -> None:
            begun.set()

        async def receive() -> Any:
            await begun.wait()
            raise OSError("the socket is broken")

        async with local.async_formation() as formation:
            payload: Any = {"message": SLOW * 20, "request_id": "req_receive"}
            with fails(OSError):
                await relay.asgi(formation.chat_stream(payload, user_id="reader"), receive, send)

    asyncio.run(main())
    status_of(local, "req_receive", "cancelled")


@pytest.mark.parametrize("status", ["NaN", '["error"]', "5", "null"])
def test_a_status_that_is_no_word_is_null(status: str) -> None:
    whole = f'data: {{"token": {{"type": "completed", "content": "All", "status": {status}}}}}\n\n'
    with Wire(answers(whole, "event: done\ndata: {}\n\n")) as wire:
        formation = muxi.FormationClient(base_url=f"{wire.url}/v1", client_key="k")
        events = parsed(b"".join(relay.sse(formation.chat_stream("Hi"))).decode())
    assert '"status":null' in events[-1][1]


@pytest.mark.parametrize("mode", ["text", "events"])
def test_a_stop_button_ends_the_relay_with_an_event(local: LocalServer, mode: relay.Mode) -> None:
    async def main() -> list[tuple[str, str]]:
        async with local.async_formation() as formation:
            stream = formation.chat_stream({"message": SLOW * 20}, user_id="reader")
            pieces = []
            async for piece in relay.sse(stream, mode=mode):
                pieces.append(piece)
                await stream.aclose()
            return parsed(b"".join(pieces).decode())

    events = asyncio.run(main())
    assert (events[-1][0], json.loads(events[-1][1])["code"]) == ("error", "STREAM_CLOSED")


def test_a_line_break_of_any_kind_ends_a_line_of_data() -> None:
    # No stream brings a carriage return in an event's data, since the parser ends a line there.
    lines = b"event: ui\ndata: a\ndata: b\ndata: c\ndata: \ndata: d\ndata: \n\n"
    assert frame("ui", "a\rb\r\nc\n\rd\r") == lines


def test_mistakes_are_named(local: LocalServer) -> None:
    wrong: Any
    stream = local.formation().chat_stream({"message": "Hi"}, user_id="reader")
    for wrong in ("no stream", None):
        with pytest.raises(TypeError, match="stream must be a stream of a client"):
            relay.sse(wrong)
    wrong = "tokens"
    with pytest.raises(ValueError, match="mode must be"):
        relay.sse(stream, mode=wrong)
    for wrong in (0, -1, float("nan"), -(10**400)):
        with pytest.raises(ValueError, match="keepalive must be"):
            relay.sse(stream, keepalive=wrong)
    for wrong in ("15", True, [15]):
        with pytest.raises(TypeError, match="keepalive must be a number of seconds, not"):
            relay.sse(stream, keepalive=wrong)
    logs = local.server().stream_formation_logs("demo")
    with pytest.raises(TypeError, match='relay it with mode="events"'):
        relay.sse(logs)
    logs.close()
    assert b"".join(relay.sse(stream)).startswith(b"event: delta")
