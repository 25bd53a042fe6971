"""The events of streams."""

from __future__ import annotations

from ._muxi import loads

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from typing import Any

    from .types import Token

__all__ = ["Event", "parse_ui_widgets"]


class Event(dict[str, str]):
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

    def _token(self) -> Any:
        parsed = self.json()
        return parsed.get("token") if isinstance(parsed, dict) else None

    @property
    def token(self) -> Token | None:
        """The token of a chat event; None for all other events. A bare text, as old runtimes send it, is a slice."""
        token = self._token()
        if type(token) is str:
            token = {"type": "content", "content": token}
        if type(token) is dict:
            from .types import Token

            self._json["token"] = token = Token(token)
        return token if isinstance(token, dict) else None  # type: ignore[return-value]

    @property
    def type(self) -> str:
        """The token's type, such as ``"content"`` or ``"completed"``; otherwise the event's name."""
        token = self._token()
        if isinstance(token, str):
            return "content"
        kind = token.get("type") if isinstance(token, dict) else None
        return kind if isinstance(kind, str) else str(self["event"])

    @property
    def text(self) -> str:
        """The slice of the answer that this event brings; empty for all other events."""
        token = self._token()
        if isinstance(token, str):
            return token
        if isinstance(token, dict) and token.get("type") == "content":
            content = token.get("content")
            return content if isinstance(content, str) else ""
        return ""

    @property
    def finished(self) -> bool:
        """True if this is the last event of its stream."""
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
