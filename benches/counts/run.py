"""Counts the instructions of the hot paths and compares them with ``baseline.json``.

A case runs twice under callgrind, once with N and once with 2N steps, against the benchmarks' server in another
process. The difference is what N steps cost, without the program's start and end. Unlike times, counts do not depend
on what else the machine does. They depend on the compilers, so the baseline says which ones it was made with.

Exit status: 0 when no count is above the band, 1 when one is, 2 when the counts cannot be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
# Renaming a function changes what the compiler inlines, and moves a count by up to 6%.
BAND = 0.08
COMMAND = "make counts OPTIONS=--write"

# The program of each case, its case, N, and the meaning of one step.
CASES = {
    "rust_get": ("rust", "get", 400, "GET, awaited, typed reply"),
    "rust_json_row": ("rust", "row", 1000, "row of a JSON list, typed"),
    "rust_sse_event": ("rust", "sse", 4096, "event of a stream, one HTTP chunk each"),
    "rust_sse_parse_kib": ("rust", "parse", 2048, "KiB of event text, parser alone"),
    "rust_hmac_header": ("rust", "hmac", 1000, "Authorization header"),
    "python_get": ("python", "get", 400, "GET, sync"),
    "python_signed_get": ("python", "signed", 400, "GET with an HMAC signature, sync"),
    "python_async_get": ("python", "aget", 400, "GET, awaited one after another"),
    "python_json_row": ("python", "row", 1000, "row of a JSON list"),
    "python_sse_event": ("python", "sse", 4096, "event of a stream, sync"),
    "python_async_sse_event": ("python", "asse", 4096, "event of a stream, async"),
}


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def environment() -> dict[str, str]:
    """Return the environment that the counts depend on besides this project's own sources."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    return {
        "rustc": output("rustc", "--version"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libc": " ".join(platform.libc_ver()),
        "valgrind": output("valgrind", "--version"),
        # Libraries choose their vector instructions when they run.
        "machine": platform.machine() + (" avx2" if re.search(r"\bavx2\b", cpuinfo) else ""),
    }


def require_valgrind() -> None:
    if shutil.which("valgrind"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "valgrind"], check=True, stdout=subprocess.DEVNULL)
        return
    print("valgrind is needed to count instructions: install the package `valgrind`", file=sys.stderr)
    raise SystemExit(2)


def count(command: list[str], folder: Path) -> int:
    """The instructions that the command executes."""
    # Nothing of the caller's environment goes in: neither settings nor its size, which moves the stack.
    pinned = {
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "1",
        "MUXI_SDK_VERSION_NOTIFICATION": "0",
    }
    counter = ["valgrind", "--tool=callgrind", "--fair-sched=yes", f"--callgrind-out-file={folder / 'out'}"]
    done = subprocess.run(
        ["setarch", "-R", *counter, *command], env=pinned, capture_output=True, text=True, timeout=600, check=False
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return int(found[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the benchmarks' server does not start")


def measure(target: Path, names: list[str]) -> dict[str, int]:
    programs = {"rust": [str(target / "release/muxi-counts")], "python": [sys.executable, str(HERE / "cases.py")]}
    # Bytecode that is not cached would be made anew in each run, which takes longer than all else.
    package = HERE.parent.parent / "python/muxi"
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(package)], check=True)
    port = free_port()
    server = subprocess.Popen([target / "release/muxi-bench-server", str(port)], stderr=subprocess.DEVNULL)
    counts = {}
    try:
        wait_for(port)
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                program, case, n, what = CASES[name]
                command = [*programs[program], f"http://127.0.0.1:{port}", case]
                once, twice = (count([*command, str(k)], Path(folder)) for k in (n, 2 * n))
                counts[name] = round((twice - once) / n)
                print(f"{name:24} {counts[name]:>9,} instructions per {what}", flush=True)
    finally:
        server.kill()
        server.wait()
    return counts


def compare(counts: dict[str, int], known: dict[str, int]) -> int:
    print(f"\n{'':24} {'known':>9} {'now':>9}")
    wrong = 0
    for name, now in counts.items():
        if name not in known:
            print(f"{name:24} {'':>9} {now:>9,}          not in the baseline")
            wrong += 1
            continue
        change = now / known[name] - 1
        verdict = "" if abs(change) <= BAND else "SLOWER" if change > 0 else "faster: lower the baseline"
        wrong += change > BAND
        print(f"{name:24} {known[name]:>9,} {now:>9,} {change:>+7.1%}  {verdict}")
    if wrong:
        print(
            f"\n{wrong} above the band of {BAND:.0%}. If that is meant to be so: {COMMAND}\nand say in the commit why."
        )
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=Path, required=True, help="cargo's target folder")
    parser.add_argument("--only", default=",".join(CASES), help="comma list of cases")
    parser.add_argument("--write", action="store_true", help="make the counts the new baseline")
    options = parser.parse_args()
    require_valgrind()
    here = environment()
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {"environment": {}, "counts": {}}
    names = options.only.split(",")
    if not options.write and here != baseline["environment"]:
        differing = [f"  {k}: {baseline['environment'].get(k)} there, {v} here" for k, v in here.items()]
        print("The baseline was made with something else, so counts cannot be compared:", *differing, sep="\n")
        print(f"A new baseline is needed. On a commit whose speed is known to be right: {COMMAND}")
        return 2
    counts = measure(options.target, names)
    if not options.write:
        return compare(counts, baseline["counts"])
    kept = baseline["counts"] if here == baseline["environment"] else {}
    kept |= counts
    written = {"environment": here, "counts": {name: kept[name] for name in CASES if name in kept}}
    BASELINE.write_text(json.dumps(written, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
