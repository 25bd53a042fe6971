"""Streams of the asynchronous clients."""

from __future__ import annotations

from ._muxi import AsyncEvents, AsyncText

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator
    from types import TracebackType
    from typing import Any, TypeVar

    from ._event import Event
    from ._muxi import AsyncStream
    from ._turn import TurnResult

    # Instead of `Self`, where jedi is to complete what is returned.
    _Self = TypeVar("_Self", bound="AsyncEventStream")

__all__ = ["AsyncChatStream", "AsyncEventStream"]


class AsyncEventStream:
    """A stream of events: an async iterator, an async context manager, and awaitable.

    ``async for event in client.stream_...()`` and ``async for event in await client.stream_...()`` both work; the
    latter raises an error of opening at the ``await``. Reading goes on where it stopped, after a ``break``, a timeout
    and a cancelled task. The stream ends after its last event, and raises a `MuxiError` when the server reports an
    error or the stream was cut; reading on raises the same again. The connection goes when the stream ends, fails, is
    closed, leaves its ``async with`` block, or is no longer referred to.
    """

    __slots__ = ("__weakref__", "_events", "_reading")

    def __init__(
        self,
        prepare: Callable[[], Awaitable[tuple[Any, ...]]],
        start: Callable[[tuple[Any, ...]], AsyncStream],
        wait: Callable[[AsyncStream], Awaitable[None]],
        hooks: object,
    ) -> None:
        self._reading = _Reading(prepare, start, wait, hooks)
        self._events = AsyncEvents(self._reading.next_event)

    async def _open(self: _Self) -> _Self:
        self._events.attach(await self._reading.opened())
        return self

    def __await__(self: _Self) -> Generator[Any, None, _Self]:
        return self._open().__await__()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def __anext__(self) -> Event:
        return await self._events.__anext__()

    async def aclose(self) -> None:
        """Close the stream and its connection, which cancels a chat turn.

        Any task may do so, also while another one reads: that one's loop ends. May be called again.
        """
        await self._reading.aclose()

    async def __aenter__(self: _Self) -> _Self:
        return await self._open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._reading.aclose()

    @property
    def session_id(self) -> str | None:
        """The session of a chat turn; None until the stream is open."""
        value: str | None = self._reading.head("session_id")
        return value

    @property
    def request_id(self) -> str | None:
        """The request of a chat turn; None until the stream is open."""
        value: str | None = self._reading.head("request_id")
        return value

    @property
    def idempotency_key(self) -> str | None:
        """The key that was sent; None until the stream is open."""
        value: str | None = self._reading.head("idempotency_key")
        return value

    @property
    def status_code(self) -> int | None:
        """HTTP status; None until the stream is open."""
        value: int | None = self._reading.head("status_code")
        return value


class AsyncChatStream(AsyncEventStream):
    """The stream of a chat turn. See `AsyncEventStream`."""

    __slots__ = ()

    def text_deltas(self) -> AsyncText:
        """Yield the answer's text as it arrives; all at once for a turn that does not come in slices.

        The iterator's ``aclose()`` closes the stream, as that of a generator would.
        """
        return AsyncText(self._reading.next_slice, self._reading.aclose)

    async def final_text(self) -> str:
        """Read the stream to its end and return the whole answer, with what was read before.

        Raises:
            MuxiError: The stream failed, now or before.
            RuntimeError: The stream was closed before its end.
        """
        stream = await self._reading.ended()
        return stream.text()

    async def result(self) -> TurnResult:
        """Read the stream to its end and return the turn, with what was read before.

        Returns:
            Text, status, artifacts, widgets, clarification and ids. A turn that failed has the status ``"error"``: see
            `TurnResult.raise_for_status`.

        Raises:
            MuxiError: The stream failed, now or before.
            RuntimeError: The stream was closed before its end.
        """
        from ._turn import result_of

        stream = await self._reading.ended()
        return result_of(stream.text(), stream.notes(), self.session_id, self.request_id)


class _Reading:
    """The reading of a stream. It refers to no iterator, so that the last one to go takes the connection along."""

    __slots__ = ("_closed", "_hooks", "_is_taken", "_prepare", "_start", "_stream", "_wait")

    def __init__(
        self,
        prepare: Callable[[], Awaitable[tuple[Any, ...]]],
        start: Callable[[tuple[Any, ...]], AsyncStream],
        wait: Callable[[AsyncStream], Awaitable[None]],
        hooks: object,
    ) -> None:
        self._prepare = prepare
        self._start = start
        self._wait = wait
        self._hooks = hooks
        self._stream: AsyncStream | None = None
        self._closed = False
        self._is_taken = False

    async def opened(self) -> AsyncStream:
        """Open the stream. A task that waits for it may be cancelled, and call it again."""
        if self._stream is None:
            self._refuse_closed()
            prepared = await self._prepare()
            # Another task may have started the stream meanwhile, or closed it: a request is sent once, or not at all.
            if self._stream is None:
                self._refuse_closed()
                self._stream = self._start(prepared)
                # They hold the bundle.
                del self._prepare, self._start
        stream = self._stream
        while not stream.is_open():
            await self._wait(stream)
        if self._hooks is not None:
            # The head may have come just now: that is told before the hooks, which see nothing later, are let go.
            stream.is_open()
            self._hooks = None
        return stream

    def _refuse_closed(self) -> None:
        if self._closed:
            raise RuntimeError("the stream is closed")

    async def next_event(self, events: AsyncEvents) -> Event:
        stream = await self.opened()
        events.attach(stream)
        await self._until(stream, stream.has_event)
        return await stream

    async def next_slice(self, text: AsyncText) -> str:
        stream = await self.opened()
        text.attach(stream)
        await self._until(stream, stream.has_slice)
        return await text

    async def ended(self) -> AsyncStream:
        stream = await self.opened()
        await self._until(stream, stream.skim)
        return stream

    async def _until(self, stream: AsyncStream, done: Callable[[], bool]) -> None:
        if self._is_taken:
            raise RuntimeError("another task is reading this stream")
        self._is_taken = True
        try:
            while not done():
                await self._wait(stream)
        finally:
            self._is_taken = False

    def close(self) -> None:
        self._closed = True
        if self._stream is not None:
            self._stream.close()

    async def aclose(self) -> None:
        self.close()

    def head(self, name: str) -> Any:
        head = None if self._stream is None else self._stream.head()
        return None if head is None else head[name]
