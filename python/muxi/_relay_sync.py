"""Relays of synchronous streams."""

from __future__ import annotations

from ._relay_frames import KEEPALIVE, Frames, check, delta, failure
from ._stream import ChatStream, EventStream

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Iterator
    from queue import SimpleQueue
    from typing import Any

    from ._event import Event

__all__ = ["Relay"]


class Relay:
    """The bytes of a response: an iterator whose ``close()`` closes the stream."""

    __slots__ = ("__weakref__", "_pieces", "_stream")

    def __init__(self, stream: EventStream, mode: str, keepalive: float | None) -> None:
        check(stream, mode, keepalive, EventStream)
        self._stream = stream
        # It does not refer to this object, whose end closes the stream.
        self._pieces = _pieces(stream, Frames(mode), keepalive)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Close the stream, which cancels a turn that is under way. May be called from any thread, and again."""
        self._stream.close()

    def __del__(self) -> None:
        if hasattr(self, "_pieces"):
            self._stream.close()


def _pieces(stream: EventStream, frames: Frames, keepalive: float | None) -> Iterator[bytes]:
    try:
        for event in iter(stream) if keepalive is None else _with_pauses(stream, keepalive):
            piece = KEEPALIVE if event is None else frames.take(event)
            if piece is not None:
                yield piece
        if frames.has_end and isinstance(stream, ChatStream):
            # What the answer has beyond its slices.
            yield from map(delta, stream.text_deltas())
            yield frames.end(stream, stream.final_text())
    except Exception as error:
        yield failure(error, stream)
    finally:
        stream.close()


def _with_pauses(stream: EventStream, keepalive: float) -> Iterator[Event | None]:
    """Yield the events, and None for each pause: another thread reads, an event at a time and only when asked."""
    import threading
    from queue import Empty, SimpleQueue

    asked: SimpleQueue[bool] = SimpleQueue()
    answers: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_read, args=(stream, asked, answers), name="muxi-relay", daemon=True).start()
    try:
        asked.put(True)
        while True:
            try:
                event, error = answers.get(timeout=keepalive)
            except Empty:
                yield None
                continue
            if error is not None:
                raise error
            if event is None:
                return
            yield event
            asked.put(True)
    finally:
        asked.put(False)


def _read(stream: EventStream, asked: SimpleQueue[bool], answers: SimpleQueue[Any]) -> None:
    while asked.get():
        try:
            answers.put((next(stream, None), None))
        except Exception as error:
            answers.put((None, error))
            return
