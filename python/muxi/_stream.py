"""Events and streams."""

from __future__ import annotations

from ._muxi import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._muxi import AsyncStream, SyncStream

__all__ = ["AsyncChatStream", "AsyncEventStream", "ChatStream", "Event", "EventStream", "parse_ui_widgets"]


class Event(dict):  # type: ignore[type-arg]
    """One event of a stream: a dict with ``event`` (its name) and ``data`` (its text).

    The attributes read the data when they are asked for it.
    """

    __slots__ = ("_json",)

    def json(self) -> Any:
        """Return the data as JSON, or None when it is none."""
        try:
            return self._json
        except AttributeError:
            try:
                self._json: Any = loads(self["data"])
            except ValueError:
                self._json = None
            return self._json

    @property
    def token(self) -> Any:
        """The token of a chat event: a dict, with an old runtime a text, or None."""
        parsed = self.json()
        return parsed.get("token") if isinstance(parsed, dict) else None

    @property
    def type(self) -> str:
        """The token's type, such as ``"content"`` or ``"completed"``; otherwise the event's name."""
        token = self.token
        if isinstance(token, str):
            return "content"
        kind = token.get("type") if isinstance(token, dict) else None
        return kind if isinstance(kind, str) else str(self["event"])

    @property
    def text(self) -> str:
        """The slice of the answer that this event brings; empty for all other events."""
        token = self.token
        if isinstance(token, str):
            return token
        if isinstance(token, dict) and token.get("type") == "content":
            content = token.get("content")
            return content if isinstance(content, str) else ""
        return ""

    @property
    def finished(self) -> bool:
        """Whether this is the last event of its stream."""
        return self["event"] in ("done", "complete")

    @property
    def widgets(self) -> list[dict[str, Any]]:
        """The widgets of an event ``ui``; empty for all other events."""
        return parse_ui_widgets(self)


def parse_ui_widgets(event: Any) -> list[dict[str, Any]]:
    """Return the widgets of an event ``ui``.

    Args:
        event: An event of a chat stream.

    Returns:
        The widgets; an empty list for every other event. Ignore widgets whose ``type`` you do not know.
    """
    if event.get("event") != "ui":
        return []
    try:
        parsed = loads(str(event.get("data") or "{}"))
    except ValueError:
        return []
    widgets = parsed.get("ui") if isinstance(parsed, dict) else None
    return widgets if isinstance(widgets, list) else []


class _Turn:
    """What a chat stream has brought so far, for its final text."""

    __slots__ = ("completed",)

    def __init__(self) -> None:
        self.completed: Event | None = None

    def look(self, batch: list[Event]) -> None:
        for event in batch:
            if '"completed"' in event["data"] and event.type == "completed":
                self.completed = event

    def text(self) -> str | None:
        content = self.completed.token.get("content") if self.completed is not None else None
        return content if isinstance(content, str) else None


def _events(stream: SyncStream, turn: _Turn | None) -> Generator[Event, None, None]:
    # It holds the stream and nothing that holds it, so that leaving a loop lets the connection go at once.
    try:
        while batch := stream.next_batch():
            if turn is not None:
                turn.look(batch)
            yield from batch
    finally:
        stream.close()


class EventStream:
    """An open stream of events: an iterator and a context manager.

    Leaving the loop or the ``with`` block, or `close`, lets the connection go at once. The stream ends after its last
    event, and raises a `MuxiError` when the other side reports an error or the stream was cut.

    Attributes:
        session_id: The session of a chat turn, or None.
        request_id: The request of a chat turn, or None.
        idempotency_key: The key that was sent.
        status_code: HTTP status.
    """

    __slots__ = ("_events", "_stream", "_turn", "idempotency_key", "request_id", "session_id", "status_code")

    def __init__(self, stream: SyncStream) -> None:
        self._stream = stream
        self._turn = _Turn() if isinstance(self, ChatStream) else None
        self._events = _events(stream, self._turn)
        head = stream.head()
        self.session_id: str | None = head["session_id"]
        self.request_id: str | None = head["request_id"]
        self.idempotency_key: str = head["idempotency_key"]
        self.status_code: int = head["status_code"]

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def __next__(self) -> Event:
        return next(self._events)

    def close(self) -> None:
        """Let the connection go. May be called again."""
        self._events.close()
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class ChatStream(EventStream):
    """The stream of a chat turn. See `EventStream`."""

    __slots__ = ()

    def text_deltas(self) -> Iterator[str]:
        """Yield the answer's text as it arrives; all at once for a turn that does not come in slices."""
        sliced = False
        for event in self._events:
            if text := event.text:
                sliced = True
                yield text
        if not sliced and self._turn is not None and (whole := self._turn.text()):
            yield whole

    def final_text(self) -> str:
        """Read the stream to its end and return the whole answer."""
        slices = [event.text for event in self._events]
        whole = self._turn.text() if self._turn is not None else None
        return whole if whole is not None else "".join(slices)


async def _aevents(
    opened: Callable[[], Awaitable[AsyncStream]],
    wait: Callable[[AsyncStream], Awaitable[None]],
    turn: _Turn | None,
) -> AsyncGenerator[Event, None]:
    stream = await opened()
    try:
        while True:
            batch = stream.take()
            if batch is None:
                await wait(stream)
                continue
            if not batch:
                return
            if turn is not None:
                turn.look(batch)
            for event in batch:
                yield event
    finally:
        stream.close()


class _Opening:
    """An async stream's connection, opened once: by ``await`` or by the first step of the loop."""

    __slots__ = ("_open", "_stream")

    def __init__(self, open: Callable[[], Awaitable[AsyncStream]]) -> None:
        self._open: Callable[[], Awaitable[AsyncStream]] | None = open
        self._stream: AsyncStream | None = None

    async def __call__(self) -> AsyncStream:
        if self._stream is None:
            if self._open is None:
                raise RuntimeError("the stream is closed")
            open, self._open = self._open, None
            self._stream = await open()
        return self._stream

    @property
    def stream(self) -> AsyncStream | None:
        return self._stream

    def close(self) -> None:
        self._open = None
        if self._stream is not None:
            self._stream.close()


class AsyncEventStream:
    """A stream of events: an async iterator, an async context manager, and awaitable.

    ``async for event in client.stream_...()`` and ``async for event in await client.stream_...()`` both work; the
    latter raises an error of opening at the ``await``. Leaving the ``async with`` block, `aclose`, or cancelling lets
    the connection go at once. The stream ends after its last event, and raises a `MuxiError` when the other side
    reports an error or the stream was cut.
    """

    __slots__ = ("_events", "_opening", "_turn")

    def __init__(
        self,
        open: Callable[[], Awaitable[AsyncStream]],
        wait: Callable[[AsyncStream], Awaitable[None]],
    ) -> None:
        self._opening = _Opening(open)
        self._turn = _Turn() if isinstance(self, AsyncChatStream) else None
        self._events = _aevents(self._opening, wait, self._turn)

    async def _open(self) -> Self:
        await self._opening()
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return self._open().__await__()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def __anext__(self) -> Event:
        return await self._events.__anext__()

    async def aclose(self) -> None:
        """Let the connection go. May be called again."""
        await self._events.aclose()
        self._opening.close()

    async def __aenter__(self) -> Self:
        return await self._open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.aclose()

    def _head(self, name: str) -> Any:
        stream = self._opening.stream
        return None if stream is None else stream.head()[name]

    @property
    def session_id(self) -> str | None:
        """The session of a chat turn; None until the stream is open."""
        value: str | None = self._head("session_id")
        return value

    @property
    def request_id(self) -> str | None:
        """The request of a chat turn; None until the stream is open."""
        value: str | None = self._head("request_id")
        return value

    @property
    def idempotency_key(self) -> str | None:
        """The key that was sent; None until the stream is open."""
        value: str | None = self._head("idempotency_key")
        return value

    @property
    def status_code(self) -> int | None:
        """HTTP status; None until the stream is open."""
        value: int | None = self._head("status_code")
        return value


class AsyncChatStream(AsyncEventStream):
    """The stream of a chat turn. See `AsyncEventStream`."""

    __slots__ = ()

    async def text_deltas(self) -> AsyncIterator[str]:
        """Yield the answer's text as it arrives; all at once for a turn that does not come in slices."""
        sliced = False
        async for event in self._events:
            if text := event.text:
                sliced = True
                yield text
        if not sliced and self._turn is not None and (whole := self._turn.text()):
            yield whole

    async def final_text(self) -> str:
        """Read the stream to its end and return the whole answer."""
        slices = [event.text async for event in self._events]
        whole = self._turn.text() if self._turn is not None else None
        return whole if whole is not None else "".join(slices)
