"""After a fork parent and child both go on, whatever the child does with what it inherited.

In the parent there are idle connections and an open stream, and in some tests calls under way in other threads.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import muxi
import pytest
from origin import PATIENCE, Origin, text, turn
from programs import (
    aask,
    aask_at_once,
    ask,
    ask_at_once,
    async_client,
    client,
    events_of,
    fails,
    fork,
    joined,
    later,
    program,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
both_schemes = pytest.mark.parametrize("scheme", ["http", "https"])


class Family:
    """A client with an open stream, as a child inherits them. Nothing else refers to them."""

    def __init__(self, origin: Origin, scheme: str) -> None:
        self.origin, self.scheme = origin, scheme
        self.client: Any = client(origin, scheme)
        self.stream: Any = None

    def drop(self) -> None:
        self.client = self.stream = None
        gc.collect()

    def renew(self) -> None:
        self.client = client(self.origin, self.scheme)
        gc.collect()
        ask(self.client)

    def close(self) -> None:
        self.client.close()
        with fails(RuntimeError, "closed"):
            ask(self.client)

    def call(self) -> None:
        ask_at_once(self.client, 3)
        assert self.client.chat_stream(turn(5, name="child")).final_text() == text(5)

    def read(self) -> None:
        for way in (self.stream.__next__, lambda: list(self.stream), self.stream.final_text):
            with fails(muxi.errors.ConnectionError) as caught:
                way()
            assert getattr(caught[0], "code", None) == "FORKED"

    def close_stream(self) -> None:
        self.stream.close()
        with self.stream:
            pass

    def everything(self) -> None:
        for work in (self.call, self.read, self.close_stream, self.call, self.close, self.drop, self.renew):
            work()

    def leave(self) -> None:
        raise SystemExit

    def call_and_leave(self) -> None:
        self.call()
        raise SystemExit

    def leave_with(self) -> None:
        with self.client, self.stream:
            raise SystemExit

    def nothing(self) -> None:
        pass


CHILDREN = [name for name in vars(Family) if not name.startswith("_")]


@both_schemes
@pytest.mark.parametrize("child", CHILDREN)
@program
def test_a_parent_goes_on(origin: Origin, child: str, scheme: str) -> None:
    family = Family(origin, scheme)
    formation = family.client
    ask_at_once(formation)
    family.stream = stream = formation.chat_stream(turn(40, hold=10))
    read = next(stream).text
    del formation, stream  # now the child can let them go
    fork(getattr(family, child))
    origin.release()
    ask(family.client)
    assert read + joined(list(family.stream)) == text(40)
    ask_at_once(family.client)
    for n in range(5):
        ask(family.client, n)
        assert family.client.chat_stream(turn(5, name="more")).final_text() == text(5)


@program
def test_a_parent_goes_on_while_its_child_lives(origin: Origin) -> None:
    formation = client(origin)
    ask_at_once(formation)
    stream = formation.chat_stream(turn(40, hold=10))
    read = next(stream).text
    parent = threading.Thread(target=fork, args=(lambda: formation.request("GET", "/echo/7/child"),), daemon=True)
    parent.start()
    origin.until_waiting("child")
    ask_at_once(formation)
    origin.release()
    assert read + joined(list(stream)) == text(40)
    origin.release("child")
    parent.join(PATIENCE)
    assert not parent.is_alive()
    ask_at_once(formation)


@program
def test_a_grandchild(origin: Origin) -> None:
    family = Family(origin, "http")
    ask(family.client)
    family.stream = family.client.chat_stream(turn(40, hold=10))
    read = next(family.stream).text

    def child() -> None:
        ask_at_once(family.client)
        own = family.client.chat_stream(turn(20, hold=5, name="of-the-child"))
        head = next(own).text
        fork(family.everything)
        fork(family.call_and_leave)
        origin.release("of-the-child")
        assert head + joined(list(own)) == text(20)
        ask_at_once(family.client)

    for _ in range(2):
        fork(child)
        ask_at_once(family.client)
    origin.release()
    assert read + joined(list(family.stream)) == text(40)


# Async.


def leaves_nothing(formation: Any, stream: Any) -> None:
    pass


def runs_a_loop(formation: Any, stream: Any) -> None:
    async def main() -> None:
        await aask_at_once(formation)
        assert await formation.chat_stream(turn(5, name="child")).final_text() == text(5)

    asyncio.run(main())
    asyncio.run(main())


def reads_in_a_loop(formation: Any, stream: Any) -> None:
    async def main() -> None:
        for _ in range(2):
            with fails(muxi.errors.ConnectionError) as caught:
                await anext(stream)
            assert getattr(caught[0], "code", None) == "FORKED"
        await stream.aclose()
        await aask(formation)

    asyncio.run(main())


def closes_all(formation: Any, stream: Any) -> None:
    async def main() -> None:
        await stream.aclose()
        await formation.aclose()

    asyncio.run(main())


ASYNC_CHILDREN: dict[str, Callable[[Any, Any], None]] = {
    work.__name__: work for work in (leaves_nothing, runs_a_loop, reads_in_a_loop, closes_all)
}


@both_schemes
@pytest.mark.parametrize("child", ASYNC_CHILDREN)
@program
async def test_a_fork_inside_a_coroutine(origin: Origin, child: str, scheme: str) -> None:
    formation = async_client(origin, scheme)
    await aask_at_once(formation)
    stream = await formation.chat_stream(turn(40, hold=10))
    read = (await anext(stream)).text
    waiting = asyncio.create_task(formation.request("GET", "/echo/5/call"))
    await asyncio.to_thread(origin.until_waiting, "call")
    for _ in range(2):
        fork(lambda: ASYNC_CHILDREN[child](formation, stream))
        await aask_at_once(formation)
    origin.release()
    origin.release("call")
    assert read + joined(await events_of(stream)) == text(40)
    assert (await waiting)["n"] == 5
    await aask_at_once(formation)


@both_schemes
@pytest.mark.parametrize("end", ["os._exit", "sys.exit"])
@program
def test_a_fork_between_two_loops(origin: Origin, end: str, scheme: str) -> None:
    formation = async_client(origin, scheme)

    async def work() -> None:
        await aask_at_once(formation)
        assert await formation.chat_stream(turn(5)).final_text() == text(5)

    def child() -> None:
        asyncio.run(work())
        fork(lambda: asyncio.run(work()))
        if end == "sys.exit":
            sys.exit()

    for _ in range(3):
        asyncio.run(work())
        fork(child)
        asyncio.run(work())


# Other threads are in the middle of something.


@both_schemes
@program
def test_forks_while_threads_work(origin: Origin, scheme: str) -> None:
    formation, other = client(origin, scheme), async_client(origin, scheme)
    over = threading.Event()
    failures: list[BaseException] = []

    def again(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                while not over.is_set():
                    work()
            except BaseException as error:
                failures.append(error)
                raise

        return run

    def stream() -> None:
        assert joined(list(formation.chat_stream(turn(30, gap=0.001, name="stream")))) == text(30)

    async def loop() -> None:
        async def stream() -> None:
            assert joined(await events_of(other.chat_stream(turn(30, name="async stream")))) == text(30)

        while not over.is_set():
            await asyncio.gather(aask(other), aask(other), stream())

    works = (lambda: ask(formation), lambda: ask(formation), stream, stream)
    threads = [threading.Thread(target=again(work), daemon=True) for work in works]
    threads.append(threading.Thread(target=again(lambda: asyncio.run(loop())), daemon=True))
    for thread in threads:
        thread.start()

    def child(n: int) -> Callable[[], None]:
        def work() -> None:
            over.set()
            if n % 2:
                ask(formation)
            if n % 3 == 0:
                asyncio.run(aask(other))
            if n % 4 == 0:
                raise SystemExit

        return work

    for n in range(40):
        fork(child(n))
        assert not failures
    over.set()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert not failures


@pytest.mark.parametrize("wait", ["call", "stream", "opening"])
@program
def test_a_fork_in_a_signal_handler(origin: Origin, wait: str) -> None:
    formation = client(origin)
    forked = 0

    def handler(*_: object) -> None:
        nonlocal forked
        fork(lambda: ask(formation))
        forked += 1
        if forked == 1:
            origin.release("it")

    signal.signal(signal.SIGUSR1, handler)
    later(lambda: origin.until_waiting("it"), lambda: os.kill(os.getpid(), signal.SIGUSR1))
    if wait == "call":
        assert formation.request("GET", "/echo/3/it")["n"] == 3
    else:
        stream = formation.chat_stream(turn(20, hold=5, hold_head=wait == "opening", name="it"))
        assert joined(list(stream)) == text(20)
    assert forked == 1
    ask_at_once(formation)


@program
def test_a_child_takes_long_to_end(origin: Origin) -> None:
    """The inherited objects of the child go while the parent works."""
    family = Family(origin, "https")
    ask_at_once(family.client)
    family.stream = family.client.chat_stream(turn(200, gap=0.002))
    child = os.fork()
    if child == 0:
        signal.alarm(int(PATIENCE))
        family.client.close()
        time.sleep(0.2)
        family.drop()
        ask(client(origin))
        sys.exit()
    assert joined(list(family.stream)) == text(200)
    for _ in range(50):
        ask(family.client)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    ask_at_once(family.client)


@program
def test_threads_of_a_child_that_has_no_descriptors_left(origin: Origin) -> None:
    """Each fails by itself: making an exception lets another thread run, which wants the same client."""
    import resource

    formation, make = client(origin), muxi.MuxiError.__init__
    ask(formation)

    def slowly(self: muxi.MuxiError, *args: Any, **given: Any) -> None:
        time.sleep(0.01)
        make(self, *args, **given)

    def child() -> None:
        muxi.MuxiError.__init__ = slowly  # type: ignore[method-assign]
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
        together, failed = threading.Barrier(4), []

        def call() -> None:
            together.wait(PATIENCE)
            with fails(muxi.ConnectionError, "NO_RUNTIME") as caught:
                ask(formation)
            failed.extend(caught)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert len(failed) == 4
        ask(formation)

    fork(child)
