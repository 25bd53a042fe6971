"""The class of each type of replies, made from the table of shapes."""

from __future__ import annotations

from . import _turn
from ._muxi import Field
from ._reply import Reply
from ._shapes import BASES, SHAPES

__all__ = ["class_of"]

# Classes are made when they are first needed: all of them at once would take longer than importing the package.
_classes: dict[str, type[Reply]] = {}


def class_of(name: str) -> type[Reply]:
    """Return the class of a type of replies."""
    if name not in _classes:
        base: type[Reply] = getattr(_turn, BASES[name]) if name in BASES else Reply
        members = dict(map(_field, SHAPES[name].split()))
        members = {key: member for key, member in members.items() if not hasattr(base, key)}
        made: type[Reply] = type(name, (base,), {"__slots__": (), "__module__": "muxi.types", **members})
        # Another thread may have made it meanwhile.
        _classes.setdefault(name, made)
    return _classes[name]


def _field(text: str) -> tuple[str, Field]:
    name, _, kind = text.partition(":")
    is_required = not name.endswith("?")
    attribute, _, key = name.rstrip("?").partition("=")
    place = {"[": "list", "{": "map"}.get(kind[:1], "")
    return attribute, Field(key or attribute, is_required, place, kind.lstrip("[{") or None)
