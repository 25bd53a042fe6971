"""Checks of arguments that name the one that is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from inspect import Parameter, signature
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


def check_settings(function: str, given: Mapping[str, Any], client: type) -> None:
    """Check the keywords of a function that are the settings of a client.

    Raises:
        TypeError: There is no such setting.
    """
    settings = [name for name, about in signature(client).parameters.items() if about.kind is Parameter.KEYWORD_ONLY]
    for name in given:
        if name not in settings:
            known = [setting for setting in settings if not setting.startswith("_")]
            near = get_close_matches(name, known, 1)
            expected = f"did you mean {near[0]!r}?" if near else f"expected {', '.join(known)}"
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}; {expected}")
