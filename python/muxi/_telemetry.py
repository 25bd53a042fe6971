"""OpenTelemetry: a span for each call, by the conventions for HTTP clients, and the header ``traceparent``.

Nothing here is loaded before the program has loaded ``opentelemetry.trace`` itself: without a tracer of the program's
there is nothing to record. A span has no key, query or body, and names a path by its template. Whatever goes wrong here
fails no call.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from . import _muxi
from ._error import MuxiError

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Set
    from types import TracebackType
    from typing import Any

    from opentelemetry.trace import Span

    from ._options import CallOptions

__all__ = ["CallSpan"]


class CallSpan:
    """The span of a call, or of the opening of a stream."""

    __slots__ = ("_span", "options")

    def __init__(
        self, engine: Any, name: str | None, values: tuple[Any, ...], options: CallOptions, given: Set[str]
    ) -> None:
        self._span: Span | None = None
        self.options: CallOptions = options
        with _Harmless():
            self._begin(engine, name, values, given)

    def _begin(self, engine: Any, name: str | None, values: tuple[Any, ...], given: Set[str]) -> None:
        # A program may have blocked it, or put a stub in its place.
        from opentelemetry import propagate, trace

        method, path = engine.route(name) if name is not None else (str(values[0]).upper(), None)
        attributes: dict[str, Any] = {"http.request.method": method}
        if path is not None:
            attributes |= {"url.template": path, "muxi.operation": name}
        server = urlsplit(engine.base_url)
        port = server.port or (443 if server.scheme == "https" else 80)
        attributes |= {"server.address": server.hostname, "server.port": port}
        tracer = trace.get_tracer("muxi", _muxi.__version__)
        title = f"{method} {path}" if path is not None else method
        self._span = span = tracer.start_span(title, kind=trace.SpanKind.CLIENT, attributes=attributes)
        carrier: dict[str, str] = {}
        propagate.inject(carrier, trace.set_span_in_context(span))
        timeout, deadline, headers, key = self.options
        # A header that the caller gives counts, and one that the client has.
        own = {name.lower() for name in headers or ()} | given
        if "traceparent" in own:
            own |= {"tracestate"}
        if added := {name: value for name, value in carrier.items() if name.lower() not in own}:
            self.options = (timeout, deadline, {**added, **(headers or {})}, key)

    def succeed(self, status: int | None) -> None:
        """End the span of a call that went well."""
        if (span := self._span) is not None:
            with _Harmless():
                if status is not None:
                    span.set_attribute("http.response.status_code", status)
                span.end()

    def fail(self, error: BaseException) -> None:
        """End the span of a call that failed."""
        if (span := self._span) is not None:
            with _Harmless():
                _note(span, error)
                span.end()


def _note(span: Span, error: BaseException) -> None:
    from opentelemetry.trace import StatusCode

    kind = type(error).__qualname__
    if isinstance(error, MuxiError):
        kind = error.code or kind
        if error.status_code:
            span.set_attribute("http.response.status_code", error.status_code)
        if error.attempts > 1:
            span.set_attribute("http.request.resend_count", error.attempts - 1)
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


class _Harmless:
    """Keeps errors of telemetry from a call. The first one of the process is logged."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        global _has_told
        if not isinstance(error, Exception):
            return False
        if not _has_told:
            _has_told = True
            import logging

            logging.getLogger("muxi").warning("OpenTelemetry failed: calls go on without it", exc_info=error)
        return True


_has_told = False
