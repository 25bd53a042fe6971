"""Exceptions. Whatever a server or formation reports is a `MuxiError`; a wrong argument is a `ValueError`.

Generated from the operation table by `cargo run -p xtask -- gen`; do not edit.
"""

from __future__ import annotations

import builtins

from ._error import MuxiError, RateLimitBase, map_error

__all__ = [
    "AuthenticationError",
    "AuthorizationError",
    "ConflictError",
    "ConnectionError",
    "MuxiError",
    "NotFoundError",
    "RateLimitError",
    "ServerError",
    "TimeoutError",
    "ValidationError",
    "map_error",
]


class ConnectionError(MuxiError, builtins.ConnectionError):
    """The connection could not be made, or broke.

    ``code`` is ``"CONNECTION_ERROR"`` unless the reply names another. Retried with ``max_retries``. It is a builtin
    ``ConnectionError``, too.
    """


class TimeoutError(ConnectionError, builtins.TimeoutError):
    """No reply in time.

    ``code`` is ``"TIMEOUT"`` unless the reply names another. Retried with ``max_retries``. It is a builtin
    ``TimeoutError``, too.
    """


class AuthenticationError(MuxiError):
    """The key is missing or wrong.

    HTTP status 401. ``code`` is ``"UNAUTHORIZED"`` unless the reply names another. Never retried.
    """


class AuthorizationError(MuxiError):
    """The key does not allow this.

    HTTP status 403. ``code`` is ``"FORBIDDEN"`` unless the reply names another. Never retried.
    """


class NotFoundError(MuxiError):
    """There is no such thing.

    HTTP status 404. ``code`` is ``"NOT_FOUND"`` unless the reply names another. Never retried.
    """


class ConflictError(MuxiError):
    """It exists already, or is in use.

    HTTP status 409. ``code`` is ``"CONFLICT"`` unless the reply names another. Never retried.
    """


class ValidationError(MuxiError):
    """The request is not acceptable; see ``details``.

    HTTP status 400, 413, 422. ``code`` is ``"VALIDATION_ERROR"`` unless the reply names another. Never retried.
    """


class RateLimitError(RateLimitBase):
    """Too many requests; see ``retry_after``.

    HTTP status 429. ``code`` is ``"RATE_LIMITED"`` unless the reply names another. Retried with ``max_retries`` on 429.
    """


class ServerError(MuxiError):
    """The other side failed.

    HTTP status 500 and above. ``code`` is ``"SERVER_ERROR"`` unless the reply names another. Retried with
    ``max_retries`` on 500, 502, 503, 504.
    """
