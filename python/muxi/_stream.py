"""Streams of the synchronous clients."""

from __future__ import annotations

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import TypeVar

    from ._event import Event
    from ._muxi import SyncStream, SyncText
    from ._turn import TurnResult

    # Instead of `Self`, where jedi is to complete what is returned.
    _Self = TypeVar("_Self", bound="EventStream")

__all__ = ["ChatStream", "EventStream"]


class EventStream:
    """An open stream of events: an iterator and a context manager.

    Reading goes on where it stopped, after a ``break`` and after an interruption. The stream ends after its last event,
    and raises a `MuxiError` when the server reports an error or the stream was cut; reading on raises the same
    again. The connection goes when the stream ends, fails, is closed, leaves its ``with`` block, or is no longer
    referred to.

    Attributes:
        session_id: The session of a chat turn, or None.
        request_id: The request of a chat turn, or None.
        idempotency_key: The key that was sent.
        status_code: HTTP status.
    """

    __slots__ = ("__weakref__", "_stream", "idempotency_key", "request_id", "session_id", "status_code")

    def __init__(self, stream: SyncStream) -> None:
        self._stream = stream
        head = stream.head()
        self.session_id: str | None = head["session_id"]
        self.request_id: str | None = head["request_id"]
        self.idempotency_key: str = head["idempotency_key"]
        self.status_code: int = head["status_code"]

    def __iter__(self) -> Iterator[Event]:
        return self._stream

    def __next__(self) -> Event:
        return next(self._stream)

    def close(self) -> None:
        """Close the stream and its connection, which cancels a chat turn.

        Any thread may do so, also while another one reads: that one's loop ends. May be called again.
        """
        self._stream.close()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class ChatStream(EventStream):
    """The stream of a chat turn. See `EventStream`."""

    __slots__ = ()

    def text_deltas(self) -> SyncText:
        """Yield the answer's text as it arrives; all at once for a turn that does not come in slices.

        The iterator's ``close()`` closes the stream, as that of a generator would.
        """
        return self._stream.text_deltas()

    def final_text(self) -> str:
        """Read the stream to its end and return the whole answer, with what was read before.

        Raises:
            MuxiError: The stream failed, now or before.
            RuntimeError: The stream was closed before its end.
        """
        return self._stream.final_text()

    def result(self) -> TurnResult:
        """Read the stream to its end and return the turn, with what was read before.

        Returns:
            Text, status, artifacts, widgets, clarification and ids. A turn that failed has the status ``"error"``: see
            `TurnResult.raise_for_status`.

        Raises:
            MuxiError: The stream failed, now or before.
            RuntimeError: The stream was closed before its end.
        """
        from ._turn import result_of

        text, notes = self._stream.result()
        return result_of(text, notes, self.session_id, self.request_id)
