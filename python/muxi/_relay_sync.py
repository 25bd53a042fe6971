"""Relays of synchronous streams."""

from __future__ import annotations

from ._relay_frames import check, end, failure, piece
from ._stream import ChatStream, EventStream

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Iterator
    from queue import SimpleQueue
    from typing import Any, TypeVar

    T = TypeVar("T")

__all__ = ["Relay"]


class Relay:
    """The bytes of a response: an iterator whose ``close()`` closes the stream."""

    __slots__ = ("__weakref__", "_asked", "_pieces", "_stream")

    def __init__(self, stream: EventStream, mode: str, keepalive: float | None) -> None:
        from queue import SimpleQueue

        pause = check(stream, mode, keepalive, EventStream)
        self._stream = stream
        # The requests to the thread that reads: for an item, or for its end.
        self._asked: SimpleQueue[bool] = SimpleQueue()
        # It does not refer to this object, whose end closes the stream.
        self._pieces = _pieces(stream, mode, pause, self._asked)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Close the stream, which cancels a turn that is under way. May be called from any thread, and again."""
        self._stream.close()
        self._asked.put(False)

    def __del__(self) -> None:
        if hasattr(self, "_pieces"):
            self.close()


def _pieces(stream: EventStream, mode: str, keepalive: float | None, asked: SimpleQueue[bool]) -> Iterator[bytes]:
    try:
        items: Iterator[Any] = iter(stream)
        if mode == "text" and isinstance(stream, ChatStream):
            items = stream.text_deltas()
        yield from map(piece, items if keepalive is None else _with_pauses(items, keepalive, asked))
        if isinstance(stream, ChatStream):
            # Fails where the turn was closed before its end.
            turn = stream.result()
            if mode == "text":
                yield end(turn)
    except Exception as error:
        yield failure(error, stream)
    finally:
        stream.close()


def _with_pauses(items: Iterator[T], keepalive: float, asked: SimpleQueue[bool]) -> Iterator[T | None]:
    """Yield the items, and None for each pause: another thread reads, an item at a time and only when asked."""
    import threading
    from queue import Empty, SimpleQueue

    answers: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_read, args=(items, asked, answers), name="muxi-relay", daemon=True).start()
    try:
        asked.put(True)
        while True:
            try:
                item, error = answers.get(timeout=keepalive)
            except Empty:
                yield None
                continue
            if error is not None:
                raise error
            if item is None:
                return
            yield item
            asked.put(True)
    finally:
        asked.put(False)


def _read(items: Iterator[Any], asked: SimpleQueue[bool], answers: SimpleQueue[Any]) -> None:
    while asked.get():
        try:
            answers.put((next(items, None), None))
        except Exception as error:
            answers.put((None, error))
            return
    # If the relay was closed, its reader may wait for another item.
    answers.put((None, None))
