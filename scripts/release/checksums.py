"""Write the SHA-256 sums of a folder's files into its file ``SHA256SUMS``, as ``sha256sum --check`` reads them.

``python scripts/release/checksums.py FOLDER``.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

NAME = "SHA256SUMS"


def main(folder: Path) -> None:
    paths = sorted(path for path in folder.iterdir() if path.name != NAME)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths]
    (folder / NAME).write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
