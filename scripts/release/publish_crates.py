"""Publish the crates that crates.io does not have yet in this version, each before those that need it.

``python scripts/release/publish_crates.py`` needs a token in ``CARGO_REGISTRY_TOKEN``; ``--dry-run`` needs none.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

from building import run
from sources import CRATES
from version import current


def is_published(crate: str) -> bool:
    # Elsewhere, since cargo would tell of the member of this workspace.
    with tempfile.TemporaryDirectory() as elsewhere:
        command = ["cargo", "info", "--quiet", "--registry", "crates-io", f"{crate}@{current()}"]
        done = subprocess.run(command, cwd=elsewhere, check=False, capture_output=True, text=True)
    if done.returncode and "could not find" not in done.stderr:
        sys.exit(done.stderr)
    return done.returncode == 0


def main(dry: bool) -> None:
    if dry:
        # In one go, since the second cannot find the first on crates.io.
        run("cargo", "publish", "--locked", "--dry-run", *(f"--package={crate}" for crate in CRATES))
        return
    for crate in CRATES:
        if is_published(crate):
            print(f"{crate} {current()} is published already")
        else:
            run("cargo", "publish", "--locked", "--package", crate)


if __name__ == "__main__":
    main(sys.argv[1:] == ["--dry-run"])
