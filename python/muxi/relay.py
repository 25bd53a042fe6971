"""Relaying a turn to a browser: from a stream of a client to the bytes of a response with server-sent events.

It works with every web framework, and depends on none.

Example:
    A route for FastAPI or Starlette::

        from fastapi import FastAPI
        from fastapi.responses import StreamingResponse
        from muxi import AsyncFormationClient, relay

        app = FastAPI()
        formation = AsyncFormationClient()

        @app.get("/chat")
        async def chat(text: str) -> StreamingResponse:
            stream = formation.chat_stream({"message": text}, user_id="ada")
            return StreamingResponse(relay.sse(stream), headers=relay.HEADERS)

In the mode ``text`` the response has these events, each with JSON:

- ``delta``: ``{"text"}``, a slice of the answer
- ``done``, the last: ``{"status", "session_id", "request_id", "text"}``, where ``text`` is the whole answer, and
  ``status`` the one of the turn: ``success``, ``error``, ``awaiting_clarification``, ``escalated`` (the formation tries
  again in the background), or null for a workflow
- ``error``, the last: ``{"code", "message", "request_id", "session_id"}``

In the mode ``events`` it has the runtime's own events, and ``error`` as above. While a turn is silent, the comment
``: keepalive`` keeps the connection open, and shows that its reader has left.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias, overload

from ._relay_async import AsyncRelay
from ._relay_sync import Relay
from ._stream import EventStream
from ._stream_async import AsyncEventStream

__all__ = ["HEADERS", "AsyncRelay", "Mode", "Relay", "asgi", "sse"]

HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Headers of the response. The last one is for proxies that hold answers back."""

Mode: TypeAlias = Literal["text", "events"]


@overload
def sse(stream: EventStream, *, mode: Mode = "text", keepalive: float | None = 15) -> Relay: ...
@overload
def sse(stream: AsyncEventStream, *, mode: Mode = "text", keepalive: float | None = 15) -> AsyncRelay: ...
def sse(
    stream: EventStream | AsyncEventStream, *, mode: Mode = "text", keepalive: float | None = 15
) -> Relay | AsyncRelay:
    """Return the bytes of a response with server-sent events.

    A failure of the stream, also of its opening, is an event. Leaving the iterator early, by ``close()``, ``aclose()``,
    a cancelled task or the loss of its last reference, closes the stream, which cancels the turn.

    Args:
        stream: A stream of a client, not read so far. The mode ``text`` takes chat streams only.
        mode: ``text`` for the slices of the answer, ``events`` for the runtime's events.
        keepalive: Seconds of silence after which a comment is sent; None or ``math.inf`` for none.

    Returns:
        For the stream of a synchronous client an iterator with ``close()``, as WSGI, Flask and Django take it; for that
        of an asynchronous one an async iterator with ``aclose()``, as Starlette, FastAPI and Django take it.

    Raises:
        TypeError: It is not a stream, or not one of a chat turn.
        ValueError: The mode or ``keepalive`` is wrong.
    """
    if isinstance(stream, AsyncEventStream):
        return AsyncRelay(stream, mode, keepalive)
    return Relay(stream, mode, keepalive)


async def asgi(
    stream: AsyncEventStream,
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
    *,
    mode: Mode = "text",
    keepalive: float | None = 15,
) -> None:
    """Send a whole response with server-sent events by ASGI, and cancel the turn as soon as its reader leaves.

    The response begins once the stream is open: an error of opening it is raised, and nothing was sent.

    Args:
        stream: A stream of an asynchronous client, not read so far.
        receive: ASGI's ``receive``.
        send: ASGI's ``send``.
        mode: See `sse`.
        keepalive: See `sse`.

    Raises:
        MuxiError: The stream could not be opened.
        TypeError: It is not a stream, or not one of a chat turn.
        ValueError: The mode or ``keepalive`` is wrong.
    """
    import asyncio

    body = AsyncRelay(stream, mode, keepalive)

    async def answer() -> None:
        await stream
        headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for piece in body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def leave() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    answering, leaving = asyncio.ensure_future(answer()), asyncio.ensure_future(leave())
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        # An error of `receive`, too, is for the server.
        (answering if answering.done() else leaving).result()
    finally:
        body.close()
        answering.cancel()
        leaving.cancel()
        await asyncio.gather(answering, leaving, return_exceptions=True)
