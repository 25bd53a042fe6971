"""A local MUXI server for development, tests and CI: ``python -m muxi.local --help``.

It comes with ``pip install "muxi-client[local]"``.
"""

from __future__ import annotations

import sys

from ._extra import explained

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until it is stopped.

    Args:
        arguments: Command-line arguments; those of this process when None.

    Returns:
        The exit status.

    Raises:
        ModuleNotFoundError: The local server is not installed; the message says how to install it.
    """
    try:
        import muxi_local
    except ModuleNotFoundError as error:
        raise explained(error) from None
    return muxi_local.main(arguments, program="python -m muxi.local")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ModuleNotFoundError as _error:
        sys.exit(str(_error))
