"""Make the source packages of both distributions, which build with ``cargo --locked``.

``python scripts/release/sdist.py FOLDER``. maturin puts the lock file of the whole workspace beside a part of it. Cargo
would have to change that file, and ``--locked`` forbids it: what the part does not need is dropped, all versions stay.
"""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {".": "crates/muxi-python", "crates/muxi-local-python": "crates/muxi-local-python"}


def cargo(folder: Path, manifest: str, *options: str) -> None:
    command = ["cargo", "metadata", "--format-version", "1", "--manifest-path", f"{manifest}/Cargo.toml", *options]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def pack(folder: Path, target: Path) -> None:
    """Pack a folder: the same bytes from the same files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = tarfile.TarInfo(str(Path(folder.name) / path.relative_to(folder)))
            info.size, info.mode = path.stat().st_size, 0o644
            with path.open("rb") as content:
                archive.addfile(info, content)
    target.write_bytes(gzip.compress(packed.getvalue(), mtime=0))


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for project, manifest in PACKAGES.items():
        with tempfile.TemporaryDirectory() as temporary:
            subprocess.run(
                ["maturin", "sdist", "--out", temporary], cwd=ROOT / project, check=True, capture_output=True
            )
            (made,) = Path(temporary).glob("*.tar.gz")
            with tarfile.open(made) as archive:
                archive.extractall(temporary, filter="data")
            folder = Path(temporary) / made.name.removesuffix(".tar.gz")
            cargo(folder, manifest, "--offline")
            cargo(folder, manifest, "--offline", "--locked")
            pack(folder, out / made.name)
            print(out / made.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
