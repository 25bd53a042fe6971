"""Make the release on the forge: the changelog's section as its notes, and all files of a folder.

``python scripts/release/forge.py v0.1.0 FOLDER`` needs the program ``gh`` and its token. A release that is there
already gets the files again.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from building import run
from notes import section


def main(tag: str, folder: Path) -> None:
    files = sorted(folder.iterdir())
    if subprocess.run(["gh", "release", "view", tag], check=False, capture_output=True).returncode == 0:
        run("gh", "release", "upload", tag, "--clobber", *files)
        return
    early = ["--prerelease"] if "-" in tag else []
    _, notes = section(tag.removeprefix("v"))
    run("gh", "release", "create", tag, "--verify-tag", "--title", tag, "--notes", notes, *early, *files)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).resolve())
