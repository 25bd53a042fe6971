"""Checks of arguments that name the one that is wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def to_path(name: str, value: Any) -> Path:
    """Return an argument that is a path.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"{name} must be a path (str or os.PathLike), not {value!r}")
    return Path(value)


def to_formations(values: tuple[Any, ...]) -> list[Path]:
    """Return the positional arguments of `LocalServer`, which are paths.

    Raises:
        TypeError: One is none.
    """
    return [to_path("each of formations", value) for value in values]
