"""Attempts at calls, as hooks see them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Attempt"]


@dataclass(frozen=True)
class Attempt:
    """One attempt at a call, for the hooks ``on_request``, ``on_response`` and ``on_retry`` of a client.

    It holds no key, no signature and no body.

    Attributes:
        method: HTTP method.
        path: Path with the base URL's prefix, without query.
        attempt: 1 for the first attempt of a call.
        idempotency_key: Key that was sent, the same for all attempts of a call.
        status: HTTP status; None before the reply, and when none came.
        duration: Seconds that the attempt took, for a stream until its head; None before its end.
        request_id: Id of the request in the other side's logs, where it is known.
        error_code: Code of the error, such as ``"RATE_LIMITED"``; None for an attempt that went well.
        retry_in: Seconds before the next attempt; None when there will be none.
    """

    __module__ = "muxi"

    method: str
    path: str
    attempt: int
    idempotency_key: str
    status: int | None = None
    duration: float | None = None
    request_id: str | None = None
    error_code: str | None = None
    retry_in: float | None = None
