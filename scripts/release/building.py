"""The environment of every build for release, and the folder that it belongs to.

A compiler writes the paths of sources into what it makes, for messages and panics. Those of the machine that builds
are shortened to names that say the same everywhere. ``python scripts/release/building.py COMMAND ...`` runs a command
in that environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The environment of rustflags separates them by this.
UNIT = "\x1f"


def folders() -> dict[Path, str]:
    """Return the machine's folders whose files are compiled, with the names that stand for them: the closest last."""
    home = Path.home()
    return {
        home: "home",
        Path(os.environ.get("RUSTUP_HOME") or home / ".rustup"): "rustup",
        Path(os.environ.get("CARGO_HOME") or home / ".cargo"): "cargo",
        Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target"): "target",
        ROOT: "muxi",
    }


def environment() -> dict[str, str]:
    """Return the caller's environment with flags for compilers, and with the programs of this Python in front."""
    encoded = os.environ.get("CARGO_ENCODED_RUSTFLAGS", "")
    rust = encoded.split(UNIT) if encoded else os.environ.get("RUSTFLAGS", "").split()
    c = os.environ.get("CFLAGS", "").split()
    for folder, name in folders().items():
        add(rust, f"--remap-path-prefix={folder}={name}")
        # Blanks separate flags. Microsoft's compiler has no such flag, and writes no path unless a source asks for it.
        if os.name != "nt" and " " not in str(folder):
            add(c, f"-ffile-prefix-map={folder}={name}")
    made = {**os.environ, "CARGO_ENCODED_RUSTFLAGS": UNIT.join(rust), "CFLAGS": " ".join(c)}
    made["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), made["PATH"]])
    # maturin refuses to choose between an active conda environment and that of this Python.
    made.pop("CONDA_PREFIX", None)
    return made


def add(flags: list[str], flag: str) -> None:
    """Add a flag that a script which called this one has not added yet."""
    if flag not in flags:
        flags.append(flag)


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run a command in that environment, and end with its status if it fails."""
    print("$", *command, flush=True)
    done = subprocess.run(command, cwd=cwd, env=environment(), check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    run(*sys.argv[1:], cwd=Path.cwd())
