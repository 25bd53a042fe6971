"""Calls and streams in Python, at random, for a time: ``python tests/chaos/driver.py FACE URL REPORT SEED SECONDS``.

FACE is ``sync`` (threads, closing from other threads, forks) or ``async`` (tasks, cancelling, closed loops).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import muxi
from report import BOUND, KINDS, WEIGHTS, Call, Report, Worker

WORKERS = 12
# Seconds after which a call, a child or an end counts as stuck, on however busy a machine.
STUCK = 120.0
SETTINGS: dict[str, Any] = {
    "client_key": "client",
    "admin_key": "admin",
    "timeout": 3,
    "stream_idle_timeout": 3,
    "deadline": 20,
    "proxy": False,
}
# Megabytes by which the process may have grown since it was warm.
GROWTH = 64


def resources() -> tuple[int, int, int]:
    """Return the process's open files, threads, and megabytes of memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")), pages * 4096 >> 20


def problem_of(error: BaseException) -> str | None:
    """Return what is wrong with an error, where it is not one that a storm explains."""
    if isinstance(error, muxi.errors.MuxiError) and error.code:
        return None
    return f"{type(error).__name__}: {error}"


async def within(seconds: float | None, coroutine: Coroutine[Any, Any, Any]) -> None:
    """Await for a time. Before Python 3.12 `asyncio.wait_for` loses a cancellation that meets the end of the wait."""
    task = asyncio.ensure_future(coroutine)
    try:
        await asyncio.wait([task], timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task])
        raise
    if task.cancel():
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()


class Sync:
    """Threads that share a client, and forks of all that."""

    def __init__(self, url: str, report: Report, seed: str, end: float) -> None:
        self.url, self.report, self.seed, self.end = url, report, seed, end
        self.client = muxi.FormationClient(base_url=url, **SETTINGS)
        self.bounded = muxi.FormationClient(base_url=url, max_reply_bytes=BOUND, **SETTINGS)

    def run(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        threads = [threading.Thread(target=self.work, args=(f"{i}-{seconds}",)) for i in range(WORKERS)]
        for thread in threads:
            thread.start()
        children = Worker("sync", f"forks-{seconds}", self.seed)
        while time.monotonic() < self.end:
            time.sleep(children.choice.uniform(0, 0.5))
            self.fork(children)
        for thread in threads:
            thread.join(STUCK)
            if thread.is_alive():
                self.report.problem("a thread is stuck")

    def work(self, name: str) -> None:
        worker = Worker("sync", name, self.seed)
        while time.monotonic() < self.end:
            self.one(worker, self.client)

    def one(self, worker: Worker, client: Any) -> None:
        """Make one call."""
        begun = time.monotonic()
        kind = worker.choice.choices(KINDS, WEIGHTS)[0]
        call = None
        try:
            if kind == "read":
                client.with_options(max_retries=2).get_agents()
                return
            call = worker.call(kind)
            if kind in ("chat", "bounded"):
                payload = {"message": call.message, "session_id": call.session}
                caller = self.bounded if kind == "bounded" else client
                call.text = str(caller.chat(payload, user_id=call.user)["message"]["content"])
            elif kind == "memory":
                client.add_memory(call.user, "fact", call.message)
            else:
                self.stream(worker, client, call)
                return
            call.outcome = "ok"
        except Exception as error:
            if problem := problem_of(error):
                self.report.problem(problem)
            if call is not None:
                call.outcome = getattr(error, "code", "") or type(error).__name__
            time.sleep(0.01)
        finally:
            if call is not None:
                self.report.add(call)
            if time.monotonic() - begun > STUCK:
                self.report.problem(f"a call took {time.monotonic() - begun:.0f} s")

    def stream(self, worker: Worker, client: Any, call: Call) -> None:
        """Read an answer as it comes, or a part of it; sometimes it is closed by another thread."""
        most = worker.choice.choice([None, None, None, worker.choice.randint(0, 20)])
        payload = {"message": call.message, "session_id": call.session}
        stream = client.chat_stream(payload, user_id=call.user)
        closer = threading.Timer(worker.choice.uniform(0, 0.05), stream.close)
        is_closed = worker.choice.random() < 0.1
        if is_closed:
            closer.start()
        try:
            with stream:
                for count, text in enumerate(stream.text_deltas()):
                    call.text += text
                    if count == most:
                        return
            if not is_closed:
                call.outcome = "ok"
        finally:
            closer.cancel()
            if is_closed:
                closer.join()

    def fork(self, worker: Worker) -> None:
        """Fork a child that calls with the inherited client, or with one of its own, and ends in either way."""
        own, leaves = worker.choice.random() < 0.5, worker.choice.random() < 0.5
        calls = Worker("sync", f"child-{worker.choice.getrandbits(64)}", self.seed)
        child = os.fork()
        if not child:
            try:
                self.report.forked(os.getpid())
                client = muxi.FormationClient(base_url=self.url, **SETTINGS) if own else self.client
                for _ in range(3):
                    self.one(calls, client)
            except BaseException as error:
                self.report.problem(f"in a child: {error!r}")
            if leaves:
                os._exit(0)
            sys.exit(0)
        limit = time.monotonic() + STUCK
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > limit:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                self.report.problem("a forked child is stuck")
                return
            time.sleep(0.01)
        if ended[1]:
            self.report.problem(f"a forked child ended with status {ended[1]}")

    def close(self) -> None:
        self.client.close()
        self.bounded.close()


class Async:
    """Loops that share a client, one after the other; each is closed with calls in flight."""

    def __init__(self, url: str, report: Report, seed: str, end: float) -> None:
        self.report, self.seed, self.end = report, seed, end
        self.client = muxi.AsyncFormationClient(base_url=url, **SETTINGS)
        self.bounded = muxi.AsyncFormationClient(base_url=url, max_reply_bytes=BOUND, **SETTINGS)
        self.choice = random.Random(seed)
        logging.getLogger("asyncio").disabled = True
        # A task that is destroyed in a closed loop complains about that loop.
        sys.unraisablehook = lambda _: None

    def run(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        number = 0
        while time.monotonic() < self.end:
            number += 1
            loop = asyncio.new_event_loop()
            length = min(self.choice.uniform(0.5, 5), max(self.end - time.monotonic(), 0.1))
            tasks = [loop.create_task(self.work(f"{number}-{i}-{seconds}")) for i in range(WORKERS)]
            loop.run_until_complete(asyncio.sleep(length))
            if self.choice.random() < 0.5:
                for task in tasks:
                    task.cancel()
                done = asyncio.wait(tasks, timeout=STUCK)
                if loop.run_until_complete(done)[1]:
                    self.report.problem("a cancelled task is stuck")
            loop.close()
            del tasks
            gc.collect()

    async def work(self, name: str) -> None:
        worker = Worker("async", name, self.seed)
        while True:
            await self.one(worker)

    async def one(self, worker: Worker) -> None:
        """Make one call, which may be given up."""
        begun = time.monotonic()
        kind = worker.choice.choices(KINDS, WEIGHTS)[0]
        patience = worker.choice.choice([None, None, None, worker.choice.uniform(0, 0.1)])
        call = None
        try:
            if kind == "read":
                await within(patience, self.client.with_options(max_retries=2).get_agents())
                return
            call = worker.call(kind)
            await within(patience, self.make(worker, call))
        except Exception as error:
            if problem := problem_of(error):
                self.report.problem(problem)
            if call is not None:
                call.outcome = getattr(error, "code", "") or type(error).__name__
            await asyncio.sleep(0.01)
        finally:
            if call is not None:
                self.report.add(call)
            if time.monotonic() - begun > STUCK:
                self.report.problem(f"a call took {time.monotonic() - begun:.0f} s")

    async def make(self, worker: Worker, call: Call) -> None:
        payload: dict[str, Any] = {"message": call.message, "session_id": call.session}
        if call.kind in ("chat", "bounded"):
            caller = self.bounded if call.kind == "bounded" else self.client
            call.text = str((await caller.chat(payload, user_id=call.user))["message"]["content"])
        elif call.kind == "memory":
            await self.client.add_memory(call.user, "fact", call.message)
        else:
            most = worker.choice.choice([None, None, None, worker.choice.randint(0, 20)])
            count = 0
            async with await self.client.chat_stream(payload, user_id=call.user) as stream:
                async for text in stream.text_deltas():
                    call.text += text
                    count += 1
                    if count == most:
                        return
        call.outcome = "ok"

    def close(self) -> None:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(self.client.aclose())
        loop.run_until_complete(self.bounded.aclose())
        loop.close()


def main() -> None:
    """Warm up, drive, close, and see that the process is as small as it was."""
    face, url, path, seed, seconds = sys.argv[1:]
    report = Report(Path(path))
    faces: dict[str, type[Sync | Async]] = {"sync": Sync, "async": Async}
    drive = faces[face](url, report, seed, 0)
    drive.run(float(seconds) / 4)
    warm = resources()
    drive.run(float(seconds))
    drive.close()
    del drive
    limit = time.monotonic() + STUCK
    while True:
        gc.collect()
        # The engine's own thread, and what it waits with, live as long as the process.
        files, threads, memory = resources()
        if files <= warm[0] and threads <= warm[1] and memory <= warm[2] + GROWTH:
            break
        if time.monotonic() > limit:
            report.problem(f"open files, threads and megabytes were {warm}, and are {resources()}")
            break
        time.sleep(0.1)
    print(f"{face}: {files} files, {threads} threads, {memory} MB; when warm {warm}", flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
