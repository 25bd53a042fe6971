"""Print the notes of a release: its section of the changelog.

``python scripts/release/notes.py 0.1.0``.
"""

from __future__ import annotations

import re
import sys

from building import ROOT


def section(version: str) -> tuple[str, str]:
    """Return the date of a version, or the word in its place, and its section without the heading."""
    heading = rf"^## {re.escape(version)} - (\S+)$"
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(heading + r"\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if not found:
        sys.exit(f"CHANGELOG.md has no section for {version}")
    return found[1], found[2].strip()


if __name__ == "__main__":
    print(section(sys.argv[1])[1])
