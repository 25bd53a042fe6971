"""Refuses to be imported by any but the main interpreter.

The compiled modules keep classes and locks once for the process, and another interpreter would get those of the first.
Python itself refuses them only in interpreters with a GIL of their own, and does not say what to do instead.
"""

from __future__ import annotations

import sys

try:
    # Type checkers know no module of the older name.
    _interpreters = __import__("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters")
except ImportError:
    # A Python without that module has no other interpreters.
    pass
else:
    if _interpreters.get_current() != _interpreters.get_main():
        raise ImportError(
            "muxi cannot be used in a subinterpreter: use it in the main interpreter, or in a process of its own"
        )
