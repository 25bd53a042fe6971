#!/usr/bin/env python3
"""Start the real runtime, run its suites, always stop it, and say how it went and how long it took."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RUST = ["cargo", "test", "--quiet", "--package", "muxi-client", "--features", "strict", "--test", "real"]
# Last, since it ends with an outage of the model, which lasts a minute.
PYTHON = [sys.executable, "-m", "pytest", "-q", "tests/real"]


def rust_passed(environment: dict[str, str]) -> tuple[int, bool]:
    """Run the Rust suite: how many tests passed, and whether all did."""
    command = [*RUST, "--", "--test-threads=1"]
    run = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    print(run.stdout, end="", flush=True)
    found = re.search(r"(\d+) passed", run.stdout)
    return int(found.group(1)) if found else 0, run.returncode == 0


def main() -> int:
    started = time.monotonic()

    def lap() -> float:
        nonlocal started
        started, before = time.monotonic(), started
        return started - before

    print("starting the real runtime", flush=True)
    cache = Path(os.environ.get("MUXI_REAL_RUNTIME_DIR") or Path.home() / ".cache" / "muxi-real-runtime")
    kind = "warm" if (cache / "venv" / "installed").exists() else "cold: installed as well"
    up = subprocess.run([HERE / "kit" / "up"], stdout=subprocess.PIPE, text=True)
    if up.returncode:
        return up.returncode
    ready = lap()
    try:
        with tempfile.NamedTemporaryFile("r", suffix=".json") as report:
            environment = {**os.environ, "MUXI_REAL_RUNTIME": up.stdout, "MUXI_REAL_REPORT": report.name}
            subprocess.run([*RUST, "--no-run"], cwd=ROOT, check=True)
            built = lap()
            rust, rust_ok = rust_passed(environment)
            rust_took = lap()
            python_ok = subprocess.run(PYTHON, cwd=ROOT, env=environment).returncode == 0
            counts = json.loads(report.read() or '{"operations": 0, "defects": 0}')
    finally:
        subprocess.run([HERE / "kit" / "down"])
    print(
        f"{counts['operations']} operations x 3 faces (Python sync, Python async, Rust: {rust} tests), "
        f"{counts['defects']} expected defects; start {ready:.0f} s ({kind}), Rust build {built:.0f} s, "
        f"Rust {rust_took:.0f} s, Python {lap():.0f} s"
    )
    return 0 if rust_ok and python_ok else 1


if __name__ == "__main__":
    sys.exit(main())
