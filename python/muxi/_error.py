"""The base of all exceptions. The classes for each kind of error are generated: see `muxi.errors`."""

from __future__ import annotations

from . import _muxi

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from typing_extensions import Self

    E = TypeVar("E", bound=BaseException)


class MuxiError(Exception):
    """An error that a server or formation reports, or that happened on the way to it.

    The text of a reported one shows the code, the message, and the fields that the server objects to.

    Attributes:
        code: Machine-readable code, such as ``"AGENT_NOT_FOUND"``. A failure has the same code whether a reply or a
            stream reports it.
        message: A description of the error, for people.
        status_code: HTTP status, or 0 when there was no reply.
        details: The details that the server adds to the error.
        retry_after: Seconds after which the server asks to try again, or None.
        request_id: Id of the request in the server's logs, or None. For a chat turn it is the turn's, also when no
            reply came: the turn can be polled and cancelled by it.
        session_id: Session of the chat turn that failed, or None.
        attempts: Number of attempts; 0 when nothing was sent.
        body: The reply's body as it came.

    ``type(error)(*error.args)`` makes the same error again, without the body: some programs send errors as JSON so.
    """

    __module__ = "muxi.errors"

    args: tuple[Any, ...]

    # Of a subclass that does not call this constructor.
    _text = ""

    def __new__(cls, *args: Any, **keywords: Any) -> Self:
        # An OSError does not keep them for a constructor that is not its own.
        error = super().__new__(cls, *args)
        error.__dict__["_given"] = args
        return error

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
        text: str | None = None,
        *,
        body: bytes = b"",
    ) -> None:
        self._text = text or (f"{code}: {message}" if code else message)
        super().__init__(self._text)
        given = self.__dict__.pop("_given", ())
        # A program's subclass that has another constructor takes what that was given.
        if given and type(self).__init__ not in (MuxiError.__init__, RateLimitBase.__init__):
            self.args = given
        else:
            self.args = (code, message, status_code, details, retry_after, request_id, session_id, attempts, text)
        self.code = code
        self.message = message
        self.status_code = status_code
        self.details: dict[str, Any] = details or {}
        self.retry_after = retry_after
        self.request_id = request_id
        self.session_id = session_id
        self.attempts = attempts
        self.body = body

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_remade, (type(self), self.args, self.__dict__))


class RateLimitBase(MuxiError):
    """Base of `RateLimitError`: its constructor, which is not that of the other errors."""

    __module__ = "muxi.errors"

    args: tuple[Any, ...]

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
        text: str | None = None,
        *,
        body: bytes = b"",
    ) -> None:
        code = code or _muxi.default_code(429)
        more = (request_id, session_id, attempts, text)
        super().__init__(code, message, status_code, details, retry_after, *more, body=body)
        if type(self).__init__ is RateLimitBase.__init__:
            self.args = (message, status_code, retry_after, details, code, *more)


def _remade(cls: type[E], args: tuple[Any, ...], attributes: dict[str, Any]) -> E:
    # Whatever its constructor takes.
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.clear()
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
        message: A description of the error.
        details: The details that the server adds.
        retry_after: Seconds after which to try again.

    Returns:
        An instance of the subclass of `MuxiError` for that status.
    """
    code = code or _muxi.default_code(status)
    # By name: the order is not the same for all.
    make: Any = _muxi.error_class(status)
    error: MuxiError = make(code=code, message=message, status_code=status, details=details, retry_after=retry_after)
    return error
