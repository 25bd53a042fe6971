"""Messages for mistakes in the arguments of constructors, loaded when one is made."""

from __future__ import annotations

import difflib

from ._settings import _FormationSettings, _ServerSettings

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

__all__ = ["unknown_setting"]


def names_of(init: Any) -> Collection[str]:
    """Return the keywords that a client's constructor documents."""
    code = init.__code__
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    return [name for name in names if not name.startswith("_")]


def unknown_setting(cls: type[Any], name: str) -> TypeError:
    """Return the error for a keyword that is no setting of a client."""
    names = names_of(cls.__init__)
    message = f"{cls.__name__}() got an unexpected keyword argument {name!r}"
    other = _ServerSettings if issubclass(cls, _FormationSettings) else _FormationSettings
    near = difflib.get_close_matches(name.lower(), names, n=1)
    if name in names_of(other.__init__):
        kind = "server" if other is _ServerSettings else "formation"
        return TypeError(f"{message}: it is a setting of the {kind} clients")
    if "key" in name.lower():
        # The key that is meant cannot be told from letters.
        near = [each for each in names if "key" in each]
    return TypeError(f"{message}: did you mean {' or '.join(near)}?" if near else message)
