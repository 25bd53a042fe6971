"""The results of chat turns: of streams, and the reply of ``chat``."""

from __future__ import annotations

from ._error import MuxiError
from ._muxi import Field
from ._reply import Reply

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Final, TypeVar

    from ._event import Event
    from .types import ChatArtifact, Token, TurnStatus, Widget

    # Instead of `Self`, where jedi is to complete what is returned.
    _Self = TypeVar("_Self", bound="_Turn")

__all__ = ["Answer", "TurnResult", "result_of"]

# The status of a turn that failed, and the code of its error where the formation gives none. A workflow has "failed".
_FAILURES = {
    "error": "TURN_FAILED",
    "failed": "TURN_FAILED",
    "escalated": "TURN_ESCALATED",
    "cancelled": "TURN_CANCELLED",
}
# The fields, true in the metadata of a turn that ends in a question, or in a plan to approve.
_ASKS = ("clarification", "requires_user_response")


class _Turn(Reply):
    """The part that is the same for both kinds of turns."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def text(self) -> str:
            """The answer."""
            ...

        @property
        def status(self) -> str | None:
            """The end of the turn."""
            ...

    def raise_for_status(self: _Self) -> _Self:
        """Return the turn itself, or raise an error where it failed, so that its text is not taken for an answer.

        Raises:
            MuxiError: The turn failed. Its ``code`` is the formation's, or ``TURN_FAILED``, ``TURN_ESCALATED`` (the
                formation tries again in the background: poll the request) or ``TURN_CANCELLED``; its ``message`` is the
                turn's text, and it carries ``session_id`` and ``request_id``.
        """
        status = self.status
        code = _FAILURES.get(status) if isinstance(status, str) else None
        if code is None:
            return self
        own = self._error_code()
        code = own if isinstance(own, str) and own else code
        ids = (self.get("request_id"), self.get("session_id"))
        raise MuxiError(code, self.text or "the turn failed", 0, None, None, *ids)

    def _error_code(self) -> Any:
        return None


class TurnResult(_Turn):
    """A chat turn that is over, as ``result()`` of its stream returns it: a dict whose keys are attributes as well.

    Attributes:
        text: The whole answer.
        status: The end of the turn: ``"success"``, ``"error"``, ``"awaiting_clarification"`` or ``"escalated"``; None
            for workflows, which do not say it.
        artifacts: The files that the turn made, with their content.
        widgets: The widgets to show beside the answer. Ignore those whose ``type`` you do not know.
        clarification: The question, where the turn ends in one: answer it with a message in the same session.
        session_id: The session.
        request_id: The request.
        agent: The agent that answered, where it is known.
        completed: The ``completed`` token of the stream, with all its fields.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        text: Final[str]  # type: ignore[misc]
        status: Final[TurnStatus | None]  # type: ignore[misc]
        artifacts: Final[list[ChatArtifact]]  # type: ignore[misc]
        widgets: Final[list[Widget]]  # type: ignore[misc]
        clarification: Final[str | None]  # type: ignore[misc]
        session_id: Final[str | None]  # type: ignore[misc]
        request_id: Final[str | None]  # type: ignore[misc]
        agent: Final[str | None]  # type: ignore[misc]
        completed: Final[Token | None]  # type: ignore[misc]
    else:
        text = Field("text", True, "", None)
        status = Field("status", True, "", None)
        artifacts = Field("artifacts", True, "list", "ChatArtifact")
        widgets = Field("widgets", True, "list", "Widget")
        clarification = Field("clarification", True, "", None)
        session_id = Field("session_id", True, "", None)
        request_id = Field("request_id", True, "", None)
        agent = Field("agent", True, "", None)
        completed = Field("completed", True, "", "Token")


class Answer(_Turn):
    """The part of a reply of ``chat`` that no key says; the same names as of `TurnResult`."""

    __slots__ = ()

    def _message(self) -> dict[str, Any]:
        message: Any = self.get("message")
        if isinstance(message, str):
            return {"content": message}
        return message if isinstance(message, dict) else {}

    def _metadata(self) -> dict[str, Any]:
        metadata = self._message().get("metadata")
        return metadata if isinstance(metadata, dict) else {}

    def _error_code(self) -> Any:
        return self._metadata().get("error_code")

    @property
    def text(self) -> str:
        """The answer; empty when the turn goes on in the background."""
        content = self._message().get("content")
        if isinstance(content, list):
            parts = (part.get("text") for part in content if isinstance(part, dict))
            return "".join(part for part in parts if isinstance(part, str))
        return content if isinstance(content, str) else ""

    @property
    def status(self) -> str | None:
        """The end of the turn, where the formation says it.

        ``"error"``, ``"escalated"``, ``"cancelled"`` or ``"awaiting_clarification"``; ``"processing"`` when the turn
        goes on in the background. None for all others: the shipped runtime marks no turn whose language model is out of
        order, but the stream of such a turn does.
        """
        metadata = self._metadata()
        if metadata.get("error_code") or metadata.get("workflow_status") == "failed":
            return "error"
        for key, status in (("cancelled", "cancelled"), ("escalated", "escalated")):
            if metadata.get(key) is True:
                return status
        if any(metadata.get(key) is True for key in _ASKS):
            return "awaiting_clarification"
        return self._message().get("status")

    @property
    def artifacts(self) -> list[ChatArtifact]:
        """The files that the turn made, with their content."""
        return getattr(getattr(self, "message", None), "artifacts", None) or []

    @property
    def widgets(self) -> list[Widget]:
        """The widgets to show beside the answer. Ignore those whose ``type`` you do not know."""
        return getattr(getattr(self, "message", None), "ui", None) or []

    @property
    def clarification(self) -> str | None:
        """The question, where the turn ends in one: answer it with a message in the same session."""
        return self.text if self.status == "awaiting_clarification" else None


def result_of(text: str, notes: Iterable[Event], session_id: str | None, request_id: str | None) -> TurnResult:
    """Return the result of a turn, from its text and the events of its stream that say more."""
    token: Token | None = None
    widgets: list[dict[str, Any]] = []
    for event in notes:
        widgets += event.widgets
        token = event.token or token
    completed: dict[str, Any] = token or {}
    status = completed.get("status")
    asks = status == "awaiting_clarification" or completed.get("clarification") is True
    return TurnResult(
        text=text,
        status=status,
        artifacts=completed.get("artifacts") or [],
        widgets=widgets,
        clarification=(completed.get("clarification_question") or text) if asks else None,
        session_id=session_id,
        request_id=request_id,
        agent=completed.get("agent_used"),
        completed=token,
    )
