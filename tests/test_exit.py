"""A program ends as it would without this package, whatever its threads, loops and handlers are doing with it.

A race at the end shows in few of many runs, so that each program runs again and again, two at a time.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from origin import PATIENCE, Origin
from programs import run

TIMES = 20

START = """
import asyncio, os, signal, sys, threading, time
from origin import turn
from programs import async_client, client, here

origin = here()
formation, other = client(origin), async_client(origin)


def call():
    formation.request("GET", "/echo/1/never")


def opening():
    formation.chat_stream(turn(5, hold_head=True, name="never"))


def stream():
    for _ in formation.chat_stream(turn(5, hold=5, name="never")):
        pass


def retry():
    client(origin, max_retries=5).request("GET", "/busy")


def calls():
    while True:
        formation.request("GET", "/echo/1")


def streams():
    while True:
        formation.chat_stream(turn(50)).final_text()


def loop():
    async def read():
        async for _ in other.chat_stream(turn(5, hold=5, name="never")):
            pass

    async def main():
        held = [other.request("GET", "/echo/1/never") for _ in range(3)]
        await asyncio.gather(*held, read(), read())

    asyncio.run(main())


def busy_loop():
    async def calls():
        while True:
            await other.request("GET", "/echo/1")

    async def streams():
        while True:
            await other.chat_stream(turn(50)).final_text()

    async def main():
        await asyncio.gather(calls(), calls(), calls(), streams())

    asyncio.run(main())


HELD = {call: 1, opening: 1, stream: 1, loop: 5}
REQUESTS = {retry: 1, calls: 3, streams: 3, busy_loop: 6}


def begin(*works):
    '''Start those in daemon threads, and wait until they are under way.'''
    for work in works:
        threading.Thread(target=work, daemon=True).start()
    held = sum(HELD.get(work, 0) for work in works)
    requests = held + sum(REQUESTS.get(work, 0) for work in works)
    origin.until(lambda state: len(state.waiting) >= held and state.requests >= requests)
"""


def again(
    code: str, origin: Origin, exits: int = 0, times: int = TIMES, at_once: int = 2, allowed: tuple[str, ...] = ()
) -> None:
    """Run a program that often."""

    def one(n: int) -> None:
        place = replace(origin, place=f"{origin.place}-{n}")
        run(code, origin=place, limit=PATIENCE).check(exits, allowed)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, range(times)))


ENDS = {
    "the last line": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "an exception": ("raise ValueError", 1),
    "os._exit": ("os._exit(4)", 4),
    "SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", -15),
    "Ctrl-C": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(60)", -2),
}


@pytest.mark.parametrize("end", ENDS)
def test_all_at_once(origin: Origin, end: str) -> None:
    if sys.platform == "win32" and end in ("SIGTERM", "Ctrl-C"):
        pytest.skip("Windows cannot send itself that signal")
    line, code = ENDS[end]
    allowed = ("Traceback",) if end in ("an exception", "Ctrl-C") else ()
    again(f"{START}\nbegin(*HELD, calls, streams, busy_loop)\n{line}\n", origin, code, allowed=allowed)


@pytest.mark.parametrize("work", ["call", "opening", "stream", "retry", "calls", "streams", "loop", "busy_loop"])
def test_one_thread(origin: Origin, work: str) -> None:
    again(f"{START}\nbegin({work})\nraise SystemExit(7)\n", origin, 7, times=10)


SLOW_END = """
import ctypes

# The process lives on for a second after the interpreter, as with native libraries that have much to tidy up.
libc = ctypes.CDLL(None)
libc.on_exit(ctypes.cast(libc.sleep, ctypes.c_void_p), None)  # sleeps as long as the exit code says
sys.exit(1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has on_exit")
@pytest.mark.parametrize("works", ["call", "stream", "retry", "calls, streams", "loop", "busy_loop"])
def test_a_process_that_outlives_its_interpreter(origin: Origin, works: str) -> None:
    again(f"{START}\nbegin({works})\n{SLOW_END}", origin, 1, times=4, at_once=4)


LEFT_OPEN = """
half_read = formation.chat_stream(turn(50, hold=10, name="half"))
next(half_read)
steps = iter(formation.chat_stream(turn(50, hold=10, name="steps")))
next(steps)
deltas = formation.chat_stream(turn(50, hold=10, name="deltas")).text_deltas()
next(deltas)
unread = formation.chat_stream(turn(50))
never_opened = other.chat_stream(turn(50))


async def main():
    global async_half_read, async_opened
    async_half_read = other.chat_stream(turn(50, hold=10, name="async half"))
    await anext(async_half_read)
    async_opened = await other.chat_stream(turn(50, hold=10, name="async opened"))
    await asyncio.gather(*(other.request("GET", "/echo/1") for _ in range(5)))


asyncio.run(main())
"""


@pytest.mark.parametrize("cycle", ["", "gone = [half_read, async_half_read]; gone.append(gone)"])
def test_streams_are_open_at_module_level(origin: Origin, cycle: str) -> None:
    again(f"{START}\n{LEFT_OPEN}\n{cycle}\n", origin, times=10)


FAREWELL = """
import atexit, sys


def farewell():
    global formation, other
    formation = globals().get("formation") or client(origin)
    assert formation.request("GET", "/echo/5")["n"] == 5
    assert formation.chat_stream(turn(5)).final_text()
    assert asyncio.run(other.request("GET", "/echo/6"))["n"] == 6
    fresh = client(origin)
    assert fresh.request("GET", "/echo/7")["n"] == 7
    sys.stdout.write("well\\n")
"""


@pytest.mark.parametrize("used", ["used before", "first used at the end", "in use by threads"])
@pytest.mark.parametrize("when", ["before the import", "after the import"])
def test_atexit_handlers_make_calls(origin: Origin, when: str, used: str) -> None:
    register = "atexit.register(farewell)"
    first = f"{FAREWELL}\nassert 'muxi' not in sys.modules\n{register}\n" if when == "before the import" else ""
    then = f"{FAREWELL}\n{register}\n" if when == "after the import" else ""
    uses = {
        "used before": "formation.request('GET', '/echo/1'); asyncio.run(other.request('GET', '/echo/1'))",
        "in use by threads": "begin(*HELD, calls, streams, busy_loop)",
    }
    code = f"{first}\n{START}\n{then}\n{uses.get(used, '')}\n"

    def one(n: int) -> None:
        ended = run(code, origin=replace(origin, place=f"{origin.place}-{n}"), limit=PATIENCE)
        ended.check()
        assert ended.output == "well\n"

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(4)))


JOINING = """
import atexit, sys, threading


def join():
    origin.release("never")
    for thread in threading.enumerate():
        if thread.daemon:
            thread.join()
    if sys.version_info < (3, 12):  # later ones start no threads at the end
        late = threading.Thread(target=lambda: formation.request("GET", "/echo/1"))
        late.start()
        late.join()
    sys.stdout.write("joined\\n")
"""


@pytest.mark.parametrize("works", ["call", "opening", "stream", "loop", "call, opening, stream, loop"])
@pytest.mark.parametrize("when", ["before the import", "after the import"])
def test_atexit_handlers_wait_for_threads(origin: Origin, when: str, works: str) -> None:
    """A thread that is in a call, and one that a handler starts, comes back as long as a handler may wait for it."""
    first, then = "atexit.register(join)", ""
    if when == "after the import":
        first, then = then, first
    ended = run(f"{JOINING}\n{first}\n{START}\n{then}\nbegin({works})\n", origin=origin, limit=PATIENCE)
    ended.check()
    assert ended.output == "joined\n"


TOLD = """
from muxi import _process

before_exit = _process.before_exit


def told():
    sys.stdout.write("the end\\n")
    before_exit()


_process.before_exit = told
"""
REGISTERED_BEFORE = """
import atexit, sys

assert "muxi" not in sys.modules
atexit.register(lambda: sys.stdout.write("a handler\\n"))
"""
CLEARED = """
import atexit

atexit._clear()
# The handlers are gone, and the interpreter goes on.
sys.stdout.write("cleared\\n")
thread = threading.Thread(target=lambda: formation.request("GET", "/echo/1"))
thread.start()
thread.join(30)
assert not thread.is_alive()
fresh = client(origin)
"""
FIRST_AT_THE_END = """
import asyncio, atexit, concurrent.futures.thread, sys, threading

imported = threading.Event()


def late():
    imported.wait()
    call()


def farewell():
    exec(start, globals())
    imported.set()
    origin.until_waiting("never")
    sys.stdout.write("a handler\\n")


assert "muxi" not in sys.modules
threading.Thread(target=late, daemon=True).start()
atexit.register(farewell)
"""
TIMES_OF_THE_END = {
    "after all handlers": (f"{REGISTERED_BEFORE}\n{START}\n{TOLD}\nbegin(call, calls)", "a handler\nthe end\n"),
    "after the handlers were dropped": (f"{START}\n{TOLD}\n{CLEARED}\nbegin(call, calls)", "cleared\nthe end\n"),
    "after the import by a handler": (f"start = {START + TOLD!r}\n{FIRST_AT_THE_END}", "a handler\nthe end\n"),
}


@pytest.mark.parametrize("when", TIMES_OF_THE_END)
def test_when_threads_begin_to_stay_outside(origin: Origin, when: str) -> None:
    code, output = TIMES_OF_THE_END[when]
    ended = run(code, origin=origin, limit=PATIENCE)
    ended.check()
    assert ended.output == output


FINALIZERS = """
class Keeper:
    def __init__(self):
        self.formation, self.other = client(origin), async_client(origin)
        self.formation.request("GET", "/echo/1")
        self.stream = self.formation.chat_stream(turn(50, hold=10, name="kept"))
        next(self.stream)

    def __del__(self):
        for work in (
            lambda: self.formation.request("GET", "/echo/1"),
            lambda: next(self.stream),
            lambda: self.stream.close(),
            lambda: asyncio.run(self.other.request("GET", "/echo/1")),
            lambda: self.formation.close(),
        ):
            try:
                work()
            except Exception:
                pass


keeper, cycle = Keeper(), Keeper()
cycle.itself = cycle
sys.modules["kept"] = Keeper()
"""


@pytest.mark.parametrize("threads", ["", "begin(call, stream, calls, streams, loop)"])
def test_finalizers_make_calls(origin: Origin, threads: str) -> None:
    # A coroutine that no loop took any more is the program's, not the package's.
    again(f"{START}\n{FINALIZERS}\n{threads}\n", origin, times=8, allowed=("was never awaited",))


WAITING = """
class Keeper:
    def __init__(self):
        self.formation = client(origin, on_request=print)
        self.wait()

    def wait(self):
        # Longer than a call waits until it looks for signals.
        try:
            next(self.formation.chat_stream(turn(1, hold_head=True), timeout=0.3))
        except Exception as error:
            os.write(1, f"{getattr(error, 'code', error)!r}\\n".encode())

    __del__ = wait


sys.modules["kept"] = Keeper()
"""


def test_a_finalizer_of_a_module_waits(origin: Origin) -> None:
    ended = run(f"{START}\n{WAITING}\n", origin=origin, limit=PATIENCE)
    ended.check()
    assert [line for line in ended.output.splitlines() if line.startswith("'")] == ["'TIMEOUT'", "'TIMEOUT'"]


PACKING = """
import gzip, muxi

packed = gzip.compress(os.urandom(1 << 20))
read = threading.Event()


class Slow:
    at = 0

    def read(self, size):
        time.sleep(0.001)
        self.at += 1
        if self.at == 20:
            read.set()
        return packed[self.at - 1 : self.at]


server = muxi.ServerClient(url=origin.plain, key_id="k", secret_key="s")
threading.Thread(target=lambda: server.deploy_formation("demo", Slow()), daemon=True).start()
assert read.wait(30)
"""


def test_a_daemon_thread_packs_a_file_of_python(origin: Origin) -> None:
    again(f"{START}\n{PACKING}\n", origin)


HOOKED = """
import logging

logging.disable()  # a debugging loop's reports of slow callbacks


def nap(attempt):
    time.sleep(0.001)


def calls_with(debug=False, **hooks):
    napping = async_client(origin, **hooks)

    async def main():
        while True:
            await napping.request("GET", "/echo/1")

    for _ in range(3):
        threading.Thread(target=asyncio.run, args=(main(),), kwargs={"debug": debug}, daemon=True).start()
    origin.until(lambda state: state.requests >= 9)


def blocking_calls_with(**hooks):
    napping = client(origin, **hooks)

    def run():
        while True:
            napping.request("GET", "/echo/1")

    threading.Thread(target=run, daemon=True).start()
    origin.until(lambda state: state.requests >= 3)
"""


@pytest.mark.parametrize(
    "calls",
    [
        "calls_with(on_request=nap)",
        "calls_with(on_response=nap)",
        "calls_with(debug=True)",
        "blocking_calls_with(on_request=nap)",
    ],
)
def test_a_daemon_thread_runs_python_for_the_package(origin: Origin, calls: str) -> None:
    again(f"{START}\n{HOOKED}\n{calls}\n", origin)


FORKING = """
children = []


def fork(attempt):
    if not children:
        children.append(os.fork())


forking = client(origin, on_request=fork)
try:
    forking.request("GET", "/echo/1")
except Exception:
    pass
if children[0] > 0:
    assert os.waitpid(children[0], 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_hook_forks(origin: Origin) -> None:
    run(f"{START}\n{FORKING}\n", origin=origin, limit=PATIENCE).check()


INTERPRETERS = """
try:
    import _interpreters as interpreters
    kinds = {"shared": ("legacy",), "own": ()}
except ImportError:
    import _xxsubinterpreters as interpreters
    kinds = {}


def in_another(code, gil):
    number = interpreters.create(*kinds[gil]) if kinds else interpreters.create(isolated=gil == "own")
    failure = interpreters.run_string(number, code)
    interpreters.destroy(number)
    assert failure is None, failure
"""

REFUSED = '''
in_another("""
for name in ("muxi", "muxi_local", "muxi", "muxi_local"):
    try:
        __import__(name)
    except ImportError as error:
        assert "use it in the main interpreter" in str(error), error
    else:
        raise AssertionError(name + " is imported")
""", gil)
'''


@pytest.mark.parametrize("gil", ["shared", "own"])
@pytest.mark.parametrize("first", ["the main interpreter", "the other"])
def test_another_interpreter_cannot_import_it(origin: Origin, first: str, gil: str) -> None:
    use = f"{START}\nformation.request('GET', '/echo/1'); asyncio.run(other.request('GET', '/echo/1'))\n"
    order = (use, REFUSED, REFUSED, use) if first == "the main interpreter" else (REFUSED, use, REFUSED, use)
    run(f"gil = {gil!r}\n" + INTERPRETERS + "".join(order), origin=origin).check()
