"""Exceptions. All that a server or formation reports is a `MuxiError`; what is wrong in a call is a `ValueError`."""

from __future__ import annotations

import builtins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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


class MuxiError(Exception):
    """An error that a server or formation reports, or that happened on the way to it.

    Attributes:
        code: Machine-readable code, such as ``"AGENT_NOT_FOUND"``.
        message: What happened, for people.
        status_code: HTTP status, or 0 when there was no reply.
        details: What the other side adds to the error.
        retry_after: Seconds after which the other side asks to try again, or None.
        request_id: Id of the request in the other side's logs, or None.
        body: The reply's body as it came.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status_code: int,
        details: dict[str, Any] | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        self.message = message
        self.status_code = status_code
        self.details: dict[str, Any] = details or {}
        self.retry_after = retry_after
        self.request_id = request_id
        self.body = body

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.args, self.__dict__))


class AuthenticationError(MuxiError):
    """401: the key is missing or wrong."""


class AuthorizationError(MuxiError):
    """403: the key does not allow this."""


class NotFoundError(MuxiError):
    """404: there is no such thing."""


class ConflictError(MuxiError):
    """409: it exists already, or is in use."""


class ValidationError(MuxiError):
    """400, 413 or 422: the request is not acceptable; see ``details``."""


class RateLimitError(MuxiError):
    """429: too many requests; see ``retry_after``."""

    def __init__(
        self,
        message: str,
        status_code: int = 429,
        retry_after: float | None = None,
        details: dict[str, Any] | None = None,
        code: str = "RATE_LIMITED",
        request_id: str | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(code, message, status_code, details, retry_after, request_id, body)


class ServerError(MuxiError):
    """500 and above: the other side failed."""


class ConnectionError(MuxiError, builtins.ConnectionError):
    """The connection could not be made, or broke. Also a builtin ``ConnectionError``."""


class TimeoutError(ConnectionError, builtins.TimeoutError):
    """No reply in time. Also a builtin ``TimeoutError``."""


_CLASSES = {
    "authentication": AuthenticationError,
    "authorization": AuthorizationError,
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "validation": ValidationError,
    "server": ServerError,
    "connection": ConnectionError,
    "timeout": TimeoutError,
}

_KINDS = {
    400: "validation",
    401: "authentication",
    403: "authorization",
    404: "not_found",
    409: "conflict",
    413: "validation",
    422: "validation",
    429: "rate_limit",
}


def _rebuild(cls: type[MuxiError], args: tuple[Any, ...], state: dict[str, Any]) -> MuxiError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def _make(
    kind: str,
    code: str,
    message: str,
    status: int,
    details: dict[str, Any],
    retry_after: float | None,
    request_id: str | None,
    body: bytes,
) -> Exception:
    """The exception for an error of the compiled module."""
    if kind == "invalid":
        return ValueError(message)
    if kind == "closed":
        return RuntimeError(message)
    if kind == "rate_limit":
        return RateLimitError(message, status, retry_after, details, code, request_id, body)
    return _CLASSES.get(kind, MuxiError)(code, message, status, details, retry_after, request_id, body)


def map_error(
    status: int,
    code: str,
    message: str,
    details: dict[str, Any] | None = None,
    retry_after: float | None = None,
) -> MuxiError:
    """Return the exception for an HTTP status.

    Args:
        status: HTTP status, 400 or above.
        code: Machine-readable code; empty for the usual word for the status.
        message: What happened.
        details: What the other side adds.
        retry_after: Seconds after which to try again.

    Returns:
        An instance of the subclass of `MuxiError` for that status.
    """
    kind = _KINDS.get(status, "server" if status >= 500 else "api")
    words = {"authentication": "UNAUTHORIZED", "authorization": "FORBIDDEN", "not_found": "NOT_FOUND"}
    words |= {"conflict": "CONFLICT", "validation": "VALIDATION_ERROR", "rate_limit": "RATE_LIMITED"}
    code = code or words.get(kind, "SERVER_ERROR" if kind == "server" else "ERROR")
    made = _make(kind, code, message, status, details or {}, retry_after, None, b"")
    assert isinstance(made, MuxiError)
    return made
