"""The official package `muxi`, whose files go into the same folder as this one's."""

from __future__ import annotations

import os

# A module that only the official package has.
_OFFICIAL = os.path.join(os.path.dirname(__file__), "transport.py")


def warn_of_official() -> None:
    """Warn where the official package is installed, too: uninstalling either would take files of the other."""
    if os.path.exists(_OFFICIAL):
        import warnings

        remedy = "pip uninstall muxi muxi-client, then pip install muxi-client"
        warnings.warn(f"the packages muxi and muxi-client are both installed into one folder: {remedy}", stacklevel=3)
