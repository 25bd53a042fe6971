"""Log lines and hooks of calls, which the compiled module notes."""

from __future__ import annotations

from ._muxi import __version__

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger
    from typing import Any

    from ._hooks import Hook, Hooks


def write(
    own: Logger | None, debug: bool, hooks: Callable[[], Hooks | None] | None, notes: list[tuple[str, Any]]
) -> None:
    """Write notes, each with its kind, to a client's own logger or to the logger ``muxi``, and call the hooks."""
    import logging

    logger = own or logging.getLogger("muxi")
    # Those of a client that is gone go with it.
    held = hooks() if hooks is not None else None
    on_request, on_response, on_retry = held.all if held is not None else (None, None, None)
    interrupted = None
    for kind, note in notes:
        try:
            if kind == "update":
                logger.warning("muxi-client %s is available (this is %s)", note, __version__)
            elif kind == "upload":
                _call(logger, "on_progress", note[0], *note[1:])
            elif kind == "request":
                _tell(logger, "on_request", on_request, note)
            else:
                if debug and own is None and not logger.hasHandlers():
                    # A program that asks for debug lines and has not set up logging wants to see them.
                    handler = logging.StreamHandler()
                    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
                    logger.addHandler(handler)
                    logger.setLevel(logging.DEBUG)
                logger.debug("%s", note[2])
                _tell(logger, "on_response", on_response, note)
                wait = note[1][-1]
                if wait is not None:
                    logger.warning("%s: trying again in %.3f s", note[2], wait)
                    _tell(logger, "on_retry", on_retry, note)
        except KeyboardInterrupt as error:
            # The notes after it are those of other calls.
            interrupted = error
    if interrupted is not None:
        raise interrupted


def _tell(logger: Logger, name: str, hook: Hook, note: tuple[Any, ...]) -> None:
    if hook is not None:
        from ._hooks import Attempt

        _call(logger, name, hook, Attempt(*note[0], *note[1]))


def _call(logger: Logger, name: str, hook: Callable[..., object], *values: Any) -> None:
    try:
        hook(*values)
    except KeyboardInterrupt:
        raise
    except BaseException:  # `asyncio.CancelledError` is no `Exception`.
        logger.exception("%s raised an error", name)
