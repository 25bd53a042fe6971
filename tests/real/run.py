#!/usr/bin/env python3
"""Start the real runtime, run its suites, always stop it, and say how it went and how long it took.

The suites run against muxi-local as well, and the shapes of all replies of both are compared.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from real import local, shapes
from real.recorder import Recorder

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


def python_passed(environment: dict[str, str]) -> bool:
    """Run the Python suite: whether all tests passed."""
    return subprocess.run(PYTHON, cwd=ROOT, env=environment).returncode == 0


def environment(info: dict[str, Any], url: str, **more: str) -> dict[str, str]:
    """What tells a suite where its server is."""
    return {**os.environ, "MUXI_REAL_RUNTIME": json.dumps({**info, "url": url}), **more}


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
    info = json.loads(up.stdout)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = shutil.copytree(cache / "formation", Path(scratch) / "formation")
            report = Path(scratch) / "report.json"
            subprocess.run([*RUST, "--no-run"], cwd=ROOT, check=True)
            built = lap()
            with Recorder(info["url"]) as real:
                told = environment(info, real.url, MUXI_REAL_REPORT=str(report))
                rust, rust_ok = rust_passed(told)
                rust_took = lap()
                python_ok = python_passed(told)
                python_took = lap()
            counts = json.loads(report.read_text())
            compared = compare(info, real, folder)
            comparison_took = lap()
    finally:
        subprocess.run([HERE / "kit" / "down"])
    print(
        f"{counts['operations']} operations x 3 faces (Python sync, Python async, Rust: {rust} tests), "
        f"{counts['defects']} expected defects; start {ready:.0f} s ({kind}), Rust build {built:.0f} s, "
        f"Rust {rust_took:.0f} s, Python {python_took:.0f} s, muxi-local {comparison_took:.0f} s"
    )
    return 0 if rust_ok and python_ok and compared else 1


def compare(info: dict[str, Any], real: Recorder, folder: Path) -> bool:
    """Run both suites against muxi-local, and compare the shapes of its replies with the recorded ones."""
    print("the same on muxi-local", flush=True)
    with local.serving(info, folder) as stand_in, Recorder(stand_in["url"]) as ours:
        told = environment(stand_in, ours.url, MUXI_REAL_LOCAL="1")
        _, rust_ok = rust_passed(told)
        python_ok = python_passed(told)
    rules = shapes.Rules.read()
    theirs = shapes.shapes_of(real.exchanges(), info["url"], rules)
    wrong = shapes.judge(theirs, shapes.shapes_of(ours.exchanges(), stand_in["url"], rules), rules)
    print(*wrong, sep="\n")
    print(f"{len(theirs)} routes compared, {len(wrong)} differences that nothing allows")
    return rust_ok and python_ok and not wrong


if __name__ == "__main__":
    sys.exit(main())
