"""Tests that run as programs: what they find out may stop, crash or end the process.

A function under `program` runs in a process of its own, with an `Origin` and the test's parameters, which must be
texts or numbers. It has failed when that process ends otherwise than by 0, not at all, or after words of a crash.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import functools
import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ParamSpec

import muxi
from origin import PATIENCE, Origin

LIMIT = 2 * PATIENCE
"""Seconds that a program may take."""

CRASHES = (
    "Fatal",
    "terminate called",
    "panicked",
    "PanicException",
    "SIGSEGV",
    "core dumped",
    "Traceback",
    "Exception ignored",
    "was destroyed but it is pending",
    "was never retrieved",
    "was never awaited",
    "ResourceWarning",
)
"""Texts that no program may print on stderr."""

P = ParamSpec("P")


@dataclass
class Ended:
    """The end of a program: its exit code, or None when it had to be stopped."""

    code: int | None
    output: str
    errors: str

    def check(self, code: int = 0, allowed: tuple[str, ...] = ()) -> None:
        """Check the exit code, and that nothing tells of a crash."""
        shown = f"exit code {self.code}\n{self.output[-4000:]}\n{self.errors[-8000:]}"
        assert self.code == code, shown
        assert not [word for word in CRASHES if word in self.errors and word not in allowed], shown


def environment(origin: Origin) -> dict[str, str]:
    """Return the environment in which `here` finds the place, and these modules are found."""
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    given = {"ORIGIN": json.dumps(asdict(origin)), "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return os.environ | given


def run(code: str, *arguments: str, origin: Origin, options: tuple[str, ...] = (), limit: float = LIMIT) -> Ended:
    """Run a program, which finds the `Origin` by `here`."""
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", *options, "-c", code, *arguments],
        env=environment(origin),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        kill(process)
        output, errors = process.communicate()
        return Ended(None, output, errors)
    return Ended(process.returncode, output, errors)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a program that runs in a session of its own, with its children, which may hold its pipes."""
    if hasattr(os, "killpg"):
        # Shows where it hangs.
        process.send_signal(signal.SIGABRT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def here() -> Origin:
    """Return the place of this program."""
    return Origin(**json.loads(os.environ["ORIGIN"]))


def program(test: Callable[P, Any]) -> Callable[P, None]:
    """Run that test in a process of its own; a coroutine in ``asyncio.run``."""

    @functools.wraps(test)
    def start(*args: P.args, **given: P.kwargs) -> None:
        origin = given.pop("origin")
        assert isinstance(origin, Origin)
        code = "import programs; programs.main()"
        run(code, test.__module__, test.__name__, json.dumps(given), origin=origin).check()

    return start


def main() -> None:
    """Run the test that the arguments name."""
    module, name, given = sys.argv[1:]
    test = getattr(importlib.import_module(module), name).__wrapped__
    result = test(origin=here(), **json.loads(given))
    if inspect.iscoroutine(result):
        asyncio.run(result)


def settings(origin: Origin, scheme: str = "http") -> dict[str, Any]:
    """Return what a client needs to reach the place."""
    own: dict[str, Any] = {"base_url": origin.url(scheme), "client_key": "c", "admin_key": "a", "timeout": PATIENCE}
    return own | ({"ca_file": origin.ca_file} if scheme == "https" else {})


def client(origin: Origin, scheme: str = "http", **more: Any) -> muxi.FormationClient:
    """Return a client of the place."""
    return muxi.FormationClient(**settings(origin, scheme) | more)


def async_client(origin: Origin, scheme: str = "http", **more: Any) -> muxi.AsyncFormationClient:
    """Return an async client of the place."""
    return muxi.AsyncFormationClient(**settings(origin, scheme) | more)


def ask(formation: muxi.FormationClient, n: int = 1) -> None:
    """Make a call."""
    assert formation.request("GET", f"/echo/{n}")["n"] == n


async def aask(formation: muxi.AsyncFormationClient, n: int = 1) -> None:
    """Make a call."""
    assert (await formation.request("GET", f"/echo/{n}"))["n"] == n


def ask_at_once(formation: muxi.FormationClient, calls: int = 6) -> None:
    """Make calls in threads, all under way at the same time: each gets a connection."""
    together = threading.Barrier(calls)

    def one(n: int) -> None:
        together.wait(PATIENCE)
        ask(formation, n)

    with ThreadPoolExecutor(calls) as pool:
        list(pool.map(one, range(calls)))


async def aask_at_once(formation: muxi.AsyncFormationClient, calls: int = 6) -> None:
    """Make calls, all under way at the same time."""
    await asyncio.gather(*(aask(formation, n) for n in range(calls)))


@contextlib.contextmanager
def fails(kind: type[BaseException] | tuple[type[BaseException], ...], *words: str) -> Iterator[list[BaseException]]:
    """Check that the block raises that, and that its text has those words. Gives a list, which gets the error."""
    caught: list[BaseException] = []
    try:
        yield caught
    except kind as error:
        caught.append(error)
    assert caught, f"nothing raised, expected {kind}"
    missing = [word for word in words if word not in str(caught[0])]
    assert not missing, f"{caught[0]!r} lacks {missing}"


def later(wait: Callable[[], object], then: Callable[[], object]) -> threading.Thread:
    """Wait in a thread, then do something there."""

    def both() -> None:
        wait()
        then()

    thread = threading.Thread(target=both, daemon=True)
    thread.start()
    return thread


def fork(work: Callable[[], object]) -> None:
    """Do something in a forked child, and wait for the child, which must end by 0.

    The child ends by ``os._exit`` after the work; by ``SystemExit`` or another exception it ends as an interpreter.
    """
    child = os.fork()
    if child == 0:
        # A child that is stuck must not keep the test.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        faulthandler.register(signal.SIGALRM, chain=True)
        signal.alarm(int(PATIENCE))
        work()
        sys.stderr.flush()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == 0, f"the child ended by {code}"


async def events_of(stream: Any) -> list[Any]:
    """Read all of an async iterator."""
    return [event async for event in stream]


def joined(events: list[muxi.Event]) -> str:
    """Return the text of those events."""
    return "".join(event.text for event in events)
