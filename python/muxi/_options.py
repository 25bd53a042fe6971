"""The options of one call: timeout, deadline, headers and idempotency key."""

from __future__ import annotations

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    CallOptions: TypeAlias = tuple[float | None, float | None, Mapping[str, str] | None, str | None]
