"""Attempts at calls, as hooks see them."""

from __future__ import annotations

import inspect
import weakref
from dataclasses import dataclass

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Hook: TypeAlias = Callable[["Attempt"], object] | None

__all__ = ["Attempt", "Hooks", "check_plain", "hold"]


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
        duration: Seconds that the attempt took, for a stream until its headers; None before its end.
        request_id: Id of the request in the server's logs, where it is known.
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


class Hooks:
    """The hooks of a client, which holds them; its engine refers to them weakly."""

    __slots__ = ("__weakref__", "all")

    def __init__(self, on_request: Hook, on_response: Hook, on_retry: Hook) -> None:
        self.all = (on_request, on_response, on_retry)


def check_plain(name: str, function: object) -> None:
    """Refuse what cannot be called, and what nothing would await."""
    if not callable(function):
        raise TypeError(f"{name} must be callable, not {type(function).__name__}")
    for each in (function, type(function).__call__):
        if inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each):
            raise TypeError(f"{name} must be a plain function, not an async one: nothing awaits it")


def hold(settings: dict[str, Any]) -> Hooks:
    """Take the hooks out of a client's settings, and leave a weak reference there."""
    given = {name: settings.pop(name, None) for name in ("on_request", "on_response", "on_retry")}
    for name, hook in given.items():
        if hook is not None:
            check_plain(name, hook)
    hooks = Hooks(**given)
    settings["_hooks"] = weakref.ref(hooks)
    return hooks
