"""Log lines of the compiled module."""

from __future__ import annotations

from ._muxi import __version__

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from logging import Logger


def write(own: Logger | None, lines: list[tuple[str, str]]) -> None:
    """Write lines, each with its kind, to a client's own logger or to the logger ``muxi``."""
    import logging

    logger = own or logging.getLogger("muxi")
    for kind, text in lines:
        if kind == "update":
            logger.warning("muxi-client %s is available (this is %s)", text, __version__)
            continue
        if own is None and not logger.hasHandlers():
            # A program that asks for debug lines and has not set up logging wants to see them.
            handler = logging.StreamHandler()
            handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
            logger.addHandler(handler)
            logger.setLevel(logging.DEBUG)
        logger.debug("%s", text)
