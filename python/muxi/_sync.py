"""From the methods of a synchronous client to the compiled module."""

from __future__ import annotations

from sys import modules

from . import _muxi
from ._process import watch_end

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Set
    from typing import Any

    from ._options import CallOptions
    from ._stream import EventStream

__all__ = ["Transport"]

# Until a program has loaded it, it has no tracer.
TRACER = "opentelemetry.trace"


class Transport:
    """Sends the calls of a client; the calling thread does the work."""

    __slots__ = ("engine", "given", "is_raw", "is_traced")

    def __init__(
        self, engine: _muxi.SyncEngine, is_raw: bool = False, is_traced: bool = True, given: Set[str] = frozenset()
    ) -> None:
        watch_end()
        self.engine: _muxi.SyncEngine = engine
        self.is_raw: bool = is_raw
        self.is_traced: bool = is_traced
        # The names of the headers that the engine adds itself, in lower case.
        self.given: Set[str] = given

    @property
    def base_url(self) -> str:
        """The URL that paths are appended to."""
        return self.engine.base_url

    def close(self) -> None:
        """Close idle connections. Calls from now on are refused."""
        self.engine.close()

    def call(self, name: str | None, values: tuple[Any, ...], options: CallOptions) -> Any:
        """Call an operation, with its arguments in the order of the table."""
        if TRACER in modules and self.is_traced:
            return self._traced(name, values, options)
        return self.engine.call(name, values, options, self.is_raw)

    def open(self, kind: type[EventStream], name: str | None, values: tuple[Any, ...], options: CallOptions) -> Any:
        """Open the stream of an operation."""
        if not (TRACER in modules and self.is_traced):
            return kind(self.engine.open(name, values, options))
        from ._telemetry import CallSpan

        span = CallSpan(self.engine, name, values, options, self.given)
        try:
            stream = kind(self.engine.open(name, values, span.options))
        except BaseException as error:
            span.fail(error)
            raise
        span.succeed(stream.status_code)
        return stream

    def _traced(self, name: str | None, values: tuple[Any, ...], options: CallOptions) -> Any:
        from ._telemetry import CallSpan

        span = CallSpan(self.engine, name, values, options, self.given)
        try:
            # It has the status.
            reply = self.engine.call(name, values, span.options, True)
            value = reply if self.is_raw else reply.parse()
        except BaseException as error:
            span.fail(error)
            raise
        span.succeed(reply.status_code)
        return value
