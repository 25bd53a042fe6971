"""The results of chat turns."""

from __future__ import annotations

from ._reply import Reply

__all__ = ["Answer"]


class Answer(Reply):
    """The answer to a chat turn."""

    __slots__ = ()
