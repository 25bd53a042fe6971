"""Keeps what the developer has set away from the tests, which set what they need themselves.

The tests' conftest calls `isolate`; as a program it runs a command so: ``python tests/isolated.py cargo test``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys


def isolate() -> None:
    """Remove proxies and MUXI settings from the environment, and let SIGINT interrupt again.

    A shell starts background jobs, and some process managers start everything, with SIGINT ignored, which children
    inherit.
    """
    for name in list(os.environ):
        is_setting = name.startswith("MUXI_") and not name.startswith("MUXI_REAL_")
        if is_setting or name.lower().endswith("_proxy"):
            del os.environ[name]
    signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    isolate()
    if sys.platform == "win32":
        # There, exec starts another process, and the waiting parent takes this one's end for that of the command.
        sys.exit(subprocess.run(sys.argv[1:]).returncode)
    os.execvp(sys.argv[1], sys.argv[1:])
