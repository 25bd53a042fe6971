"""Relays of asynchronous streams."""

from __future__ import annotations

from ._relay_frames import check, end, failure, piece
from ._stream_async import AsyncChatStream, AsyncEventStream

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any, TypeVar

    T = TypeVar("T")

__all__ = ["AsyncRelay"]


class AsyncRelay:
    """The bytes of a response: an async iterator whose ``aclose()`` closes the stream."""

    __slots__ = ("__weakref__", "_pieces", "_stream")

    def __init__(self, stream: AsyncEventStream, mode: str, keepalive: float | None) -> None:
        pause = check(stream, mode, keepalive, AsyncEventStream)
        self._stream = stream
        # It does not refer to this object, whose end closes the stream.
        self._pieces = _pieces(stream, mode, pause)

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


async def _pieces(stream: AsyncEventStream, mode: str, keepalive: float | None) -> AsyncIterator[bytes]:
    try:
        items: AsyncIterator[Any] = aiter(stream)
        if mode == "text" and isinstance(stream, AsyncChatStream):
            items = stream.text_deltas()
        async for item in items if keepalive is None else _with_pauses(items, keepalive):
            yield piece(item)
        if isinstance(stream, AsyncChatStream):
            # Fails where the turn was closed before its end.
            turn = await stream.result()
            if mode == "text":
                yield end(turn)
    except Exception as error:
        yield failure(error, stream)


async def _with_pauses(items: AsyncIterator[T], keepalive: float) -> AsyncIterator[T | None]:
    """Yield the items, and None for each pause."""
    import asyncio

    reading: asyncio.Task[T] | None = None
    try:
        while True:
            if reading is None:
                reading = asyncio.ensure_future(items.__anext__())
            done, _ = await asyncio.wait({reading}, timeout=keepalive)
            if not done:
                yield None
                continue
            try:
                item = reading.result()
            except StopAsyncIteration:
                return
            reading = None
            yield item
    finally:
        if reading is not None:
            reading.cancel()
