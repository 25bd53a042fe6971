"""Faults: the types of their parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict

Moment: TypeAlias = Literal["before", "answer", "headers", "body", "after"]


class FaultParts(TypedDict, total=False):
    """Parts of a fault. None is as good as no part."""

    path: str | None
    """Operation or path of the requests, unless the first argument of `LocalServer.fail` says it."""
    method: str | None
    """HTTP method of the requests."""
    every: int | None
    """Number of requests of which only the last fails."""
    rate: float | None
    """Share of the requests that fail by chance, from 0 to 1; the same ones in each run."""
    delay_ms: int | None
    """Milliseconds before the call is carried out."""
    status: int | None
    """HTTP status of an error, as the API words it, or of ``body`` or ``redirect``."""
    retry_after: float | str | None
    """Header ``Retry-After``: seconds, an HTTP date, or ``date+N`` for a date in N seconds."""
    retry_after_ms: int | None
    """Header ``retry-after-ms``: milliseconds."""
    headers: Mapping[str, str] | None
    """Further headers of the answer."""
    body: Any
    """Body of the answer; the call is not carried out."""
    html: int | bool | None
    """HTTP status of a page as a proxy sends it; True is 502."""
    redirect: str | None
    """Address that the answer redirects to."""
    envelope: Literal["list", "empty", "failed", "fields", "wrong"] | None
    """Answer with status 200 that is a list, empty, a failure, or lacks its fields; ``wrong`` is any of them."""
    garbage: Literal["http", "json", True] | None
    """Bytes that are no HTTP, or a body that is no JSON; True is ``http``."""
    reset: Moment | None
    """Moment of a TCP reset; ``answer`` is when the call is carried out and not answered."""
    close: Moment | None
    """Moment of an orderly close."""
    after_bytes: int | None
    """Bytes of the body before ``reset="body"`` or ``close="body"``."""
    truncate: int | str | None
    """End of the body after so many bytes, or such as ``"3 events"``."""
    stall_after: int | str | None
    """Silence, with an open connection, after so many bytes, or such as ``"3 events"``."""
    slow_bytes_per_s: int | None
    """Pace of the body, in bytes per second."""
    split_utf8: bool | None
    """Each byte of the body in a chunk of its own."""


class ArmedFault(NamedTuple):
    """A fault that waits for requests."""

    parts: dict[str, Any]
    """Parts of the fault, ``path`` and ``times`` included."""
    text: str
    """Fault as text, which is that of `Request.fault`."""
    used: int
    """Number of requests that it has met."""
