"""Clients, streams and replies that threads share, with a switch of threads as often as the interpreter takes one.

Under a lock nothing may run Python or wait: it would let go of the GIL, and a thread that then waits for the lock with
the GIL would wait for ever.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import muxi
from origin import PATIENCE, Origin, text, turn
from programs import ask, client, fails, program

THREADS = 8


class Lines(logging.Handler):
    """Counts its records."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.levels: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.levels.append(record.levelno)


def in_threads(work: Callable[[int], object]) -> None:
    """Do that in threads which begin at once."""
    sys.setswitchinterval(1e-6)
    together = threading.Barrier(THREADS)

    def one(n: int) -> None:
        together.wait(PATIENCE)
        work(n)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(THREADS)))


@program
def test_a_client_with_hooks_and_log(origin: Origin) -> None:
    times = 20
    asked: list[muxi.Attempt] = []
    answered: list[muxi.Attempt] = []
    lines = Lines()
    logger = logging.getLogger("muxi")
    logger.addHandler(lines)
    logger.setLevel(logging.DEBUG)
    formation = client(origin, on_request=asked.append, on_response=answered.append)

    def work(n: int) -> None:
        derived = formation.with_options(headers={"x-thread": str(n)})
        for at in range(times):
            ask(derived if at % 2 else formation, n)
            with fails(muxi.ServerError):
                formation.request("GET", "/busy")
            with fails(TypeError, "timeout"):
                formation.request("GET", "/echo/1", timeout="long")  # type: ignore[arg-type]
            gc.collect(0)

    in_threads(work)
    calls = 2 * times * THREADS
    assert (len(asked), len(answered), lines.levels.count(logging.DEBUG)) == (calls, calls, calls)


@program
def test_a_stream(origin: Origin) -> None:
    events = 300
    stream = client(origin).chat_stream(turn(events))
    read: list[str] = []

    def work(n: int) -> None:
        while True:
            try:
                event = next(stream, None)
            except RuntimeError as error:
                if "another thread" not in str(error):
                    raise
                continue
            if event is None:
                return
            read.append(event.text)

    in_threads(work)
    assert sorted(filter(None, read)) == sorted(f"{k} " for k in range(events))
    assert stream.final_text() == text(events)


@program
def test_clients_that_are_made_used_and_closed(origin: Origin) -> None:
    shared = client(origin)

    def work(n: int) -> None:
        for _ in range(5):
            with client(origin) as formation:
                stream = formation.chat_stream(turn(20))
                closing = threading.Thread(target=stream.close)
                next(stream)
                closing.start()
                for _ in stream:
                    pass
                closing.join(PATIENCE)
            ask(shared, n)

    in_threads(work)
    shared.close()
