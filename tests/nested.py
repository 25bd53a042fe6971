"""A pytest run in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run_pytest(folder: Path, *options: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the tests in a folder, which is the root folder of the run."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *options]
    return subprocess.run([*command, str(folder)], cwd=cwd or folder, stdout=subprocess.PIPE, text=True, timeout=120)


def pytest_passes(folder: Path, count: int, *options: str, cwd: Path | None = None) -> None:
    """Check that all tests in a folder pass, and that there are so many."""
    done = run_pytest(folder, *options, cwd=cwd)
    assert done.returncode == 0, done.stdout
    assert f"{count} passed" in done.stdout
