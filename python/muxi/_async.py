"""From the methods of an asynchronous client to the compiled module."""

from __future__ import annotations

from sys import modules

from . import _muxi
from ._process import watch_end
from ._sync import TRACER

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Set
    from typing import Any

    from ._muxi import AsyncStream, Delivery, Mailbox
    from ._options import CallOptions
    from ._stream_async import AsyncEventStream
    from ._telemetry import CallSpan

__all__ = ["AsyncTransport", "Pending", "PendingBundle"]


class AsyncTransport:
    """Sends the calls of an async client; one background thread does the work of all."""

    __slots__ = ("engine", "given", "hooks", "is_raw", "is_traced")

    def __init__(
        self, engine: _muxi.AsyncEngine, is_raw: bool = False, is_traced: bool = True, given: Set[str] = frozenset()
    ) -> None:
        watch_end()
        self.engine: _muxi.AsyncEngine = engine
        self.is_raw: bool = is_raw
        self.is_traced: bool = is_traced
        # The names of the headers that the engine adds itself, in lower case.
        self.given: Set[str] = given
        # Those of the client, which the engine does not keep alive; a stream may outlive its client.
        self.hooks: object = None

    @property
    def base_url(self) -> str:
        """The URL that paths are appended to."""
        return self.engine.base_url

    def close(self) -> None:
        """Close idle connections. Calls from now on are refused."""
        self.engine.close()

    async def call(self, name: str | None, values: tuple[Any, ...], options: CallOptions) -> Any:
        """Call an operation, with its arguments in the order of the table."""
        if values and isinstance(values[0], Pending):
            values = (await values[0].make(self.engine, name, options), *values[1:])
        if TRACER in modules and self.is_traced:
            return await self._traced(name, values, options)
        loop = _running_loop()
        mailbox = _mailboxes.get(loop) or _new_mailbox(loop)
        future = loop.create_future()
        id = self.engine.submit(mailbox, future, name, values, options, self.is_raw)
        try:
            return await future
        finally:
            # Not done: this task was cancelled.
            if not future.done() or future.cancelled():
                mailbox.cancel(id)

    async def _traced(self, name: str | None, values: tuple[Any, ...], options: CallOptions) -> Any:
        from ._telemetry import CallSpan

        span = CallSpan(self.engine, name, values, options, self.given)
        try:
            # It has the status.
            reply = await AsyncTransport(self.engine, True, False).call(name, values, span.options)
            value = reply if self.is_raw else reply.parse()
        except BaseException as error:
            span.fail(error)
            raise
        span.succeed(reply.status_code)
        return value

    def open(
        self, kind: type[AsyncEventStream], name: str | None, values: tuple[Any, ...], options: CallOptions
    ) -> Any:
        """Make the stream of an operation. It is opened by its first step."""
        engine = self.engine

        async def prepare() -> tuple[Any, ...]:
            if values and isinstance(values[0], Pending):
                return (await values[0].make(engine, name, options), *values[1:])
            return values

        def start(prepared: tuple[Any, ...]) -> AsyncStream:
            return engine.open(name, prepared, options)

        if TRACER in modules and self.is_traced:
            from ._telemetry import CallSpan

            opening = _Opening(engine, name, options, self.given, CallSpan)
            return kind(prepare, opening.start, opening.wait, self.hooks)
        return kind(prepare, start, _wait, self.hooks)


class _Opening:
    """The opening of a stream in a span, which begins with the request and ends with the head."""

    __slots__ = ("_begin", "_engine", "_given", "_name", "_options", "_span")

    def __init__(
        self,
        engine: _muxi.AsyncEngine,
        name: str | None,
        options: CallOptions,
        given: Set[str],
        begin: type[CallSpan],
    ) -> None:
        self._engine = engine
        self._name = name
        self._options = options
        self._given = given
        self._begin = begin
        self._span: CallSpan | None = None

    def start(self, prepared: tuple[Any, ...]) -> AsyncStream:
        span = self._begin(self._engine, self._name, prepared, self._options, self._given)
        try:
            stream = self._engine.open(self._name, prepared, span.options)
        except BaseException as error:
            span.fail(error)
            raise
        self._span = span
        return stream

    async def wait(self, stream: AsyncStream) -> None:
        await _wait(stream)
        if (span := self._span) is None:
            return
        try:
            if not stream.is_open():
                return
        except BaseException as error:
            span.fail(error)
        else:
            head = stream.head()
            span.succeed(None if head is None else head["status_code"])
        self._span = None

    def __del__(self) -> None:
        # Nothing waited for the head any more.
        if self._span is not None:
            self._span.succeed(None)


class Pending:
    """A value that is to be made, which takes time."""

    __slots__ = ()

    async def make(self, engine: _muxi.AsyncEngine, name: str | None, options: CallOptions) -> Any:
        """Return the value for a call of an operation."""
        raise NotImplementedError


class PendingBundle(Pending):
    """A bundle that is to be made, which takes time: not on the event loop, and once for all tasks that wait for it."""

    __slots__ = ("_began_at", "_made", "_on_progress", "_source", "_turn")

    def __init__(self, source: Any, on_progress: Any) -> None:
        import threading

        self._source = source
        self._on_progress = on_progress
        self._made: Any = None
        self._began_at: int | None = None
        self._turn = threading.Lock()

    async def make(self, engine: _muxi.AsyncEngine, name: str | None, options: CallOptions) -> Any:
        """Return the bundle for a call of an operation."""
        import asyncio

        packing = engine.pack(name or "", (self._source, self._on_progress), options)
        try:
            return await asyncio.to_thread(self._run, packing)
        finally:
            # The thread goes on when this task is cancelled.
            packing.cancel()

    def _run(self, packing: _muxi.Packing) -> Any:
        with self._turn:
            if self._made is None:
                self._rewind()
                self._made = packing.run()
            return self._made

    def _rewind(self) -> None:
        # A task that was cancelled has read a part of the file.
        if hasattr(self._source, "seekable") and self._source.seekable():
            if self._began_at is None:
                self._began_at = self._source.tell()
            self._source.seek(self._began_at)


async def _wait(stream: AsyncStream) -> None:
    loop = _running_loop()
    mailbox = _mailboxes.get(loop) or _new_mailbox(loop)
    future = loop.create_future()
    id = stream.wait(mailbox, future)
    try:
        await future
    finally:
        if not future.done() or future.cancelled():
            stream.stop_waiting(mailbox, id)


# One mailbox for each event loop; a loop that goes takes its own along.
_mailboxes: Any = {}


def _running_loop() -> asyncio.AbstractEventLoop:
    # The first call replaces this function and the dict above by the real ones: a sync program needs neither.
    global _mailboxes, _running_loop
    from asyncio import get_running_loop
    from weakref import WeakKeyDictionary

    try:
        get_running_loop()
    except RuntimeError:
        raise RuntimeError("an asynchronous client needs a running event loop of asyncio (trio has another)") from None

    # The loop of another thread may come here at the same time, and has a mailbox in the first dict.
    _mailboxes = globals().setdefault("_kept", WeakKeyDictionary())
    _running_loop = get_running_loop
    return get_running_loop()


def _new_mailbox(loop: asyncio.AbstractEventLoop) -> Mailbox:
    mailbox, delivery = _muxi.Mailbox.open()
    try:
        loop.add_reader(delivery.fileno(), delivery)
    except NotImplementedError:
        _listen(loop, delivery)
    _mailboxes[loop] = mailbox
    return mailbox


def _listen(loop: asyncio.AbstractEventLoop, delivery: Delivery) -> None:
    # For loops that wait for sockets only by coroutines, such as the one of Windows.
    import socket

    woken = socket.socket(fileno=delivery.detach())
    woken.setblocking(False)
    task = loop.create_task(_deliver(loop, woken, delivery), name="muxi")
    # A loop may be closed at any time, and then the task has nothing left to do.
    task._log_destroy_pending = False  # type: ignore[attr-defined]


async def _deliver(loop: asyncio.AbstractEventLoop, woken: socket.socket, delivery: Delivery) -> None:
    import asyncio

    with woken:
        is_cancelled = False
        while delivery.is_awaited or not is_cancelled:
            try:
                await loop.sock_recv(woken, 64)
            except asyncio.CancelledError:
                # Other tasks, which are being cancelled as well, may still wait for answers.
                is_cancelled = True
                continue
            delivery()
        _mailboxes.pop(loop, None)
