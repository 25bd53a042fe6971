"""From a client's methods to the compiled module."""

from __future__ import annotations

import os

from . import _muxi
from ._stream import AsyncChatStream, AsyncEventStream, ChatStream, EventStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping
    from logging import Logger
    from typing import Any

    from ._muxi import AsyncStream, Engine, Port

__all__ = ["AsyncTransport", "RawResponse", "Transport"]

# A forked child must not use what belongs to its parent's threads and sockets.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_muxi.after_fork)


class RawResponse:
    """A reply as it came, from ``client.with_raw_response``.

    Attributes:
        status_code: HTTP status.
        headers: HTTP headers, names in lower case; of a repeated one the last.
        content: The body.
        idempotency_key: The key that was sent.
    """

    __slots__ = ("_failed", "_parsed", "content", "headers", "idempotency_key", "status_code")

    def __init__(
        self,
        status_code: int,
        headers: list[tuple[str, str]],
        content: bytes,
        idempotency_key: str,
        parsed: Any,
        failed: BaseException | None,
    ) -> None:
        self.status_code = status_code
        self.headers = dict(headers)
        self.content = content
        self.idempotency_key = idempotency_key
        self._parsed = parsed
        self._failed = failed

    def __repr__(self) -> str:
        return f"<RawResponse {self.status_code}, {len(self.content)} bytes>"

    def __len__(self) -> int:
        return len(self.content)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the whole body as JSON, in its envelope."""
        return _muxi.loads(self.text)

    def parse(self) -> Any:
        """Return what the method returns without ``with_raw_response``."""
        if self._failed is not None:
            raise self._failed
        return self._parsed


class _Base:
    __slots__ = ("_engine", "_logger", "_raw")

    def __init__(self, engine: Engine, logger: Logger | None, raw: bool = False) -> None:
        self._engine = engine
        self._logger = logger
        self._raw = raw

    @property
    def base_url(self) -> str:
        """The URL that paths are appended to."""
        return self._engine.base_url

    def close(self) -> None:
        """Close idle connections. Calls from now on are refused."""
        self._engine.close()

    def _tell(self, notes: list[tuple[str, str]]) -> None:
        import logging

        logger = self._logger or logging.getLogger("muxi")
        for kind, text in notes:
            if kind == "update":
                logger.warning("muxi-client %s is available (this is %s)", text, _muxi.__version__)
                continue
            if self._logger is None and not logger.hasHandlers():
                # Who asks for debug lines and has not set up logging wants to see them.
                handler = logging.StreamHandler()
                handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
                logger.addHandler(handler)
                logger.setLevel(logging.DEBUG)
            logger.debug("%s", text)


class Transport(_Base):
    """Sends the calls of a client; the calling thread does the work."""

    __slots__ = ()

    def call(
        self,
        name: str | None,
        values: tuple[Any, ...],
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Call an operation, with its arguments in the order of the table."""
        engine = self._engine
        try:
            return engine.call(name, values, timeout, headers, idempotency_key, self._raw)
        finally:
            if notes := engine.notes():
                self._tell(notes)

    def open(
        self,
        name: str | None,
        values: tuple[Any, ...],
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Open the stream of an operation."""
        engine = self._engine
        try:
            stream = engine.open(name, values, timeout, headers, idempotency_key)
        finally:
            if notes := engine.notes():
                self._tell(notes)
        is_chat = name is not None and engine.stream_end(name) == "done"
        return ChatStream(stream) if is_chat else EventStream(stream)


class AsyncTransport(_Base):
    """Sends the calls of an async client; one background thread does the work of all."""

    __slots__ = ()

    async def call(
        self,
        name: str | None,
        values: tuple[Any, ...],
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Call an operation, with its arguments in the order of the table."""
        if values and type(values[0]) is PendingBundle:
            values = (await values[0].check(), *values[1:])
        loop = _running_loop()
        future = loop.create_future()
        port = _ports.get(loop) or _new_port(loop)
        engine = self._engine
        task = engine.submit(port, future, name, values, timeout, headers, idempotency_key, self._raw)
        try:
            return await future
        finally:
            # Not done: this task was cancelled.
            if not future.done() or future.cancelled():
                task.cancel()
            if notes := engine.notes():
                self._tell(notes)

    def open(
        self,
        name: str | None,
        values: tuple[Any, ...],
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Open the stream of an operation."""
        engine = self._engine

        async def opened() -> AsyncStream:
            own = values
            if own and type(own[0]) is PendingBundle:
                own = (await own[0].check(), *own[1:])
            loop = _running_loop()
            future: asyncio.Future[AsyncStream] = loop.create_future()
            port = _ports.get(loop) or _new_port(loop)
            task = engine.submit_open(port, future, name, own, timeout, headers, idempotency_key)
            try:
                return await future
            finally:
                if not future.done() or future.cancelled():
                    task.cancel()
                if notes := engine.notes():
                    self._tell(notes)

        is_chat = name is not None and engine.stream_end(name) == "done"
        return AsyncChatStream(opened, _wait) if is_chat else AsyncEventStream(opened, _wait)


class PendingBundle:
    """A bundle that is to be checked, which takes time: not on the event loop."""

    __slots__ = ("_source",)

    def __init__(self, source: Any) -> None:
        self._source = source

    async def check(self) -> Any:
        """Return the checked bundle."""
        import asyncio

        return await asyncio.to_thread(_muxi.Engine.bundle, self._source)


async def _wait(stream: AsyncStream) -> None:
    loop = _running_loop()
    future = loop.create_future()
    stream.wait(_ports.get(loop) or _new_port(loop), future)
    await future


# One port for each event loop; a loop that goes takes its port along.
_ports: Any = {}


def _running_loop() -> asyncio.AbstractEventLoop:
    # The first call replaces this function and the dict above by the real ones: a sync program needs neither.
    global _ports, _running_loop
    from asyncio import get_running_loop
    from weakref import WeakKeyDictionary

    _ports = WeakKeyDictionary()
    _running_loop = get_running_loop
    return get_running_loop()


def _new_port(loop: asyncio.AbstractEventLoop) -> Port:
    port = _muxi.Port()
    loop.add_reader(port.fileno(), port.drain)
    _ports[loop] = port
    return port
