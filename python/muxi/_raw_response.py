"""Replies as they came."""

from __future__ import annotations

from ._muxi import loads

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from typing import Any, Generic, TypeVar

    T = TypeVar("T")

    class _Base(Generic[T]):
        """The result of `RawResponse.parse` is of the type ``T``."""

else:

    class _Base:
        """Stands for `typing.Generic`, which takes long to load."""

        __slots__ = ()

        def __class_getitem__(cls, _):
            return cls


__all__ = ["RawResponse"]


class RawResponse(_Base["T"]):
    """A reply as it came, from ``client.with_raw_response``.

    Attributes:
        status_code: HTTP status.
        headers: HTTP headers, names in lower case; of a repeated one the last.
        content: The body.
        idempotency_key: The key that was sent.
    """

    __slots__ = ("_failed", "_parsed", "content", "headers", "idempotency_key", "status_code")

    def __init__(
        self,
        status_code: int,
        headers: list[tuple[str, str]],
        content: bytes,
        idempotency_key: str,
        parsed: T | None,
        failed: BaseException | None,
    ) -> None:
        self.status_code: int = status_code
        self.headers: dict[str, str] = dict(headers)
        self.content: bytes = content
        self.idempotency_key: str = idempotency_key
        self._parsed = parsed
        self._failed = failed

    def __repr__(self) -> str:
        return f"<RawResponse {self.status_code}, {len(self.content)} bytes>"

    def __len__(self) -> int:
        return len(self.content)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the whole body as JSON, in its envelope."""
        return loads(self.text)

    def parse(self) -> T:
        """Return what the method returns without ``with_raw_response``."""
        if self._failed is not None:
            raise self._failed
        return self._parsed  # type: ignore[return-value]
