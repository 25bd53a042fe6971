"""A stream owns its connection: reading may be interrupted, repeated and ended from anywhere, and loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from typing import Any

import pytest
from muxi.errors import MuxiError
from origin import PATIENCE, Origin, text, turn
from programs import async_client, client, events_of, fails, joined, program

needs_timers = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timers")
EARLY = "closed before its end"


class Interruption(Exception):
    """The exception of a signal handler."""


class Alarms:
    """Raises an `Interruption` in the main thread again and again, while its ``with`` block lasts."""

    def __init__(self, every: float) -> None:
        self.every, self.count, self.armed = every, 0, False

    def _raise(self, *_: object) -> None:
        if self.armed:
            self.armed = False
            self.count += 1
            raise Interruption

    def __enter__(self) -> Alarms:
        signal.signal(signal.SIGALRM, self._raise)
        signal.setitimer(signal.ITIMER_REAL, self.every, self.every)
        return self

    def __exit__(self, *_: object) -> None:
        self.armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)

    def read(self, stream: Any, into: list[Any]) -> None:
        """Read all, however often it is interrupted. `list.extend` keeps what it got before an exception."""
        while True:
            try:
                self.armed = True
                into.extend(stream)
                self.armed = False
                return
            except Interruption:
                pass


def in_threads(*works: Any) -> list[Any]:
    """Do those at once, each in a thread; return what each returned or raised."""
    results: list[Any] = [None] * len(works)

    def one(n: int) -> None:
        try:
            results[n] = works[n]()
        except BaseException as error:
            results[n] = error

    threads = [threading.Thread(target=one, args=(n,), daemon=True) for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "stuck"
    return results


# 1. After an interruption reading goes on.


@program
def test_break_and_go_on(origin: Origin) -> None:
    stream = client(origin).chat_stream(turn(10))
    read = ""
    for _ in range(4):
        for event in stream:
            read += event.text
            break
    read += next(stream).text
    read += next(iter(stream)).text
    read += joined(list(stream))
    assert read == text(10)
    assert stream.final_text() == text(10)
    assert list(stream) == []


@program
async def test_break_and_go_on_async(origin: Origin) -> None:
    stream = async_client(origin).chat_stream(turn(10))
    read = ""
    for _ in range(4):
        async for event in stream:
            read += event.text
            break
    read += (await anext(stream)).text
    read += (await anext(aiter(stream))).text
    read += joined(await events_of(stream))
    assert read == text(10)
    assert await stream.final_text() == text(10)
    assert await events_of(stream) == []


@pytest.mark.parametrize("end", ["done", "bare"])
@program
def test_text_deltas_and_final_text_share_what_was_read(origin: Origin, end: str) -> None:
    stream = client(origin).chat_stream(turn(10, end=end))
    deltas = stream.text_deltas()
    read = next(deltas) + next(deltas)
    for delta in stream.text_deltas():
        read += delta
        break
    read += next(stream).text
    assert stream.final_text() == text(10)
    assert read == text(4)
    assert "".join(stream.text_deltas()) == ""

    stream = client(origin).chat_stream(turn(10, end=end))
    assert "".join(stream.text_deltas()) == text(10)
    assert stream.final_text() == stream.final_text() == text(10)


@pytest.mark.parametrize("end", ["done", "bare"])
@program
async def test_text_deltas_and_final_text_share_what_was_read_async(origin: Origin, end: str) -> None:
    formation = async_client(origin)
    stream = formation.chat_stream(turn(10, end=end))
    deltas = aiter(stream.text_deltas())
    read = await anext(deltas) + await anext(deltas)
    async for delta in stream.text_deltas():
        read += delta
        break
    read += (await anext(stream)).text
    assert await stream.final_text() == text(10)
    assert read == text(4)

    stream = formation.chat_stream(turn(10, end=end))
    assert "".join([delta async for delta in stream.text_deltas()]) == text(10)
    assert await stream.final_text() == await stream.final_text() == text(10)


@needs_timers
@pytest.mark.parametrize("way", ["stream", "iter", "text_deltas"])
@program
def test_exceptions_of_signal_handlers_lose_nothing(origin: Origin, way: str) -> None:
    with Alarms(0.005) as alarms:
        stream = client(origin).chat_stream(turn(60, gap=0.02))
        one = iter(stream)
        read: list[Any] = []
        if way == "text_deltas":
            alarms.read(stream.text_deltas(), read)
            assert "".join(read) == text(60)
        else:
            alarms.read(one if way == "iter" else stream, read)
            assert joined(read) == text(60)
    assert alarms.count > 0
    assert stream.final_text() == text(60)


@needs_timers
@program
def test_a_flood_under_alarms_loses_nothing(origin: Origin) -> None:
    events: list[Any] = []
    with Alarms(0.001) as alarms:
        alarms.read(client(origin).chat_stream(turn(50_000, per_write=500)), events)
    assert joined(events) == text(50_000)


@needs_timers
@program
def test_final_text_can_be_interrupted(origin: Origin) -> None:
    stream = client(origin).chat_stream(turn(40, gap=0.01, end="bare"))
    with Alarms(0.05) as alarms:
        while True:
            try:
                alarms.armed = True
                whole = stream.final_text()
                alarms.armed = False
                break
            except Interruption:
                pass
    assert alarms.count > 0
    assert whole == text(40)


@pytest.mark.parametrize("way", ["stream", "aiter"])
@program
async def test_wait_for_loses_nothing(origin: Origin, way: str) -> None:
    stream = async_client(origin).chat_stream(turn(40, gap=0.01))
    one: Any = aiter(stream) if way == "aiter" else stream
    read, late = "", 0
    while True:
        try:
            read += (await asyncio.wait_for(anext(one), 0.0001 if late % 2 else 0.003)).text
        except (TimeoutError, asyncio.TimeoutError):
            late += 1
        except StopAsyncIteration:
            break
    assert read == text(40)
    assert late > 0
    assert origin.state().tries == {"turn": 1}


@program
async def test_a_stream_that_is_quiet_for_long_can_be_asked_again(origin: Origin) -> None:
    stream = async_client(origin).chat_stream(turn(20, hold=5))
    read = joined([await anext(stream) for _ in range(5)])
    for _ in range(5):
        with fails((TimeoutError, asyncio.TimeoutError)):
            await asyncio.wait_for(anext(stream), 0.02)
    origin.release()
    assert read + joined(await events_of(stream)) == text(20)
    assert await stream.final_text() == text(20)


@program
async def test_a_stream_that_several_tasks_open_is_started_once(origin: Origin) -> None:
    stream = async_client(origin).chat_stream(turn(20))

    async def opened() -> Any:
        return await stream

    assert await asyncio.gather(*(opened() for _ in range(5))) == [stream] * 5
    assert await stream.final_text() == text(20)
    assert origin.state().tries == {"turn": 1}


# 2. A failure stays.


@pytest.mark.parametrize(("end", "code"), [("cut", "STREAM_CUT"), ("error", "FAILED")])
@program
def test_a_failure_is_raised_at_each_read(origin: Origin, end: str, code: str) -> None:
    stream = client(origin).chat_stream(turn(3, end=end))
    read: list[Any] = []
    reads = (lambda: read.extend(stream), lambda: next(stream), lambda: list(stream.text_deltas()), stream.final_text)
    errors: list[MuxiError] = []
    for again in (*reads, *reads):
        with pytest.raises(MuxiError) as caught:
            again()
        errors.append(caught.value)
    assert joined(read) == text(3)
    assert {(error.code, str(error), type(error)) for error in errors} == {(code, str(errors[0]), type(errors[0]))}
    # Each has a traceback of its own.
    assert len({id(error) for error in errors}) == len(errors)


@pytest.mark.parametrize(("end", "code"), [("cut", "STREAM_CUT"), ("error", "FAILED")])
@program
async def test_a_failure_is_raised_at_each_read_async(origin: Origin, end: str, code: str) -> None:
    stream = async_client(origin).chat_stream(turn(3, end=end))
    assert joined([await anext(stream) for _ in range(3)]) == text(3)
    with pytest.raises(MuxiError) as first:
        await anext(stream)
    for _ in range(2):
        for again in (anext(stream), events_of(stream), events_of(stream.text_deltas()), stream.final_text()):
            with pytest.raises(MuxiError) as caught:
                await again
            assert (caught.value.code, str(caught.value)) == (code, str(first.value))


# 3. Closing works from anywhere.


@pytest.mark.parametrize("way", ["iterate", "text_deltas", "final_text"])
@program
def test_closing_from_another_thread_ends_the_reader(origin: Origin, way: str) -> None:
    stream = client(origin).chat_stream(turn(20, hold=5))
    read = joined([next(stream) for _ in range(5)])
    reads = {"iterate": lambda: list(stream), "text_deltas": lambda: list(stream.text_deltas())}

    def close() -> None:
        time.sleep(0.2)
        stream.close()

    reader, closed = in_threads(reads.get(way, stream.final_text), close)
    assert closed is None
    assert read == text(5)
    if way == "final_text":
        assert isinstance(reader, RuntimeError)
        assert EARLY in str(reader)
    else:
        assert reader == []
    origin.until_left()
    stream.close()
    with stream:
        assert not list(stream)
        assert not list(stream.text_deltas())
    with fails(RuntimeError, EARLY):
        stream.final_text()


@pytest.mark.parametrize("way", ["iterate", "text_deltas", "final_text"])
@pytest.mark.parametrize("by", ["task", "thread"])
@program
async def test_closing_from_elsewhere_ends_the_reader_async(origin: Origin, way: str, by: str) -> None:
    stream = async_client(origin).chat_stream(turn(20, hold=5))
    assert joined([await anext(stream) for _ in range(5)]) == text(5)
    reads = {"iterate": lambda: events_of(stream), "text_deltas": lambda: events_of(stream.text_deltas())}
    reader = asyncio.ensure_future(reads.get(way, stream.final_text)())
    await asyncio.sleep(0.1)
    if by == "task":
        await asyncio.create_task(stream.aclose())
    else:
        await asyncio.to_thread(lambda: asyncio.run(stream.aclose()))
    if way == "final_text":
        with fails(RuntimeError, EARLY):
            await asyncio.wait_for(reader, PATIENCE)
    else:
        assert await asyncio.wait_for(reader, PATIENCE) == []
    await asyncio.to_thread(origin.until_left)
    await stream.aclose()
    assert await events_of(stream) == []
    with fails(RuntimeError, EARLY):
        await stream.final_text()


@pytest.mark.parametrize("way", ["iterate", "text_deltas"])
@program
async def test_closing_in_the_turn_of_the_event_loop_ends_the_reader(origin: Origin, way: str) -> None:
    stream = async_client(origin).chat_stream(turn(50_000, per_write=500))
    one: Any = aiter(stream) if way == "iterate" else stream.text_deltas()
    while True:
        step = anext(one)
        if asyncio.iscoroutine(step):
            await step
            continue
        # Events that have come already: it pauses from time to time, and returns otherwise.
        try:
            awaited = iter(step.__await__())
            next(awaited)
        except StopIteration:
            continue
        break
    await asyncio.create_task(stream.aclose())
    with fails(StopAsyncIteration):
        next(awaited)
    assert await events_of(one) == []


@program
def test_closing_its_text_closes_the_stream(origin: Origin) -> None:
    stream = client(origin).chat_stream(turn(20, hold=5))
    with contextlib.closing(stream.text_deltas()) as deltas:
        assert "".join(next(deltas) for _ in range(5)) == text(5)
    origin.until_left()
    assert not list(deltas)
    assert not list(stream)
    with fails(RuntimeError, EARLY):
        stream.final_text()
    deltas.close()


@program
async def test_closing_its_text_closes_the_stream_async(origin: Origin) -> None:
    formation = async_client(origin)
    stream = formation.chat_stream(turn(20, hold=5))
    async with contextlib.aclosing(stream.text_deltas()) as deltas:
        assert "".join([await anext(deltas) for _ in range(5)]) == text(5)
    await asyncio.to_thread(origin.until_left)
    assert not await events_of(deltas)
    assert not await events_of(stream)
    with fails(RuntimeError, EARLY):
        await stream.final_text()
    await deltas.aclose()

    never_opened = formation.chat_stream(turn(20, name="never"))
    async with contextlib.aclosing(never_opened.text_deltas()):
        pass
    with fails(RuntimeError, "closed"):
        await never_opened
    assert "never" not in origin.state().tries


@program
def test_closing_drops_what_lies_ready(origin: Origin) -> None:
    stream = client(origin).chat_stream(turn(100, per_write=100))
    one = iter(stream)
    next(one)
    stream.close()
    assert list(one) == list(stream) == []
    with fails(RuntimeError, EARLY):
        stream.final_text()


@program
def test_closing_at_the_end_keeps_the_result(origin: Origin) -> None:
    with client(origin).chat_stream(turn(5)) as stream:
        assert joined(list(stream)) == text(5)
    assert stream.final_text() == text(5)

    async def main() -> None:
        async with async_client(origin).chat_stream(turn(5)) as stream:
            assert joined(await events_of(stream)) == text(5)
        assert await stream.final_text() == text(5)

    asyncio.run(main())


# 4. One reader at a time.


@program
def test_a_second_reader_is_refused(origin: Origin) -> None:
    stream = client(origin).chat_stream(turn(20, hold=5))
    read = joined([next(stream) for _ in range(5)])
    refused = threading.Event()

    def reader() -> str:
        try:
            return joined(list(stream))
        except RuntimeError:
            refused.set()
            raise

    def release() -> None:
        assert refused.wait(PATIENCE)
        origin.release()

    first, second, released = in_threads(reader, reader, release)
    assert released is None
    assert {type(first), type(second)} == {str, RuntimeError}
    assert read + (first if isinstance(first, str) else second) == text(20)


@program
async def test_a_second_reader_is_refused_async(origin: Origin) -> None:
    stream = await async_client(origin).chat_stream(turn(20, hold=5))
    read = joined([await anext(stream) for _ in range(5)])
    readers = [asyncio.ensure_future(events_of(stream)) for _ in range(2)]
    done, waiting = await asyncio.wait(readers, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(waiting)) == (1, 1)
    with fails(RuntimeError):
        await done.pop()
    origin.release()
    assert read + joined(await asyncio.wait_for(waiting.pop(), PATIENCE)) == text(20)
