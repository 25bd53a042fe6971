"""Relays of asynchronous streams."""

from __future__ import annotations

from ._relay_frames import KEEPALIVE, Frames, check, delta, failure
from ._stream_async import AsyncChatStream, AsyncEventStream

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ._event import Event

__all__ = ["AsyncRelay"]


class AsyncRelay:
    """The bytes of a response: an async iterator whose ``aclose()`` closes the stream."""

    __slots__ = ("__weakref__", "_pieces", "_stream")

    def __init__(self, stream: AsyncEventStream, mode: str, keepalive: float | None) -> None:
        check(stream, mode, keepalive, AsyncEventStream)
        self._stream = stream
        # It does not refer to this object, whose end closes the stream.
        self._pieces = _pieces(stream, Frames(mode), keepalive)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self._pieces.__anext__()
        except BaseException:
            # Also a cancelled task: its reader has left.
            self.close()
            raise

    def close(self) -> None:
        """Close the stream, which cancels a turn that is under way. May be called from any thread, and again."""
        self._stream._reading.close()

    async def aclose(self) -> None:
        """Close the stream. See `close`."""
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_pieces"):
            self.close()


async def _pieces(stream: AsyncEventStream, frames: Frames, keepalive: float | None) -> AsyncIterator[bytes]:
    try:
        async for event in stream if keepalive is None else _with_pauses(stream, keepalive):
            piece = KEEPALIVE if event is None else frames.take(event)
            if piece is not None:
                yield piece
        if frames.has_end and isinstance(stream, AsyncChatStream):
            # What the answer has beyond its slices.
            async for rest in stream.text_deltas():
                yield delta(rest)
            yield frames.end(stream, await stream.final_text())
    except Exception as error:
        yield failure(error, stream)


async def _with_pauses(stream: AsyncEventStream, keepalive: float) -> AsyncIterator[Event | None]:
    """Yield the events, and None for each pause."""
    import asyncio

    reading: asyncio.Task[Event] | None = None
    try:
        while True:
            if reading is None:
                reading = asyncio.ensure_future(stream.__anext__())
            done, _ = await asyncio.wait({reading}, timeout=keepalive)
            if not done:
                yield None
                continue
            try:
                event = reading.result()
            except StopAsyncIteration:
                return
            reading = None
            yield event
    finally:
        if reading is not None:
            reading.cancel()
