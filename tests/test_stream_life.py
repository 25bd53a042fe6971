"""The life of a stream: opened once, closed by its last reference, and any sequence of events between."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from typing import Any

import pytest
from muxi.errors import MuxiError
from origin import PATIENCE, Origin, text, turn
from programs import async_client, client, events_of, fails, joined, program

# 5. The last reference lets the connection go.


@program
def test_the_last_reference_closes_the_connection(origin: Origin) -> None:
    formation = client(origin)
    for event in formation.chat_stream(turn(20, hold=5, name="by break")):
        assert event.text == "0 "
        break
    origin.until_left("by break")

    stream = formation.chat_stream(turn(20, hold=5, name="kept by its iterator"))
    one = iter(stream)
    assert next(one).text == "0 "
    del stream
    gc.collect()
    assert joined([next(one) for _ in range(4)]) == "1 2 3 4 "
    assert origin.state().streams["kept by its iterator"] == "open"
    del one
    origin.until_left("kept by its iterator")

    deltas = formation.chat_stream(turn(20, hold=5, name="kept by its deltas")).text_deltas()
    assert next(deltas) == "0 "
    gc.collect()
    assert [next(deltas) for _ in range(4)] == ["1 ", "2 ", "3 ", "4 "]
    del deltas
    origin.until_left("kept by its deltas")


@program
async def test_the_last_reference_closes_the_connection_async(origin: Origin) -> None:
    formation = async_client(origin)
    until_left = origin.until_left
    async for _ in formation.chat_stream(turn(20, hold=5, name="by break")):
        break
    await asyncio.to_thread(until_left, "by break")

    stream = await formation.chat_stream(turn(20, hold=5, name="opened only"))
    del stream
    await asyncio.to_thread(until_left, "opened only")

    stream = formation.chat_stream(turn(20, hold=5, name="kept by its iterator"))
    one = aiter(stream)
    await anext(one)
    del stream
    gc.collect()
    assert joined([await anext(one) for _ in range(4)]) == "1 2 3 4 "
    del one
    await asyncio.to_thread(until_left, "kept by its iterator")

    stream = formation.chat_stream(turn(20, hold=5, name="interrupted"))
    for _ in range(5):
        await anext(stream)
    with fails((TimeoutError, asyncio.TimeoutError)):
        await asyncio.wait_for(anext(stream), 0.02)
    assert origin.state().streams["interrupted"] == "open"
    del stream
    gc.collect()  # the error's traceback holds it
    await asyncio.to_thread(until_left, "interrupted")


# 6. Opening is shared.


@pytest.mark.parametrize("way", ["await", "anext", "async with"])
@program
async def test_a_cancelled_opening_can_be_repeated(origin: Origin, way: str) -> None:
    stream = async_client(origin).chat_stream(turn(10, hold_head=True))

    async def step() -> str:
        if way == "await":
            await stream
        elif way == "async with":
            await stream.__aenter__()
        else:
            return (await anext(stream)).text
        return ""

    for _ in range(3):
        with fails((TimeoutError, asyncio.TimeoutError)):
            await asyncio.wait_for(step(), 0.05)
    await asyncio.to_thread(origin.until_waiting)
    origin.release()
    read = await step()
    assert read + joined(await events_of(stream)) == text(10)
    assert origin.state().tries == {"turn": 1}


@program
async def test_two_tasks_open_a_stream_once(origin: Origin) -> None:
    stream = async_client(origin).chat_stream(turn(10, hold_head=True))

    async def opened() -> Any:
        return await stream

    both = [asyncio.ensure_future(opened()) for _ in range(3)]
    await asyncio.to_thread(origin.until_waiting)
    both.pop().cancel()
    origin.release()
    assert [await one for one in both] == [stream, stream]
    assert joined(await events_of(stream)) == text(10)
    assert origin.state().tries == {"turn": 1}


@pytest.mark.parametrize("way", ["await", "iterate"])
@pytest.mark.parametrize("by", ["task", "thread"])
@program
async def test_closing_ends_the_opening(origin: Origin, way: str, by: str) -> None:
    stream = async_client(origin).chat_stream(turn(10, hold_head=True))

    async def opened() -> None:
        await stream

    opening: Any = asyncio.ensure_future(opened() if way == "await" else events_of(stream))
    await asyncio.to_thread(origin.until_waiting)
    if by == "task":
        await asyncio.wait_for(stream.aclose(), PATIENCE)
    else:
        await asyncio.to_thread(lambda: asyncio.run(stream.aclose()))
    with fails((RuntimeError, MuxiError), "closed"):
        await asyncio.wait_for(opening, PATIENCE)
    await asyncio.to_thread(origin.until_left)
    with fails((RuntimeError, MuxiError), "closed"):
        await stream


@program
async def test_dropping_a_cancelled_opening_closes_its_connection(origin: Origin) -> None:
    stream = async_client(origin).chat_stream(turn(10, hold_head=True))
    opening = asyncio.ensure_future(stream.__aenter__())
    await asyncio.to_thread(origin.until_waiting)
    opening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await opening
    del opening, stream
    gc.collect()
    await asyncio.to_thread(origin.until_left)


# 7. Steps are coroutines.


@program
async def test_a_step_can_be_a_task(origin: Origin) -> None:
    stream = async_client(origin).chat_stream(turn(20, hold=5))
    read, task = "", None
    for _ in range(1000):
        task = task or asyncio.create_task(stream.__anext__())
        await asyncio.wait({task}, timeout=0.02)
        if not task.done():
            origin.release()
            continue
        try:
            read += task.result().text
        except StopAsyncIteration:
            break
        task = None
    assert read == text(20)
