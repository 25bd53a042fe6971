"""The versions of the runtime: the pinned one, and those of the package index."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).with_name("kit") / "requirements.txt"


def pinned() -> str:
    """The version that the contract was measured on, and that plain `make real` installs."""
    found = re.search(r"^muxi-runtime==(\S+)$", PINS.read_text("utf-8"), re.MULTILINE)
    assert found
    return found.group(1)


def find(asked: str) -> str:
    """The version that the package index has.

    Args:
        asked: `newest`, or a version.

    Raises:
        SystemExit: The index has no such version, or does not answer.
    """
    wanted = "muxi-runtime" if asked == "newest" else f"muxi-runtime=={asked}"
    # For the Python that the runtime gets, which need not be this one.
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    pip += ["--dry-run", "--ignore-installed", "--no-deps", "--only-binary=:all:", "--python-version=3.11"]
    run = subprocess.run([*pip, "--report=-", wanted], stdout=subprocess.PIPE, text=True)
    if run.returncode:
        raise SystemExit(f"RUNTIME={asked}: expected newest, or a version of muxi-runtime that the package index has")
    version: str = json.loads(run.stdout)["install"][0]["metadata"]["version"]
    return version
