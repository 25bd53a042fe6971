"""Event loops: of every kind, one after another, several at once, and closed with work in flight."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import muxi
import pytest
from loops import KINDS, each_kind, new_loop, run_on
from muxi import _async
from origin import PATIENCE, Origin, text, turn
from programs import aask, aask_at_once, ask_at_once, async_client, client, events_of, fails, joined, program

USABLE = [kind for kind in KINDS if kind != "uvloop" or os.name != "nt"]


async def work(formation: muxi.AsyncFormationClient, scale: int = 10) -> None:
    """Calls and streams, at once."""

    async def stream(n: int) -> None:
        read = joined(await events_of(formation.chat_stream(turn(n, name="working"))))
        assert read == text(n)

    await asyncio.gather(*(aask(formation, n) for n in range(scale)), *(stream(n) for n in range(1, scale)))
    assert await formation.chat_stream(turn(5, name="working")).final_text() == text(5)


def files() -> int:
    """Return the number of open files, where the system tells."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def with_own_connections(kind: str, origin: Origin) -> None:
    """Work, and close the connections at once instead of after their time."""

    async def main() -> None:
        async with async_client(origin) as formation:
            await work(formation, 5)

    run_on(kind, main())
    origin.until(lambda state: state.open == 0)


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end
        gc.collect()
        time.sleep(0.02)


@each_kind
@pytest.mark.parametrize("debug", [False, True])
@program
def test_calls_and_streams(origin: Origin, kind: str, debug: bool) -> None:
    warnings.simplefilter("always", ResourceWarning)
    formation = async_client(origin)

    async def main() -> None:
        await work(formation, 30)
        with fails(muxi.MuxiError):
            await formation.request("GET", "/busy")
        with fails(muxi.TimeoutError):
            await formation.request("GET", "/echo/1/never", timeout=0.1)
        with fails((TimeoutError, asyncio.TimeoutError)):
            await asyncio.wait_for(formation.request("GET", "/echo/1/never"), 0.1)
        task = asyncio.create_task(formation.request("GET", "/echo/1/cancelled"))
        await asyncio.to_thread(origin.until_waiting, "cancelled")
        task.cancel()
        with fails(asyncio.CancelledError):
            await task
        stream = formation.chat_stream(turn(20, hold=5))
        reading = asyncio.create_task(events_of(stream))
        await asyncio.to_thread(origin.until_waiting)
        reading.cancel()
        with fails(asyncio.CancelledError):
            await reading
        await stream.aclose()
        await asyncio.to_thread(origin.until_left)
        # Neither of those that were given up keeps its connection.
        await asyncio.to_thread(origin.until, lambda state: not state.waiting)
        await work(formation)

    run_on(kind, main(), debug)


@each_kind
@pytest.mark.parametrize("debug", [False, True])
@program
def test_tasks_clean_up_when_the_loop_ends(origin: Origin, kind: str, debug: bool) -> None:
    formation = async_client(origin)
    done: list[str] = []

    async def call(n: int) -> None:
        try:
            await formation.request("GET", f"/echo/1/held{n}")
        finally:
            await aask(formation)
            done.append("call")

    async def read(n: int) -> None:
        try:
            async for _ in formation.chat_stream(turn(20, hold=5, name=f"read{n}")):
                pass
        finally:
            assert await formation.chat_stream(turn(5, name="clean")).final_text() == text(5)
            done.append("read")

    async def generate(n: int) -> AsyncIterator[Any]:
        try:
            async for event in formation.chat_stream(turn(20, hold=5, name=f"gen{n}")):
                yield event
        finally:
            await aask(formation)
            done.append("generator")

    async def step(n: int) -> None:
        generators.append(generator := generate(n))
        await anext(generator)

    generators: list[Any] = []

    async def main() -> None:
        tasks.extend(asyncio.create_task(work(n)) for n in range(5) for work in (call, read))
        await asyncio.gather(*(step(n) for n in range(5)))
        await asyncio.to_thread(origin.until, lambda state: len(state.waiting) == 15)

    tasks: list[Any] = []
    run_on(kind, main(), debug)
    assert sorted(done) == ["call"] * 5 + ["generator"] * 5 + ["read"] * 5
    assert all(task.cancelled() for task in tasks)
    run_on(kind, work(formation), debug)


@each_kind
@pytest.mark.parametrize("end", ["closed", "dropped"])
@pytest.mark.parametrize("what", ["calls", "streams", "openings", "unread streams"])
@program
def test_a_loop_with_work_in_flight_goes(origin: Origin, kind: str, end: str, what: str) -> None:
    if (kind, end) == ("uvloop", "dropped"):
        return  # it never goes, also with nothing but a sleep in it
    logging.disable(logging.CRITICAL)  # of tasks that are destroyed while pending, as they are here on purpose
    warnings.simplefilter("ignore", ResourceWarning)
    with_own_connections(kind, origin)
    formation = async_client(origin)
    before = files()

    async def read(n: int) -> None:
        async for _ in formation.chat_stream(turn(20, hold=5, hold_head=what == "openings", name=f"held{n}")):
            pass

    async def keep(n: int) -> None:
        stream = await formation.chat_stream(turn(20, hold=5, name=f"held{n}"))
        await anext(stream)
        await asyncio.sleep(3600)
        await stream.aclose()

    async def begin(n: int) -> list[Any]:
        def work() -> Any:
            if what == "calls":
                return formation.request("GET", f"/echo/1/held{n}")
            return keep(n) if what == "unread streams" else read(n)

        tasks = [asyncio.ensure_future(work()) for _ in range(3)]
        await asyncio.to_thread(origin.until, lambda state: state.waiting.count(f"held{n}") == 3)
        return tasks

    gone = []
    for n in range(5):
        loop = new_loop(kind)
        gone.append(weakref.ref(loop))
        tasks = loop.run_until_complete(begin(n))
        loop.run_until_complete(loop.shutdown_default_executor())
        if end == "closed":
            loop.close()
        del loop, tasks
    until(lambda: not [one for one in gone if one() is not None])
    origin.until(lambda state: not state.waiting and state.open == 0)
    until(lambda: files() <= before)
    run_on(kind, work(formation))


@program
def test_a_client_serves_loops_one_after_another(origin: Origin) -> None:
    formation = async_client(origin)
    for _ in range(5):
        for kind in USABLE:
            run_on(kind, work(formation))
        asyncio.run(work(formation))
    formation.close()
    origin.until(lambda state: state.open == 0)
    before = files()
    for _ in range(10):
        for kind in USABLE:
            with_own_connections(kind, origin)
    until(lambda: files() <= before)


@program
def test_a_client_serves_loops_at_once(origin: Origin) -> None:
    formation = async_client(origin)
    together = threading.Barrier(6)

    def one(n: int) -> None:
        together.wait(PATIENCE)
        for _ in range(4):
            run_on(USABLE[n % len(USABLE)], work(formation))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(6)))


@program
def test_loops_of_two_threads_that_begin_at_once_have_a_mailbox_each(origin: Origin) -> None:
    formation = async_client(origin)
    both_began, first_called = threading.Event(), threading.Event()
    made: list[asyncio.AbstractEventLoop] = []
    make = _async._new_mailbox

    def noted(loop: asyncio.AbstractEventLoop) -> Any:
        made.append(loop)
        return make(loop)

    class Mailboxes(weakref.WeakKeyDictionary[Any, Any]):
        """The second one to be made comes when the first thread has put its mailbox into the first one."""

        def __init__(self) -> None:
            super().__init__()
            if threading.current_thread() is second:
                both_began.set()
                assert first_called.wait(PATIENCE)
            else:
                second.start()
                assert both_began.wait(PATIENCE)

    async def calls(called: threading.Event) -> None:
        await aask(formation)
        called.set()
        await asyncio.to_thread(second.join, PATIENCE) if called is first_called else None
        await aask(formation)

    second = threading.Thread(target=lambda: asyncio.run(calls(threading.Event())))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_async, "_new_mailbox", noted)
        patch.setattr(weakref, "WeakKeyDictionary", Mailboxes)
        asyncio.run(calls(first_called))
    assert len(made) == len(set(made)) == 2


@each_kind
@program
def test_calls_are_cancelled_in_bulk(origin: Origin, kind: str) -> None:
    formation = async_client(origin)

    async def main() -> None:
        chance = random.Random(kind)
        for number in range(5):
            held = [asyncio.ensure_future(formation.request("GET", f"/echo/1/bulk{number}")) for _ in range(60)]
            quick = [asyncio.ensure_future(aask(formation, n)) for n in range(60)]
            await asyncio.sleep(chance.random() * 0.05)
            for task in chance.sample(held, 40) + chance.sample(quick, 30):
                task.cancel()
            origin.release(f"bulk{number}")
            results: list[Any] = await asyncio.gather(*held, *quick, return_exceptions=True)
            wrong = [one for one in results if isinstance(one, Exception)]
            assert not wrong, wrong
            assert sum(isinstance(one, dict) for one in results) >= 20
        await work(formation)

    run_on(kind, main())
    formation.close()
    origin.until(lambda state: state.open == 0)


@each_kind
@program
def test_a_cancellation_that_meets_an_answer_is_not_lost(origin: Origin, kind: str) -> None:
    formation = async_client(origin)

    async def cancelled_when_answered(step: Any) -> bool:
        """Cancel a task between the answer that it waits for and its next step; false when there was no such moment."""
        task = asyncio.ensure_future(step)
        while not task.done():
            waiter: Any = getattr(task, "_fut_waiter", None)
            if waiter is not None and waiter.done():
                task.cancel()
                await asyncio.wait([task], timeout=PATIENCE)
                assert task.cancelled(), task
                return True
            await asyncio.sleep(0)
        await task
        return False

    async def main() -> None:
        async def opened() -> None:
            await formation.chat_stream(turn(5, name="met"))

        async def read() -> None:
            await events_of(formation.chat_stream(turn(5, gap=0.01, name="met")))

        async def final() -> None:
            await formation.chat_stream(turn(5, gap=0.01, name="met")).final_text()

        steps: list[Callable[[], Any]] = [lambda: aask(formation), opened, read, final]
        for make in steps:
            # A busy machine has such a moment seldom.
            tries = 1
            while not await cancelled_when_answered(make()):
                tries += 1
                assert tries < 2000
        await work(formation)

    run_on(kind, main())


@each_kind
@pytest.mark.parametrize("then", ["read", "close"])
@program
def test_a_stream_outlives_its_loop(origin: Origin, kind: str, then: str) -> None:
    formation = async_client(origin)
    kept = [formation.chat_stream(turn(20, hold=5))]
    run_on(kind, kept[0].__anext__())

    async def after() -> None:
        if then == "close":
            await asyncio.wait_for(kept[0].aclose(), PATIENCE)
            return
        # The connection went with its loop, or goes on in this one; nothing hangs.
        origin.release()
        reading = asyncio.ensure_future(events_of(kept[0]))
        await asyncio.wait({reading}, timeout=PATIENCE)
        assert reading.done()
        if isinstance(error := reading.exception(), Exception):
            assert isinstance(error, (muxi.MuxiError, RuntimeError)), repr(error)
        await aask_at_once(formation)

    run_on(kind, after())
    kept.clear()
    formation.close()
    until(lambda: origin.state().open == 0)


@program
def test_idle_connections_close_in_silence(origin: Origin) -> None:
    """Also those of a client that is not used any more, and of a loop that runs on."""
    before = files()
    formation, other = client(origin), async_client(origin)
    with ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(formation.request, "GET", "/echo/1/sync") for _ in range(20)]
        origin.until(lambda state: len(state.waiting) == 20)
        origin.release("sync")
        assert all(call.result(PATIENCE) for call in calls)
    origin.until(lambda state: state.open == 0)

    async def main() -> None:
        await asyncio.gather(*(other.request("GET", f"/echo/{n}/together") for n in range(20)), release())
        await asyncio.to_thread(origin.until, lambda state: state.open == 0)
        await aask(other)

    async def release() -> None:
        await asyncio.to_thread(origin.until, lambda state: len(state.waiting) == 20)
        origin.release("together")

    asyncio.run(main())
    origin.until(lambda state: state.open == 0)
    ask_at_once(formation)
    # Files of the engine itself stay.
    until(lambda: files() <= before + 12)


@pytest.mark.parametrize("kind", ["call", "stream"])
def test_without_a_loop_of_asyncio_a_client_says_what_it_needs(kind: str) -> None:
    """As under trio, which has a loop of its own; in a fresh process, since the first call is another one."""
    program = f"""
import muxi
client = muxi.AsyncFormationClient(base_url="http://127.0.0.1:9/v1", client_key="k")
steps = client.chat("Hi!") if {kind == "call"} else client.chat_stream("Hi!").__aenter__()
try:
    steps.send(None)
except RuntimeError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "an asynchronous client needs a running event loop of asyncio (trio has another)\n"
