"""OpenTelemetry: a span for each call, by the conventions for HTTP clients, and the header ``traceparent``.

Nothing here is loaded before the program has loaded ``opentelemetry.trace`` itself: without a tracer of the program's
there is nothing to record. A span has no key, query or body, and names a path by its template.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from opentelemetry import propagate, trace

from . import _muxi
from ._error import MuxiError

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from typing import Any

    from opentelemetry.trace import Span

    from ._options import CallOptions

__all__ = ["CallSpan"]


class CallSpan:
    """The span of a call, or of the opening of a stream."""

    __slots__ = ("_span", "options")

    def __init__(self, engine: Any, name: str | None, values: tuple[Any, ...], options: CallOptions) -> None:
        method, path = engine.route(name) if name is not None else (str(values[0]).upper(), None)
        attributes: dict[str, Any] = {"http.request.method": method}
        if path is not None:
            attributes |= {"url.template": path, "muxi.operation": name}
        server = urlsplit(engine.base_url)
        port = server.port or (443 if server.scheme == "https" else 80)
        attributes |= {"server.address": server.hostname, "server.port": port}
        tracer = trace.get_tracer("muxi", _muxi.__version__)
        title = f"{method} {path}" if path is not None else method
        self._span: Span = tracer.start_span(title, kind=trace.SpanKind.CLIENT, attributes=attributes)
        carrier: dict[str, str] = {}
        propagate.inject(carrier, trace.set_span_in_context(self._span))
        timeout, deadline, headers, key = options
        # A header that the caller gives counts.
        self.options: CallOptions = (timeout, deadline, {**carrier, **(headers or {})}, key) if carrier else options

    def succeed(self, status: int | None) -> None:
        """End the span of a call that went well."""
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        self._span.end()

    def fail(self, error: BaseException) -> None:
        """End the span of a call that failed."""
        kind = type(error).__qualname__
        if isinstance(error, MuxiError):
            kind = error.code or kind
            if error.status_code:
                self._span.set_attribute("http.response.status_code", error.status_code)
            if error.attempts > 1:
                self._span.set_attribute("http.request.resend_count", error.attempts - 1)
        self._span.set_attribute("error.type", kind)
        self._span.set_status(trace.StatusCode.ERROR)
        self._span.end()
