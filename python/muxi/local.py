"""A local MUXI server for development, tests and CI: ``python -m muxi.local --help``."""

from __future__ import annotations

import sys

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
    return local_main(list(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
