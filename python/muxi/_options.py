"""The options of one call: timeout, deadline, headers and idempotency key."""

from __future__ import annotations

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias, TypedDict

    CallOptions: TypeAlias = tuple[float | None, float | None, Mapping[str, str] | None, str | None]

    class CallKeywords(TypedDict, total=False):
        """The options by keyword."""

        timeout: float | None
        deadline: float | None
        headers: Mapping[str, str] | None
        idempotency_key: str | None
