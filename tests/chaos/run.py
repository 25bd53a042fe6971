"""Thousands of calls and streams on four faces, through a proxy that treats them badly, with a server that is killed.

``python tests/chaos/run.py SECONDS [SEED]``. At the end nothing was executed twice, no text was lost without an error,
nothing is stuck, and each process is as small as it was.
"""

from __future__ import annotations

import json
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import muxi
from report import BOUND, Call

HERE = Path(__file__).parent
FACES = ["sync", "async", "blocking", "rust"]
# Seconds that all may take beyond the time given before it counts as stuck, on however busy a machine.
STUCK = 300.0
# Fewer calls than this in a minute were no storm.
LEAST_PER_MINUTE = 500


class Server:
    """A local server with state on disk, killed and started again until it is stopped."""

    def __init__(self, folder: Path, seed: str) -> None:
        self._command = [sys.executable, "-m", "muxi.local", "--data", str(folder), "--json"]
        self._command += ["--client-key", "client", "--admin-key", "admin"]
        self._choice = random.Random(f"{seed}/server")
        self._stopped = threading.Event()
        self.kills = 0
        self._program, self.port = self._start(0)
        self.url = f"http://127.0.0.1:{self.port}/api/demo/v1"
        self._thread = threading.Thread(target=self._kill)
        self._thread.start()

    def _start(self, port: int) -> tuple[subprocess.Popen[str], int]:
        program = subprocess.Popen([*self._command, "--port", str(port)], stdout=subprocess.PIPE, text=True)
        assert program.stdout is not None
        line = program.stdout.readline()
        return program, int(json.loads(line)["url"].rsplit(":", 1)[1])

    def _kill(self) -> None:
        while not self._stopped.wait(self._choice.uniform(3, 12)):
            self._end(signal.SIGKILL)
            self.kills += 1
            self._stopped.wait(self._choice.uniform(0, 1))
            self._program = self._start(self.port)[0]

    def _end(self, how: signal.Signals) -> None:
        self._program.send_signal(how)
        self._program.communicate()

    def calm(self) -> None:
        """Kill it no more."""
        self._stopped.set()
        self._thread.join()

    def stop(self) -> None:
        """Stop it for good."""
        self.calm()
        self._end(signal.SIGTERM)


@contextmanager
def proxied(port: int, seed: str) -> Iterator[str]:
    """Run the proxy to a port, and return the base URL behind it."""
    command = [sys.executable, str(HERE / "proxy.py"), str(port), seed]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None
        yield f"http://127.0.0.1:{int(proxy.stdout.readline())}/api/demo/v1"
        proxy.kill()


def drive(url: str, folder: Path, seed: str, seconds: float) -> list[str]:
    """Run all drivers to their end, and return which of them failed."""
    rust = HERE.parent.parent / "target/debug/muxi-chaos"
    drivers = {}
    for face in FACES:
        command = [sys.executable, str(HERE / "driver.py")] if face in ("sync", "async") else [str(rust)]
        report = folder / f"{face}.jsonl"
        drivers[face] = subprocess.Popen([*command, face, url, str(report), seed, str(seconds)])
    failed = []
    limit = time.monotonic() + seconds * 1.25 + STUCK
    for face, driver in drivers.items():
        try:
            if status := driver.wait(max(limit - time.monotonic(), 0)):
                failed.append(f"the driver {face} ended with status {status}")
        except subprocess.TimeoutExpired:
            driver.kill()
            driver.wait()
            failed.append(f"the driver {face} is stuck")
    return failed


def read(folder: Path) -> tuple[list[Call], list[str]]:
    """Return the calls and the problems in all reports."""
    calls, problems = [], []
    for path in folder.glob("*.*"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if "problem" in row:
                problems.append(f"{path.name}: {row['problem']}")
            else:
                calls.append(Call(**row))
    return calls, problems


def executed(client: muxi.FormationClient, calls: list[Call]) -> Counter[tuple[str, str]]:
    """Return how often the server has executed the message of each call."""
    counts: Counter[tuple[str, str]] = Counter()
    for user, session in {(call.user, call.session) for call in calls if call.kind != "memory"}:
        rows: list[Any] = client.get_session_messages(session, user, limit=1000)["messages"]
        counts.update((user, row["text"]) for row in rows if row["metadata"]["role"] == "user")
    for user in {call.user for call in calls if call.kind == "memory"}:
        offset = 0
        while rows := client.get_memories(user, 100, offset=offset)["memories"]:
            counts.update((user, f"memory: {row['content']}") for row in rows)
            offset += len(rows)
    return counts


def judge(calls: list[Call], counts: Counter[tuple[str, str]]) -> list[str]:
    """Return which calls broke a promise."""
    wrong = []
    for call in calls:
        times = counts[call.user, f"memory: {call.message}" if call.kind == "memory" else call.message]
        expected = f"Echo: {call.message}"
        if times > 1:
            wrong.append(f"executed {times} times: {call}")
        if call.outcome == "ok" and times != 1:
            wrong.append(f"went well and was executed {times} times: {call}")
        if call.outcome == "ok" and call.kind != "memory" and call.text != expected:
            wrong.append(f"lost text without an error: {call}")
        if call.kind == "bounded" and len(call.text.encode()) > BOUND:
            wrong.append(f"has a reply longer than the client's bound: {call}")
        if not expected.startswith(call.text):
            wrong.append(f"has another text: {call}")
    return wrong


def main(seconds: float, seed: str) -> int:
    """Run the storm, and say what it has shown."""
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        state, reports = Path(name, "state"), Path(name, "reports")
        reports.mkdir()
        server = Server(state, seed)
        try:
            with proxied(server.port, seed) as url:
                problems = drive(url, reports, seed, seconds)
            server.calm()
            calls, told = read(reports)
            client = muxi.FormationClient(base_url=server.url, client_key="client", admin_key="admin", proxy=False)
            problems += told + judge(calls, executed(client, calls))
        finally:
            server.stop()
    outcomes = Counter((call.user.partition("-")[0], call.kind, call.outcome) for call in calls)
    for (face, kind, outcome), count in sorted(outcomes.items()):
        print(f"{face:9} {kind:7} {outcome:24} {count:7}")
    if len(calls) < LEAST_PER_MINUTE * seconds / 60 or not server.kills:
        problems.append("that was no storm")
    print(f"{len(calls)} calls, {server.kills} kills of the server, seed {seed}: {len(problems)} problems")
    for problem in problems[:20]:
        print(f"  {problem[:500]}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else secrets.token_hex(4)))
