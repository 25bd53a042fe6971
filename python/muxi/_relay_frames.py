"""The wire format of relayed turns: server-sent events with JSON."""

from __future__ import annotations

import json

from ._error import MuxiError
from ._numbers import seconds
from ._stream import ChatStream, EventStream
from ._stream_async import AsyncChatStream, AsyncEventStream

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from typing import Any

    from ._event import Event
    from ._turn import TurnResult

__all__ = ["check", "end", "failure", "piece"]


_LONGEST = 365 * 86400


def check(stream: Any, mode: str, keepalive: float | None, base: type[Any]) -> float | None:
    """Refuse arguments that are wrong, and return the seconds of silence before a comment, if there is to be one."""
    if not isinstance(stream, base):
        raise TypeError(f"stream must be a stream of a client, not {type(stream).__name__}")
    if mode not in ("text", "events"):
        raise ValueError(f'mode must be "text" or "events", got {mode!r}')
    if mode == "text" and not isinstance(stream, (ChatStream, AsyncChatStream)):
        raise TypeError('a stream that is no chat turn has no text: relay it with mode="events"')
    if keepalive is None:
        return None
    pause = seconds("keepalive", keepalive)
    if not pause > 0:
        raise ValueError(f"keepalive must be a number of seconds above 0, or None, got {keepalive}")
    # No silence is that long, and no clock takes more.
    return pause if pause < _LONGEST else None


def frame(name: str, data: str) -> bytes:
    """Return one event. A line break of any kind ends a line of its data."""
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join([f"event: {name}", *(f"data: {line}" for line in lines), "", ""]).encode()


def piece(item: Event | str | None) -> bytes:
    """Return what an event of the stream, a slice of the answer or a pause becomes."""
    if item is None:
        return b": keepalive\n\n"
    return frame("delta", _json({"text": item})) if isinstance(item, str) else frame(item["event"], item["data"])


def end(turn: TurnResult) -> bytes:
    """Return the event of the turn's end."""
    told = {key: turn[key] for key in ("status", "session_id", "request_id", "text")}
    # Browsers read no NaN, and are told of words only.
    if not isinstance(told["status"], str):
        told["status"] = None
    return frame("done", _json(told))


def failure(error: BaseException, stream: EventStream | AsyncEventStream) -> bytes:
    """Return the event of a failure."""
    known = isinstance(error, MuxiError)
    told = {
        "code": error.code if isinstance(error, MuxiError) else "STREAM_CLOSED",
        "message": error.message if isinstance(error, MuxiError) else str(error),
        "request_id": (error.request_id if known else None) or stream.request_id,  # type: ignore[attr-defined]
        "session_id": (error.session_id if known else None) or stream.session_id,  # type: ignore[attr-defined]
    }
    return frame("error", _json(told))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
