"""Replies: dicts whose declared keys are attributes as well."""

from __future__ import annotations

from ._muxi import Field

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from _typeshed import SupportsKeysAndGetItem

    class _Dict(dict[str, Any], SupportsKeysAndGetItem[str, Any]):
        """Said twice, since a subclass narrows ``__getitem__`` to the keys that it knows."""

else:
    _Dict = dict

__all__ = ["Reply"]


class Reply(_Dict):
    """A reply, or an object in one: a dict whose declared keys are attributes as well.

    Keys give plain dicts, attributes give objects: ``reply["formations"][0]["id"]``, ``reply.formations[0].id``. The
    objects take the place of the plain dicts when the attribute is read for the first time. An attribute is None when
    its key may be absent and is; ``in`` tells whether it is there. Attributes are read-only: change a reply by key.
    `muxi.types` has the class of each operation's reply.
    """

    __slots__ = ()

    # The real attributes are found before this is asked.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            raise _missing(self, name)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Let pydantic take replies as fields of its models: any dict, which becomes an instance."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(
            cls, core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
        )


def _missing(reply: Reply, name: str) -> AttributeError:
    cls = type(reply)
    if isinstance(getattr(cls, name, None), Field):
        text = f"this {cls.__name__} has no key for {name!r}"
    else:
        from difflib import get_close_matches

        known = [each for each in dir(cls) if not each.startswith("_") and not hasattr(dict, each)]
        near = get_close_matches(name, known, 1)
        text = f"{cls.__name__} has no attribute {name!r}"
        if near:
            text += f": did you mean {near[0]!r}?"
        elif name in reply:
            text += f", but a key: use reply[{name!r}]"
    return AttributeError(text, name=name, obj=reply)
