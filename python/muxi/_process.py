"""The life of the process: what a fork and the end of the interpreter ask of the compiled module."""

from __future__ import annotations

import atexit
import os
import sys

from ._muxi import after_fork, before_exit

# A forked child must not use what belongs to its parent's threads and sockets.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork)


class _End:
    """Calls `before_exit` after all handlers of `atexit`, which may wait for threads that are in calls.

    Nothing but `atexit` refers to it: that runs all handlers, then drops them, and then the interpreter begins to end.
    """

    __slots__ = ("_has_begun",)

    def __init__(self) -> None:
        # A handler may be the first to import this. Then `atexit` runs no more handlers, but drops this one, too.
        threading = sys.modules.get("threading")
        self._has_begun = threading is not None and not threading.main_thread().is_alive()

    def begin(self) -> None:
        self._has_begun = True

    def __del__(self) -> None:
        global _is_watched
        if self._has_begun:
            before_exit()
        else:
            # Some children of `multiprocessing` drop the handlers of their parent.
            _is_watched = False


_is_watched = False


def watch_end() -> None:
    """Keep the threads that come back from the network out of an interpreter that ends."""
    global _is_watched
    if not _is_watched:
        _is_watched = True
        atexit.register(_End().begin)


watch_end()
