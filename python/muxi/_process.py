"""The life of the process: what a fork and the end of the interpreter ask of the compiled module."""

from __future__ import annotations

import atexit
import os

from ._muxi import after_fork, before_exit

# A forked child must not use what belongs to its parent's threads and sockets.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork)
# Threads that come back from the network must not enter an interpreter that ends.
atexit.register(before_exit)
