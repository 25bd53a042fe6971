"""Build the wheels of both distributions.

``python scripts/release/wheels.py FOLDER`` builds them for this machine, and ``... FOLDER TARGET COMPATIBILITY`` for
one of Rust's targets and a platform tag of Linux, such as ``manylinux_2_17``, which zig links. Other systems have only
one tag, ``pypi``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from building import ROOT, run
from sdist import PACKAGES


def options(target: str, compatibility: str) -> list[str]:
    """Return maturin's options for a target."""
    linked = ["--zig"] if "linux" in compatibility else []
    return ["--target", target, "--compatibility", compatibility, *linked]


def main(out: Path, chosen: list[str]) -> None:
    for project in PACKAGES:
        made = ["--release", "--locked", "--compression-level", "9", "--out", str(out)]
        run("maturin", "build", "--quiet", *made, *(options(*chosen) if chosen else []), cwd=ROOT / project)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
