"""Both Python clients behind one face, so that a test is written once and runs on either."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, TypeVar

from muxi import AsyncFormationClient, FormationClient

T = TypeVar("T")


class Stream(Protocol):
    """An open stream."""

    @property
    def session_id(self) -> str | None: ...
    @property
    def request_id(self) -> str | None: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __enter__(self) -> Any: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...
    def close(self) -> None: ...
    def text_deltas(self) -> Iterator[str]: ...
    def final_text(self) -> str: ...


class Face(Protocol):
    """A client, and which operations were called through it."""

    name: str
    called: set[str]

    def call(self, operation: str, *args: Any, **options: Any) -> Any:
        """Call an operation and wait for its reply."""

    def stream(self, operation: str, *args: Any, **options: Any) -> Stream:
        """Open a stream."""
        ...

    def final_texts(self, payloads: Sequence[dict[str, Any]], user_id: str) -> list[str]:
        """Stream so many turns at once; their final texts."""
        ...

    def close(self) -> None:
        """Close the client."""


class SyncFace:
    name = "sync"

    def __init__(self, **settings: Any) -> None:
        self.client = FormationClient(**settings)
        self.called: set[str] = set()

    def call(self, operation: str, *args: Any, **options: Any) -> Any:
        self.called.add(operation)
        return getattr(self.client, operation)(*args, **options)

    def stream(self, operation: str, *args: Any, **options: Any) -> Stream:
        stream: Stream = self.call(operation, *args, **options)
        return stream

    def final_texts(self, payloads: Sequence[dict[str, Any]], user_id: str) -> list[str]:
        def turn(payload: dict[str, Any]) -> str:
            return self.stream("chat_stream", payload, user_id=user_id).final_text()

        with ThreadPoolExecutor(len(payloads)) as threads:
            return list(threads.map(turn, payloads))

    def close(self) -> None:
        self.client.close()


class AsyncFace:
    name = "async"

    def __init__(self, **settings: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.client = AsyncFormationClient(**settings)
        self.called: set[str] = set()

    def call(self, operation: str, *args: Any, **options: Any) -> Any:
        self.called.add(operation)
        return self.loop.run_until_complete(getattr(self.client, operation)(*args, **options))

    def stream(self, operation: str, *args: Any, **options: Any) -> Stream:
        return _Waiting(self.loop, self.call(operation, *args, **options))

    def final_texts(self, payloads: Sequence[dict[str, Any]], user_id: str) -> list[str]:
        self.called.add("chat_stream")

        async def turn(payload: dict[str, Any]) -> str:
            return await self.client.chat_stream(payload, user_id=user_id).final_text()

        async def turns() -> list[str]:
            return await asyncio.gather(*map(turn, payloads))

        return self.loop.run_until_complete(turns())

    def close(self) -> None:
        self.loop.run_until_complete(self.client.aclose())
        self.loop.close()


class _Waiting:
    """An async stream that is waited for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stream: Any) -> None:
        self._loop = loop
        self._stream = stream

    def _each(self, iterator: Any) -> Iterator[Any]:
        while True:
            try:
                yield self._loop.run_until_complete(anext(iterator))
            except StopAsyncIteration:
                return

    @property
    def session_id(self) -> str | None:
        session: str | None = self._stream.session_id
        return session

    @property
    def request_id(self) -> str | None:
        request: str | None = self._stream.request_id
        return request

    def __iter__(self) -> Iterator[Any]:
        return self._each(aiter(self._stream))

    def text_deltas(self) -> Iterator[str]:
        return self._each(self._stream.text_deltas())

    def final_text(self) -> str:
        text: str = self._loop.run_until_complete(self._stream.final_text())
        return text

    def close(self) -> None:
        self._loop.run_until_complete(self._stream.aclose())

    def __enter__(self) -> _Waiting:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def until(step: Callable[[], T], done: Callable[[T], bool], seconds: float = 30) -> T:
    """Repeat a step until its result will do."""
    deadline = time.monotonic() + seconds
    while not done(result := step()):
        assert time.monotonic() < deadline, f"still {result!r} after {seconds} s"
        time.sleep(0.2)
    return result
