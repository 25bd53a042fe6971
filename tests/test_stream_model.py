"""Random sequences of all that can happen to a stream, compared with the text that was sent.

A failure prints the sequence, whose seed is in its name.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from muxi.errors import MuxiError
from origin import PATIENCE, Origin, text, turn
from programs import async_client, client, program

SEQUENCES = 300
ENDS = ("done", "done", "bare", "cut", "error")
CODES = {"cut": "STREAM_CUT", "error": "FAILED"}


class Interruption(Exception):
    """The exception of the signal handler."""


class Sequence:
    """A stream, and what was read of it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.name = f"turn {seed}"
        self.slices = self.random.randint(1, 40)
        self.end = self.random.choice(ENDS)
        self.read: list[Any] = []
        self.closed = self.ended = self.dropped = False
        self.errors: list[MuxiError] = []

    def payload(self) -> dict[str, Any]:
        gap = self.random.choice((0, 0, 0.0005, 0.002))
        return turn(self.slices, name=self.name, per_write=self.random.randint(1, 6), gap=gap, end=self.end)

    def pause(self) -> float:
        return self.random.choice((0, 0.0001, 0.0005, 0.002, 0.01)) * self.random.random()

    def is_over(self) -> bool:
        return self.ended or self.closed or self.dropped or len(self.errors) > 3

    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.read)

    def check(self, final: str | Exception | None) -> None:
        """Check what was read, and what `final_text` returned or raised; None for a stream that was dropped."""
        sent = text(self.slices)
        assert sent.startswith(self.text()), f"not a part of what was sent: {self.text()!r}"
        for error in self.errors:
            assert error.code == CODES.get(self.end), repr(error)
        if self.errors or (self.ended and not self.closed):
            assert self.text() == sent, f"lost: {self.text()!r} of {self.slices}"
        if self.ended and not self.closed:
            assert self.end not in CODES, "a failure looks like an end"
        if self.dropped:
            return
        if self.ended and not self.closed:
            assert final == sent, f"final text {final!r}"
        elif self.errors or self.closed:
            assert final == sent or isinstance(final, Exception), f"a truncated text looks whole: {final!r}"
            if self.errors and not self.closed:
                assert getattr(final, "code", None) == CODES[self.end], repr(final)


@contextlib.contextmanager
def shown(sequence: Sequence) -> Iterator[Sequence]:
    """Tell of the sequence that fails."""
    try:
        yield sequence
    except BaseException:
        print(f"in {vars(sequence)}", file=sys.stderr)
        raise


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timers")
@program
def test_sequences(origin: Origin) -> None:
    formation = client(origin)
    armed = False

    def interrupt(_: int, frame: FrameType | None) -> None:
        nonlocal armed
        if armed and frame is not None and frame.f_code.co_filename != __file__:
            # In a finalizer, from which nothing can be raised.
            signal.setitimer(signal.ITIMER_REAL, 1e-3)
        elif armed:
            armed = False
            raise Interruption

    signal.signal(signal.SIGALRM, interrupt)

    def iterator(sequence: Sequence, stream: Any) -> Any:
        return sequence.random.choice((lambda: iter(stream), lambda: stream, lambda: stream.text_deltas()))()

    def step(sequence: Sequence, stream: Any) -> None:
        nonlocal armed
        what = sequence.random.choice(("some", "some", "interrupted", "interrupted", "interrupted", "closed", "all"))
        if what == "some":
            some = itertools.islice(iterator(sequence, stream), count := sequence.random.randint(1, 8))
            before = len(sequence.read)
            sequence.read.extend(some)
            sequence.ended = len(sequence.read) < before + count
        elif what == "interrupted":
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, max(sequence.pause(), 1e-6))
                sequence.read.extend(iterator(sequence, stream))
                armed = False
                sequence.ended = True
            except Interruption:
                pass
            finally:
                armed = False
        elif what == "closed" and sequence.random.random() < 0.3:

            def close() -> None:
                time.sleep(wait)
                sequence.closed = True
                stream.close()

            wait = sequence.pause()
            closer = threading.Thread(target=close)
            closer.start()
            try:
                sequence.read.extend(iterator(sequence, stream))
            finally:
                closer.join(PATIENCE)
                assert not closer.is_alive()
        elif what == "all":
            sequence.read.extend(iterator(sequence, stream))
            sequence.ended = True

    def run(sequence: Sequence) -> None:
        stream = formation.chat_stream(sequence.payload())
        while not sequence.is_over():
            try:
                step(sequence, stream)
                sequence.dropped = sequence.random.random() < 0.03
            except MuxiError as error:
                sequence.errors.append(error)
        final: str | Exception | None = None
        if not sequence.dropped:
            try:
                final = stream.final_text()
            except (MuxiError, RuntimeError) as error:
                final = error
        del stream
        sequence.check(final)

    for seed in range(SEQUENCES):
        with shown(Sequence(seed)) as sequence:
            run(sequence)
    origin.until(lambda state: "open" not in state.streams.values())


@program
async def test_async_sequences(origin: Origin) -> None:
    formation = async_client(origin)

    def iterator(sequence: Sequence, stream: Any) -> Any:
        return sequence.random.choice((lambda: aiter(stream), lambda: stream, lambda: stream.text_deltas()))()

    async def read_all(sequence: Sequence, stream: Any) -> None:
        async for part in stream:
            sequence.read.append(part)
        sequence.ended = True

    async def step(sequence: Sequence, stream: Any) -> None:
        what = sequence.random.choice(("some", "late", "late", "cancelled", "cancelled", "closed", "all"))
        one = iterator(sequence, stream)
        if what == "some":
            for _ in range(sequence.random.randint(1, 8)):
                try:
                    sequence.read.append(await anext(one))
                except StopAsyncIteration:
                    sequence.ended = True
                    return
        elif what == "late":
            # Not of text_deltas(): an interrupted generator of the reader's own may end, the stream may not.
            one = stream if sequence.random.random() < 0.5 else aiter(stream)
            try:
                while True:
                    sequence.read.append(await asyncio.wait_for(anext(one), sequence.pause() + 1e-6))
            except (TimeoutError, asyncio.TimeoutError):
                pass
            except StopAsyncIteration:
                sequence.ended = True
        elif what == "cancelled":
            reading = asyncio.create_task(read_all(sequence, one))
            await asyncio.sleep(sequence.pause())
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
        elif what == "closed" and sequence.random.random() < 0.3:
            reading = asyncio.create_task(read_all(sequence, one))
            await asyncio.sleep(sequence.pause())
            sequence.closed = True
            await stream.aclose()
            # It may not have been opened.
            with contextlib.suppress(RuntimeError):
                await asyncio.wait_for(reading, PATIENCE)
        elif what == "all":
            await read_all(sequence, one)

    async def run(sequence: Sequence) -> None:
        stream = formation.chat_stream(sequence.payload())
        if sequence.random.random() < 0.5:
            await stream
        while not sequence.is_over():
            try:
                await step(sequence, stream)
                sequence.dropped = sequence.random.random() < 0.03
            except MuxiError as error:
                sequence.errors.append(error)
        final: str | Exception | None = None
        if not sequence.dropped:
            try:
                final = await stream.final_text()
            except (MuxiError, RuntimeError) as error:
                final = error
        del stream
        sequence.check(final)
        assert origin.state().tries.get(sequence.name, 1) == 1

    for seed in range(SEQUENCES):
        with shown(Sequence(seed)) as sequence:
            await run(sequence)
    await asyncio.to_thread(origin.until, lambda state: "open" not in state.streams.values())
