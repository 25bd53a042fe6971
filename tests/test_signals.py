"""Signals during calls and streams, and numbers and values that must not bring anything down."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import muxi
import pytest
from origin import PATIENCE, Origin, text, turn
from programs import aask, ask, ask_at_once, async_client, client, fails, joined, later, program

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send these signals to one process")
WAITS = ["call", "opening", "stream", "text_deltas", "final_text", "retry"]
each_wait = pytest.mark.parametrize("wait", WAITS)


class Stop(Exception):
    """The exception of a handler."""


def begin(formation: muxi.FormationClient, wait: str) -> Callable[[], object]:
    """Return a function that blocks until ``held`` is released."""
    if wait == "call":
        return lambda: formation.request("GET", "/echo/3/held")["n"]
    if wait == "opening":
        return lambda: joined(list(formation.chat_stream(turn(20, hold_head=True, name="held"))))
    if wait == "retry":
        return lambda: formation.with_options(max_retries=5).request("GET", "/busy")
    stream = formation.chat_stream(turn(20, hold=0, name="held"))
    ways: dict[str, Callable[[], object]] = {
        "stream": lambda: joined(list(stream)),
        "text_deltas": lambda: "".join(stream.text_deltas()),
        "final_text": stream.final_text,
    }
    return ways[wait]


def when_held(origin: Origin, wait: str, then: Callable[[], object]) -> threading.Thread:
    """Do something in a thread, once the function of `begin` blocks."""

    def held() -> None:
        origin.until(lambda state: state.requests > 0 if wait == "retry" else "held" in state.waiting)
        time.sleep(0.05)  # the answer to the attempt has come, too

    return later(held, then)


def interrupt(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


@needs_signals
@each_wait
@program
def test_ctrl_c(origin: Origin, wait: str) -> None:
    formation = client(origin)
    block = begin(formation, wait)
    when_held(origin, wait, interrupt(signal.SIGINT))
    with fails(KeyboardInterrupt):
        block()
    # Nothing of it is left, and all goes on.
    if wait in ("call", "opening"):
        origin.until(lambda state: not state.waiting)
    ask_at_once(formation)
    if wait in ("stream", "text_deltas", "final_text"):
        origin.release("held")
        assert block() == text(20)


@needs_signals
@program
async def test_ctrl_c_in_a_loop(origin: Origin) -> None:
    formation = async_client(origin)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stream = formation.chat_stream(turn(20, hold=5, name="held"))
    for _ in range(5):
        await anext(stream)
    # Like asyncio.Runner: a signal cancels the main task.
    loop = asyncio.get_running_loop()
    reading = asyncio.ensure_future(stream.__anext__())
    loop.add_signal_handler(signal.SIGINT, reading.cancel)
    later(lambda: origin.until_waiting("held"), interrupt(signal.SIGINT))
    with fails(asyncio.CancelledError):
        await reading
    origin.release("held")
    assert await stream.final_text() == text(20)
    await aask(formation)


@needs_signals
@each_wait
@program
def test_a_handler_raises(origin: Origin, wait: str) -> None:
    formation = client(origin)
    raised = threading.Event()

    def handler(*_: object) -> None:
        raised.set()
        raise Stop("enough")

    signal.signal(signal.SIGUSR1, handler)
    for _ in range(3):
        block = begin(formation, wait)
        raised.clear()
        when_held(origin, wait, interrupt(signal.SIGUSR1))
        with fails(Stop, "enough"):
            block()
        del block
        ask(formation)


@needs_signals
@pytest.mark.parametrize("way", ["stream", "text_deltas"])
@program
def test_what_comes_with_a_signal_is_there_after_its_exception(origin: Origin, way: str) -> None:
    formation = client(origin)

    def handler(*_: object) -> None:
        raise Stop

    signal.signal(signal.SIGUSR1, handler)
    for n in range(10):
        name = f"held{n}"
        stream = formation.chat_stream(turn(20, hold=5, name=name))
        one: Iterator[Any] = stream.text_deltas() if way == "text_deltas" else iter(stream)
        read: list[Any] = [next(one) for _ in range(5)]

        def both(name: str = name) -> None:
            os.kill(os.getpid(), signal.SIGUSR1)
            origin.release(name)

        with fails(Stop):
            later(lambda name=name: origin.until_waiting(name), both)  # type: ignore[misc]
            read.append(next(one))
        read.extend(one)
        assert ("".join(read) if way == "text_deltas" else joined(read)) == text(20)


@needs_signals
@program
def test_a_handler_closes_the_stream_and_raises(origin: Origin) -> None:
    stream = client(origin).chat_stream(turn(20, hold=5, name="held"))

    def handler(*_: object) -> None:
        stream.close()
        raise Stop

    signal.signal(signal.SIGUSR1, handler)
    assert joined([next(stream) for _ in range(5)]) == text(5)
    with fails(Stop):
        when_held(origin, "stream", interrupt(signal.SIGUSR1))
        next(stream)
    assert list(stream) == []


@needs_signals
@each_wait
@pytest.mark.parametrize("which", ["the same client", "another client", "a new client", "an async client"])
@program
def test_a_handler_makes_calls(origin: Origin, wait: str, which: str) -> None:
    formation, other, awaited = client(origin), client(origin), async_client(origin)
    done: list[object] = []

    def handler(*_: object) -> None:
        if which == "an async client":
            asyncio.run(aask(awaited))
        else:
            used = {"the same client": formation, "another client": other}.get(which) or client(origin)
            ask(used, 4)
            assert used.chat_stream(turn(5, name="in the handler")).final_text() == text(5)
        done.append(True)
        origin.release("held")
        if wait == "retry":
            raise Stop

    signal.signal(signal.SIGUSR1, handler)
    block = begin(formation, wait)
    when_held(origin, wait, interrupt(signal.SIGUSR1))
    if wait == "retry":
        with fails(Stop):
            block()
    else:
        assert block() == (3 if wait == "call" else text(20))
    assert done == [True]
    ask_at_once(formation)


@needs_signals
@program
def test_a_handler_interrupts_a_handler(origin: Origin) -> None:
    formation = client(origin)
    order: list[str] = []

    def first(*_: object) -> None:
        when_held(origin, "call", lambda: None)
        later(lambda: origin.until_waiting("inner"), interrupt(signal.SIGUSR2))
        assert formation.request("GET", "/echo/2/inner")["n"] == 2
        order.append("first")
        origin.release("held")

    def second(*_: object) -> None:
        ask(formation)
        order.append("second")
        origin.release("inner")

    signal.signal(signal.SIGUSR1, first)
    signal.signal(signal.SIGUSR2, second)
    block = begin(formation, "call")
    when_held(origin, "call", interrupt(signal.SIGUSR1))
    assert block() == 3
    assert order == ["second", "first"]


@needs_signals
@pytest.mark.parametrize("what", ["close", "with", "read", "close the client"])
@program
def test_a_handler_uses_the_stream_that_is_read(origin: Origin, what: str) -> None:
    formation = client(origin)
    stream = formation.chat_stream(turn(20, hold=5, name="held"))
    read = joined([next(stream) for _ in range(5)])
    said: list[object] = []

    def handler(*_: object) -> None:
        if what == "close":
            stream.close()
        elif what == "with":
            with stream:
                pass
        elif what == "read":
            with fails(RuntimeError):
                next(stream)
            origin.release("held")
        else:
            formation.close()
            origin.release("held")
        said.append(what)

    signal.signal(signal.SIGUSR1, handler)
    later(lambda: origin.until_waiting("held"), interrupt(signal.SIGUSR1))
    try:
        read += joined(list(stream))
    except (muxi.MuxiError, RuntimeError):
        # Closing a client may end its streams, or let them end.
        assert what == "close the client"
    assert said == [what]
    if what == "read":
        assert read == text(20)
    elif what != "close the client":
        assert read == text(5)
        origin.until_left("held")
        ask_at_once(formation)


@needs_signals
@program
def test_signals_while_all_threads_work(origin: Origin) -> None:
    formation, awaited = client(origin), async_client(origin)
    signals = 0

    def count(*_: object) -> None:
        nonlocal signals
        signals += 1

    def calls(n: int) -> None:
        for k in range(30):
            ask(formation, k)
            assert joined(list(formation.chat_stream(turn(10, name=f"of {n}")))) == text(10)

    async def loop() -> None:
        for k in range(30):
            await asyncio.gather(aask(awaited, k), aask(awaited, k))

    signal.signal(signal.SIGALRM, count)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    with ThreadPoolExecutor(5) as pool:
        futures = [pool.submit(calls, n) for n in range(4)] + [pool.submit(asyncio.run, loop())]
        calls(5)
        asyncio.run(loop())
        for future in futures:
            future.result(PATIENCE)
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert signals > 0


# Numbers that no clock holds, and values that change while they are read.

ENDLESS: dict[str, Any] = {
    "1e300": 1e300,
    "1e19": 1e19,
    "sys.maxsize": sys.maxsize,
    "2 ** 63": 2**63,
    "threading.TIMEOUT_MAX": threading.TIMEOUT_MAX,
    "9.2e18": 9.2e18,
    "math.inf": math.inf,
    "10 ** 400": 10**400,
}


@pytest.mark.parametrize("number", ENDLESS)
@pytest.mark.parametrize(
    "setting", ["timeout", "connect_timeout", "stream_idle_timeout", "deadline", "pool_idle_timeout"]
)
@program
def test_a_setting_without_limit(origin: Origin, number: str, setting: str) -> None:
    given: dict[str, Any] = {setting: ENDLESS[number]}
    formation = client(origin, **given)
    ask(formation)
    assert formation.chat_stream(turn(5, gap=0.01)).final_text() == text(5)

    async def main() -> None:
        awaited = async_client(origin, **given)
        await asyncio.wait_for(aask(awaited), PATIENCE)
        assert await asyncio.wait_for(awaited.chat_stream(turn(5, gap=0.01)).final_text(), PATIENCE) == text(5)

    asyncio.run(main())
    assert muxi.ServerClient(url="http://localhost:1", **given).base_url


@pytest.mark.parametrize("number", ENDLESS)
@program
def test_a_call_without_limit(origin: Origin, number: str) -> None:
    seconds = ENDLESS[number]
    formation = client(origin)
    for used in (formation, formation.with_options(timeout=seconds, deadline=seconds)):
        assert used.request("GET", "/echo/3", timeout=seconds, deadline=seconds)["n"] == 3
        assert used.chat_stream(turn(5), timeout=seconds, deadline=seconds).final_text() == text(5)
        ask(used)

    async def main() -> None:
        formation = async_client(origin)
        for used in (formation, formation.with_options(timeout=seconds, deadline=seconds)):
            assert (
                await asyncio.wait_for(used.request("GET", "/echo/3", timeout=seconds, deadline=seconds), PATIENCE)
            )["n"] == 3
            stream = used.chat_stream(turn(5), timeout=seconds, deadline=seconds)
            assert await asyncio.wait_for(stream.final_text(), PATIENCE) == text(5)
            await asyncio.wait_for(aask(used), PATIENCE)

    asyncio.run(main())


class Growing(Mapping[str, Any]):
    """Adds keys to another dict while its own are read, as another thread may."""

    def __init__(self, other: dict[str, Any]) -> None:
        self.other = other

    def __getitem__(self, key: str) -> Any:
        return 1

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        self.other[f"new {len(self.other)}"] = 1
        return iter(["x"])


@program
def test_a_payload_that_changes_while_it_is_read(origin: Origin) -> None:
    formation, awaited = client(origin), async_client(origin)

    def use() -> str:
        return formation.chat_stream(payload).final_text()

    def use_async() -> str:
        async def main() -> str:
            return await awaited.chat_stream(payload).final_text()

        return asyncio.run(main())

    for final_text in (use, use_async):
        payload = turn(5)
        payload |= {"a": 1, "b": Growing(payload), "c": 1, "d": [Growing(payload)]}
        # Sent or refused; a panic would be neither.
        with contextlib.suppress(muxi.MuxiError, RuntimeError, TypeError, ValueError):
            assert final_text() == text(5)
    ask(formation)
    asyncio.run(aask(awaited))
