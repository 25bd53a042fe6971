"""A local MUXI server for development, tests and CI: ``python -m muxi.local --help``."""

from __future__ import annotations

import signal
import sys
import threading

from ._muxi import local_main

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until it is stopped.

    Args:
        arguments: Command-line arguments; those of this process when None.

    Returns:
        The exit status.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if threading.current_thread() is not threading.main_thread():
        return local_main(given)
    # The server has a handler of its own for Ctrl-C; Python's would raise KeyboardInterrupt besides.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return local_main(given)
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    sys.exit(main())
