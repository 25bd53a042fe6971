"""The base of all exceptions. The classes for each kind of error are generated: see `muxi.errors`."""

from __future__ import annotations

from . import _muxi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    E = TypeVar("E", bound=BaseException)


class MuxiError(Exception):
    """An error that a server or formation reports, or that happened on the way to it.

    The text of a reported one shows the code, the message, and the fields that the other side objects to.

    Attributes:
        code: Machine-readable code, such as ``"AGENT_NOT_FOUND"``. A failure has the same code whether a reply or a
            stream reports it.
        message: What happened, for people.
        status_code: HTTP status, or 0 when there was no reply.
        details: What the other side adds to the error.
        retry_after: Seconds after which the other side asks to try again, or None.
        request_id: Id of the request in the other side's logs, or None. For a chat turn it is the turn's, also when no
            reply came: the turn can be polled and cancelled by it.
        session_id: Session of the chat turn that failed, or None.
        attempts: Number of attempts; 0 when nothing was sent.
        body: The reply's body as it came.
    """

    __module__ = "muxi.errors"

    def __init__(
        self,
        code: str,
        message: str,
        status_code: int,
        details: dict[str, Any] | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        session_id: str | None = None,
        attempts: int = 0,
        body: bytes = b"",
    ) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        self.message = message
        self.status_code = status_code
        self.details: dict[str, Any] = details or {}
        self.retry_after = retry_after
        self.request_id = request_id
        self.session_id = session_id
        self.attempts = attempts
        self.body = body

    def __reduce__(self) -> tuple[Any, ...]:
        return (make, (type(self), self.args, self.__dict__))


class RateLimitBase(MuxiError):
    """Base of `RateLimitError`: its constructor, which is not that of the other errors."""

    __module__ = "muxi.errors"

    def __init__(
        self,
        message: str,
        status_code: int = 429,
        retry_after: float | None = None,
        details: dict[str, Any] | None = None,
        code: str = "",
        request_id: str | None = None,
        session_id: str | None = None,
        attempts: int = 0,
        body: bytes = b"",
    ) -> None:
        code = code or _muxi.default_code(429)
        super().__init__(code, message, status_code, details, retry_after, request_id, session_id, attempts, body)


def make(cls: type[E], args: tuple[Any, ...], attributes: dict[str, Any]) -> E:
    """Return an exception with these arguments and attributes, whatever its constructor takes."""
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(attributes)
    return error


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
    code = code or _muxi.default_code(status)
    attributes = {"code": code, "message": message, "status_code": status, "details": details or {}}
    more = {"retry_after": retry_after, "request_id": None, "session_id": None, "attempts": 0, "body": b""}
    return make(_muxi.error_class(status), (f"{code}: {message}",), attributes | more)
