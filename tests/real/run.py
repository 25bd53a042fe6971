#!/usr/bin/env python3
"""Start the real runtime, run its suites, always stop it, and say how it went and how long it took.

The suites run against muxi-local as well, and the shapes of all replies of both are compared. With a version of the
runtime, target/real/newest.md then tells what that version has changed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import applications

from real import local, shapes, versions
from real.changes import Changes, document, of_replies, of_routes, rust_failures
from real.recorder import Recorder

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DOCUMENT = ROOT / "target" / "real" / "newest.md"
RUST = ["cargo", "test", "--quiet", "--package", "muxi-client", "--features", "__strict", "--test", "real"]
# Last, since it ends with an outage of the model, which lasts a minute.
PYTHON = [sys.executable, "-m", "pytest", "-q", "tests/real"]


class NotStartedError(Exception):
    """The runtime did not start. The message is the end of what was said."""


def rust_passed(environment: dict[str, str]) -> tuple[str, bool]:
    """Run the Rust suite: its output, and whether all tests passed."""
    command = [*RUST, "--", "--test-threads=1"]
    run = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    print(run.stdout, end="", flush=True)
    return run.stdout, run.returncode == 0


def python_passed(environment: dict[str, str]) -> bool:
    """Run the Python suite: whether all tests passed."""
    return subprocess.run(PYTHON, cwd=ROOT, env=environment).returncode == 0


def environment(info: dict[str, Any], url: str, **more: str) -> dict[str, str]:
    """Return the environment that tells a suite where its server is."""
    return {**os.environ, "MUXI_REAL_RUNTIME": json.dumps({**info, "url": url}), **more}


def start() -> dict[str, Any]:
    """Start the runtime: what `kit/up` says of it."""
    with subprocess.Popen([HERE / "kit" / "up"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as up:
        assert up.stdout
        assert up.stderr
        said = []
        for line in up.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            said.append(line)
        info = up.stdout.read()
    if up.returncode:
        raise NotStartedError("".join(said[-30:]))
    started: dict[str, Any] = json.loads(info)
    return started


def openapi(info: dict[str, Any]) -> dict[str, Any] | None:
    """The runtime's OpenAPI document, if it serves one."""
    try:
        with urllib.request.urlopen(f"{info['root_url']}/openapi.json", timeout=60) as reply:
            served: dict[str, Any] = json.load(reply)
    except OSError:
        return None
    return served


def run(cache: Path, changes: Changes | None) -> bool:
    """Run everything: whether all tests passed, and the replies are those of muxi-local.

    Args:
        cache: The folder of `kit/up`.
        changes: Gets what another version of the runtime has changed. All that is returned then is whether the tests
            passed.
    """
    started = time.monotonic()

    def lap() -> float:
        nonlocal started
        started, before = time.monotonic(), started
        return started - before

    print("starting the real runtime", flush=True)
    kind = "warm" if (cache / "venv" / "installed").exists() else "cold: installed as well"
    info = start()
    ready = lap()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = shutil.copytree(cache / "formation", Path(scratch) / "formation")
            report = Path(scratch) / "report.json"
            if changes and (served := openapi(info)):
                changes.routes = of_routes(served)
            for build in ([*RUST, "--no-run"], applications.BUILD):
                subprocess.run(build, cwd=ROOT, check=True)
            built = lap()
            with Recorder(info["url"]) as real:
                told = environment(info, real.url, MUXI_REAL_REPORT=str(report))
                rust, rust_ok = rust_passed(told)
                rust_took = lap()
                python_ok = python_passed(told)
                python_took = lap()
            counts = json.loads(report.read_text())
            if changes:
                changes.failed("Rust", rust_failures(rust), rust_ok)
                changes.failed("Python", counts["failures"], python_ok)
            compared = compare(info, real, folder, changes)
            comparison_took = lap()
    finally:
        subprocess.run([HERE / "kit" / "down"])
    tests = re.search(r"(\d+) passed", rust)
    print(
        f"{counts['operations']} operations x 3 faces (Python sync, Python async, Rust: "
        f"{tests.group(1) if tests else 0} tests), {counts['defects']} expected defects; start {ready:.0f} s ({kind}), "
        f"Rust build {built:.0f} s, Rust {rust_took:.0f} s, Python {python_took:.0f} s, "
        f"muxi-local {comparison_took:.0f} s"
    )
    return rust_ok and python_ok and compared


def compare(info: dict[str, Any], real: Recorder, folder: Path, changes: Changes | None) -> bool:
    """Run both suites against muxi-local, and compare the shapes of its replies with the recorded ones."""
    print("the same on muxi-local", flush=True)
    with local.serving(info, folder) as stand_in, Recorder(stand_in["url"]) as ours:
        told = environment(stand_in, ours.url, MUXI_REAL_LOCAL="1")
        _, rust_ok = rust_passed(told)
        python_ok = python_passed(told)
    rules = shapes.Rules.read()
    theirs = shapes.shapes_of(real.exchanges(), info["url"], rules)
    mine = shapes.shapes_of(ours.exchanges(), stand_in["url"], rules)
    if changes:
        changes.failed("muxi-local", {}, rust_ok and python_ok)
        changes.replies, changes.stale = of_replies(theirs, mine, rules)
        return rust_ok and python_ok
    wrong = shapes.judge(theirs, mine, rules)
    print(*wrong, sep="\n")
    print(f"{len(theirs)} routes compared, {len(wrong)} differences that nothing allows")
    return rust_ok and python_ok and not wrong


def tell(changes: Changes) -> None:
    """Write the document."""
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text(document(changes), "utf-8")
    print(f"muxi-runtime {changes.version}: see {DOCUMENT.relative_to(ROOT)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "version",
        nargs="?",
        help="newest, or a version of muxi-runtime; the pinned one by default. With it, the status is 1 if a test "
        "failed or the runtime did not start, and 0 otherwise, also if there are changes",
    )
    asked = parser.parse_args().version
    cache = Path(os.environ.get("MUXI_REAL_RUNTIME_DIR") or Path.home() / ".cache" / "muxi-real-runtime")
    if asked is None:
        try:
            return 0 if run(cache, None) else 1
        except NotStartedError:
            return 1
    DOCUMENT.unlink(missing_ok=True)
    changes = Changes(versions.find(asked), versions.pinned())
    passed = True
    if asked == "newest" and changes.version == changes.pinned:
        changes.stopped = "The package index has none that is newer, and `make real` tests this one."
    else:
        cache = cache.with_name(f"{cache.name}-newest")
        os.environ.update(MUXI_REAL_RUNTIME_DIR=str(cache), MUXI_REAL_RUNTIME_VERSION=changes.version)
        try:
            passed = run(cache, changes)
        except NotStartedError as error:
            changes.stopped = "The runtime did not start:\n\n" + textwrap.indent(str(error).rstrip(), "    ")
            passed = False
    tell(changes)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
