"""Numbers of seconds in arguments that the compiled module does not see."""

from __future__ import annotations

import math

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from typing import Any

__all__ = ["seconds"]


def seconds(name: str, value: Any) -> float:
    """Return a number of seconds; infinite where it is too large for a float. A bool is no number here, nor a text."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
