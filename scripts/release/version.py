"""The version, which stands in several files: print it, set it, or compare it with a tag.

``python scripts/release/version.py`` prints it and fails if two files differ, ``... 0.2.0`` writes it everywhere, and
``... --tag v0.2.0`` fails unless it is that of the tag and the changelog has a dated section for it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date

from building import ROOT
from notes import section

# Everywhere in these files.
PLACES = {
    "Cargo.toml": r'^(?:version = |muxi-(?:client|local) = \{.* version = )"([^"]+)"',
    "pyproject.toml": r'"muxi-local==([^"]+)"',
    "crates/muxi-local-python/pyproject.toml": r'"muxi-client==([^"]+)"',
}
# The first is the workspace's.
MANIFESTS = ["Cargo.toml", "fuzz/libfuzzer/Cargo.toml"]


def found() -> dict[str, set[str]]:
    """Return the versions that each file has."""
    texts = {place: (ROOT / place).read_text(encoding="utf-8") for place in PLACES}
    return {place: set(re.findall(pattern, texts[place], re.MULTILINE)) for place, pattern in PLACES.items()}


def current() -> str:
    """Return the version, and end if two files differ."""
    versions = set[str]().union(*found().values())
    if len(versions) != 1:
        sys.exit(f"the files differ: {found()}")
    return versions.pop()


def write(version: str) -> None:
    for place, pattern in PLACES.items():
        text = (ROOT / place).read_text(encoding="utf-8")
        changed = re.sub(pattern, lambda match: match[0].replace(f"{match[1]}", version), text, flags=re.MULTILINE)
        (ROOT / place).write_text(changed, encoding="utf-8")
    for manifest in MANIFESTS:
        # Changes the members' versions in the lock file, and nothing else.
        subprocess.run(["cargo", "update", "--workspace", "--manifest-path", ROOT / manifest], check=True)


def compare(tag: str) -> None:
    if tag != f"v{current()}":
        sys.exit(f"the tag is {tag}, and the version {current()}")
    said, _ = section(current())
    try:
        date.fromisoformat(said)
    except ValueError:
        sys.exit(f"CHANGELOG.md has no date for {current()}, but {said!r}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            print(current())
        case ["--tag", tag]:
            compare(tag)
        case [version] if re.fullmatch(r"\d+\.\d+\.\d+(-[a-z]+\.\d+)?", version):
            write(version)
        case _:
            sys.exit(__doc__)
