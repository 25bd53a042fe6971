"""The types of the values that operations return and take; the stub beside this file declares them.

The classes are made when they are first asked for.
"""

from __future__ import annotations

from ._classes import class_of
from ._reply import Reply
from ._shapes import SHAPES

__all__ = ["Reply"]


def __getattr__(name: str) -> object:
    if name in SHAPES:
        value: object = class_of(name)
    elif name == "Content":
        value = str | list[class_of("ContentPart")]  # type: ignore[misc]
    elif name.startswith("_"):
        raise AttributeError(f"module 'muxi.types' has no attribute {name!r}")
    else:
        from . import _dicts

        value = getattr(_dicts, name, None)
        if value is None:
            raise AttributeError(f"module 'muxi.types' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    from . import _dicts

    return sorted({"Content", "Reply", *SHAPES, *(name for name in vars(_dicts) if name[0].isupper())})
