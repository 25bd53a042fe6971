"""The distribution ``muxi-local``, which is installed by itself."""

from __future__ import annotations

MISSING = 'the local MUXI server is not installed: pip install "muxi-client[local]"'


def explained(error: ModuleNotFoundError) -> ModuleNotFoundError:
    """Return the error that says how to install what is missing, where that is ``muxi-local``."""
    return ModuleNotFoundError(MISSING, name=error.name) if error.name == "muxi_local" else error
