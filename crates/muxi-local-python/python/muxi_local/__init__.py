"""A local MUXI server for development, tests and CI: ``python -m muxi_local --help``."""

from __future__ import annotations

import signal
import sys
import threading

from ._needed import check_client

check_client()

from . import _muxi_local  # noqa: E402
from ._muxi_local import __version__  # noqa: E402

# A call, since jedi believes a literal and would complete nothing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["__version__", "main"]


def main(arguments: Sequence[str] | None = None, *, program: str = "muxi-local") -> int:
    """Run the server until it is stopped.

    Args:
        arguments: Command-line arguments; those of this process when None.
        program: Name of the command in its help and messages.

    Returns:
        The exit status.
    """
    given = [program, *(sys.argv[1:] if arguments is None else arguments)]
    if threading.current_thread() is not threading.main_thread():
        return _muxi_local.main(given)
    # The server has a handler of its own for Ctrl-C; Python's would raise KeyboardInterrupt besides.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return _muxi_local.main(given)
    finally:
        signal.signal(signal.SIGINT, before)
