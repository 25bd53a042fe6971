"""From the methods of a synchronous client to the compiled module."""

from __future__ import annotations

from . import _muxi
from ._process import watch_end

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from typing import Any

    from ._options import CallOptions
    from ._stream import EventStream

__all__ = ["Transport"]


class Transport:
    """Sends the calls of a client; the calling thread does the work."""

    __slots__ = ("engine", "is_raw")

    def __init__(self, engine: _muxi.SyncEngine, is_raw: bool = False) -> None:
        watch_end()
        self.engine = engine
        self.is_raw = is_raw

    @property
    def base_url(self) -> str:
        """The URL that paths are appended to."""
        return self.engine.base_url

    def close(self) -> None:
        """Close idle connections. Calls from now on are refused."""
        self.engine.close()

    def call(self, name: str | None, values: tuple[Any, ...], options: CallOptions) -> Any:
        """Call an operation, with its arguments in the order of the table."""
        return self.engine.call(name, values, options, self.is_raw)

    def open(self, kind: type[EventStream], name: str | None, values: tuple[Any, ...], options: CallOptions) -> Any:
        """Open the stream of an operation."""
        return kind(self.engine.open(name, values, options))
