"""Programs that fork for their users: multiprocessing, process pools, gunicorn, Celery."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import muxi
import pytest
from origin import PATIENCE, Origin, text, turn
from programs import CRASHES, ask_at_once, client, environment, here, joined, kill, program

METHODS = [method for method in ("fork", "forkserver", "spawn") if method in multiprocessing.get_all_start_methods()]
methods = pytest.mark.parametrize("method", METHODS)
needs_fork = pytest.mark.skipif("fork" not in METHODS, reason="this system has no fork")

# As in an application: one for the module.
formation: muxi.FormationClient


def ask_it(n: int) -> int:
    """Call with the module's client."""
    return int(formation.request("GET", f"/echo/{n}")["n"])


def ask_with(given: muxi.FormationClient, n: int) -> int:
    return int(given.request("GET", f"/echo/{n}")["n"])


def renew() -> None:
    """Replace the module's client, as initializers do."""
    global formation
    formation = client(here())
    ask_it(0)


def work(given: muxi.FormationClient) -> None:
    ask_at_once(given)
    assert given.chat_stream(turn(5, name="child")).final_text() == text(5)


@methods
@program
def test_multiprocessing(origin: Origin, method: str) -> None:
    global formation
    formation = client(origin)
    context: Any = multiprocessing.get_context(method)
    ask_at_once(formation)
    stream = formation.chat_stream(turn(40, hold=10))
    read = next(stream).text
    for _ in range(2):
        process = context.Process(target=work, args=(formation,))
        process.start()
        process.join(PATIENCE)
        assert process.exitcode == 0
    with context.Pool(2, initializer=renew) as pool:
        assert pool.map(ask_it, range(40)) == list(range(40))
        assert ask_it(3) == 3
    with ProcessPoolExecutor(2, mp_context=context, initializer=renew) as executor:
        assert list(executor.map(ask_it, range(40))) == list(range(40))
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        assert executor.submit(ask_with, formation, 5).result(PATIENCE) == 5
    origin.release()
    assert read + joined(list(stream)) == text(40)
    ask_at_once(formation)


@needs_fork
@program
def test_a_pool_uses_the_inherited_client(origin: Origin) -> None:
    global formation
    formation = client(origin, "https")
    ask_at_once(formation)
    # Each worker ends after three calls, and another is forked.
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=3) as pool:
        for n in range(30):
            assert pool.apply(ask_it, (n,)) == n
            assert ask_it(n) == n


APPLICATION = """
import asyncio
from origin import text, turn
from programs import aask_at_once, ask_at_once, async_client, client, here

formation, other = client(here()), async_client(here())
ask_at_once(formation)
asyncio.run(aask_at_once(other))
stream = formation.chat_stream(turn(40, hold=10))
read = next(stream).text


def in_the_parent():
    here().release()
    assert read + "".join(event.text for event in stream) == text(40)
    ask_at_once(formation)


def wsgi(environ, start_response):
    n = formation.request("GET", "/echo" + environ["PATH_INFO"])["n"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(n).encode()]


async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    body = str((await other.request("GET", "/echo" + scope["path"]))["n"]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""

CONFIGURATION = """
import application
bind, workers, threads, preload_app, max_requests = "127.0.0.1:0", 2, 2, True, 10


def child_exit(server, worker):
    application.ask_at_once(application.formation)


def on_exit(server):
    application.in_the_parent()
"""


@contextlib.contextmanager
def serving(command: list[str], folder: Path, origin: Origin, ends: bool = True) -> Iterator[Callable[[], str]]:
    """Run a server in that folder, and stop it, which must end by 0. Gives a function that returns its log.

    One that does not end by itself is killed.
    """
    path = folder / "log"
    with path.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", *command],
            cwd=folder,
            env=environment(origin),
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield path.read_text
        assert process.poll() is None, path.read_text()
        if ends:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, path.read_text()
        else:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    except BaseException:
        kill(process)
        print(path.read_text())
        raise
    assert not [word for word in CRASHES if word in path.read_text()], path.read_text()


@needs_fork
@pytest.mark.parametrize("kind", ["sync", "gthread", "uvicorn_worker.UvicornWorker"])
def test_gunicorn_with_preload(origin: Origin, tmp_path: Path, kind: str) -> None:
    (tmp_path / "application.py").write_text(APPLICATION)
    (tmp_path / "conf.py").write_text(CONFIGURATION)
    target = "asgi" if "uvicorn" in kind else "wsgi"
    command = ["gunicorn", "--config", "conf.py", "--worker-class", kind, f"application:{target}"]
    with serving(command, tmp_path, origin) as log:
        origin.until(lambda _: "Listening at" in log())
        found = re.search(r"Listening at: (\S+)", log())
        assert found

        def get(n: int) -> bytes:
            url = f"{found[1]}/{n}"
            for _ in range(5):
                # A worker that ends after its last request resets connections that it has accepted beside.
                with contextlib.suppress(ConnectionError), urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                    body: bytes = answer.read()
                    return body
            raise AssertionError("no answer")

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(get, range(60))) == [str(n).encode() for n in range(60)]


TASKS = """
from celery import Celery
from celery.signals import worker_shutdown
from application import formation, in_the_parent

app = Celery("tasks", broker="filesystem://", backend="file://results")
options = {folders}
app.conf.update(broker_transport_options=options, worker_max_tasks_per_child={most})


@worker_shutdown.connect
def check(**_):
    in_the_parent()


@app.task
def ask(n):
    return formation.request("GET", f"/echo/{n}")["n"]


def main():
    results = [ask.delay(n) for n in range(12)]
    assert [result.get(timeout=30, interval=0.05) for result in results] == list(range(12))
"""


FOLDERS = {"data_folder_in": "queue", "data_folder_out": "queue", "processed_folder": "done", "polling_interval": 0.05}


@needs_fork
# A worker that is told to end while it replaces a child may wait for ever for the lock of its own queue
# (`_help_stuff_finish` of billiard): one that replaces them is killed.
@pytest.mark.parametrize(("most", "ends"), [(3, False), (None, True)])
def test_celery(origin: Origin, tmp_path: Path, most: int | None, ends: bool) -> None:
    (tmp_path / "application.py").write_text(APPLICATION)
    (tmp_path / "tasks.py").write_text(TASKS.replace("{most}", repr(most)).replace("{folders}", repr(FOLDERS)))
    for folder in ("queue", "done", "results"):
        (tmp_path / folder).mkdir()
    command = ["celery", "--app", "tasks", "worker", "--pool", "prefork", "--concurrency", "2", "--without-mingle"]
    with serving(command, tmp_path, origin, ends):
        sender = [sys.executable, "-c", "import tasks; tasks.main()"]
        subprocess.run(sender, cwd=tmp_path, env=environment(origin), check=True, timeout=2 * PATIENCE)
