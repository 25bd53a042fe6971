"""Bundles: every form that is taken, what is refused before anything is sent, and flat memory."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import re
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path
from typing import Any

import muxi
import pytest
from muxi.testing import LocalServer

CONFIG = "schema: 1.0.0\nid: {id}\ndescription: A test\nversion: {version}\nagents:\n  - id: helper\n    name: Helper\n"


def folder(at: Path, id: str, version: str = "1.0.0") -> Path:
    path = at / f"{id}-{version}"
    path.mkdir()
    (path / "formation.afs").write_text(CONFIG.format(id=id, version=version))
    return path


def archive(folder: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        tar.add(folder, arcname="bundle")
    return out.getvalue()


def test_every_form_of_a_bundle_is_taken(local: LocalServer, tmp_path: Path) -> None:
    server = local.server()
    file = tmp_path / "b.tar.gz"
    file.write_bytes(archive(folder(tmp_path, "from-file")))
    assert server.deploy_formation(bundle_path=str(file))["formation_id"] == "from-file"
    assert server.deploy_formation(bundle_path=folder(tmp_path, "from-folder"))["formation_id"] == "from-folder"
    bytes_ = archive(folder(tmp_path, "from-bytes"))
    assert server.deploy_formation("from-bytes", bytes_)["status"] == "running"
    reader = io.BytesIO(archive(folder(tmp_path, "from-object")))
    assert server.deploy_formation(payload=reader, version="1.0.0")["formation_id"] == "from-object"
    updated = server.update_formation(bundle_path=folder(tmp_path, "from-folder", "1.1.0"))
    assert (updated["id"], updated["version"], updated["previous_version"]) == ("from-folder", 2, 1)
    formation = local.formation(formation_id="from-folder")
    assert formation.health()["version"] == "1.1.0"
    with pytest.raises(muxi.ConflictError):
        server.deploy_formation(bundle_path=folder(tmp_path, "from-bytes", "2.0.0"))


def test_progress_streams(local: LocalServer, tmp_path: Path) -> None:
    server = local.server()
    events = list(server.deploy_formation_stream(bundle_path=folder(tmp_path, "streamed")))
    assert [event["event"] for event in events][-1] == "complete"
    assert events[0].json()["stage"] == "extracting"
    assert events[-1].finished
    with pytest.raises(muxi.NotFoundError) as caught:
        list(server.start_formation_stream("nobody-there"))
    assert caught.value.code == "NOT_FOUND"

    async def main() -> None:
        async with local.async_server() as client:
            path = folder(tmp_path, "streamed", "1.2.0")
            stages = [event.json().get("stage") async for event in client.update_formation_stream(bundle_path=path)]
            assert "spawning_staging" in stages
            assert (await client.delete_formation("streamed"))["id"] == "streamed"
            assert (await client.deploy_formation(bundle_path=path))["status"] == "running"

    asyncio.run(main())


def test_what_the_server_would_refuse_is_not_sent(tmp_path: Path) -> None:
    # Nothing listens there: whatever is sent would be a ConnectionError.
    server = muxi.ServerClient(url="http://127.0.0.1:9", key_id="k", secret_key="s")
    empty = tmp_path / "empty"
    empty.mkdir()
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    no_description = tmp_path / "no-description"
    no_description.mkdir()
    (no_description / "formation.yaml").write_text("id: some-id\n")
    fine = folder(tmp_path, "fine")
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"bundle_path": empty}, ValueError, rf"{empty}.*formation\.afs"),
        ({"bundle_path": text}, ValueError, "gzip"),
        ({"bundle_path": tmp_path / "missing"}, FileNotFoundError, "missing"),
        ({"bundle_path": no_description}, ValueError, "description"),
        ({"payload": b"junk"}, ValueError, "gzip"),
        ({"payload": {"bundle": "json"}}, TypeError, "not a dict"),
        ({"payload": 5}, TypeError, "not int"),
        ({}, ValueError, "give one bundle"),
        ({"payload": b"x", "bundle_path": "y"}, ValueError, "give one bundle"),
        ({"formation_id": "other", "bundle_path": fine}, ValueError, 'formation_id is "other".*"fine"'),
        ({"version": "9.9.9", "bundle_path": fine}, ValueError, 'version is "9.9.9".*"1.0.0"'),
    ]
    for arguments, error, message in wrong:
        with pytest.raises(error, match=message):
            server.deploy_formation(**arguments)
        with pytest.raises(error, match=message):
            server.deploy_formation_stream(**arguments)
    with pytest.raises(FileNotFoundError) as caught:
        server.update_formation("x", str(tmp_path / "missing"))
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, str(tmp_path / "missing"))
    assert str(caught.value) == f"[Errno 2] {os.strerror(errno.ENOENT)}: {str(tmp_path / 'missing')!r}"
    with pytest.raises(ValueError, match="bytes"), open(text) as opened:
        server.deploy_formation(payload=opened)  # type: ignore[arg-type]


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads the peak of memory in /proc")
def test_a_bundle_of_500_mb_takes_no_memory(local: LocalServer, tmp_path: Path) -> None:
    path = folder(tmp_path, "large")
    with open(path / "model.bin", "wb") as file:
        block = os.urandom(1 << 20)
        for _ in range(500):
            file.write(block)
    program = f"""
from muxi import ServerClient
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
with ServerClient() as server:
    server.health()
    before = peak()
    assert server.deploy_formation(bundle_path={str(path)!r})["status"] == "running"
    print(peak() - before)
    server.delete_formation("large")
"""
    environment = os.environ | local.environment()
    grown = subprocess.run([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, check=True)
    assert int(grown.stdout) < 20_000  # kB


# Nothing listens there, and packing takes hours: only what is tested ends the call.
ENDLESS = """
import asyncio, os, signal, sys, threading, time
import muxi

os.environ["TMPDIR"] = sys.argv[2]
settings = {"url": "http://127.0.0.1:9", "key_id": "k", "secret_key": "s"}
server = muxi.ServerClient(**settings)
path = sys.argv[1]

def until_begun():
    while not any(entry.stat().st_size for entry in os.scandir(sys.argv[2])):
        time.sleep(0.01)

async def cancelled(start):
    task = asyncio.ensure_future(start(muxi.AsyncServerClient(**settings)))
    await asyncio.to_thread(until_begun)
    task.cancel()
    await task

async def first(stream):
    async for event in stream:
        return event

def interrupted():
    def interrupt():
        until_begun()
        os.kill(os.getpid(), signal.SIGINT)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt, daemon=True).start()

def limited(**limit):
    asyncio.run(muxi.AsyncServerClient(**settings).deploy_formation(bundle_path=path, **limit))

try:
    {code}
except BaseException as error:
    print(type(error).__name__, error)
assert not os.listdir(sys.argv[2])
"""
ENDINGS = {
    "Ctrl-C": ("interrupted(); server.deploy_formation(bundle_path=path)", "KeyboardInterrupt"),
    "Ctrl-C in a stream": ("interrupted(); server.deploy_formation_stream(bundle_path=path)", "KeyboardInterrupt"),
    "timeout": ("server.deploy_formation(bundle_path=path, timeout=0.5)", "TimeoutError .* the bundle .* within 0.5 s"),
    "timeout of the client": (
        "muxi.ServerClient(timeout=0.5, **settings).deploy_formation(bundle_path=path)",
        "TimeoutError .* the bundle .* within 0.5 s",
    ),
    "deadline": (
        "server.with_options(deadline=0.5).update_formation(bundle_path=path)",
        "TimeoutError .* the bundle .* within 0.5 s",
    ),
    "timeout of a stream": ("server.deploy_formation_stream(bundle_path=path, timeout=0.5)", "TimeoutError"),
    "async timeout": ("limited(timeout=0.5)", "TimeoutError .* the bundle .* within 0.5 s"),
    "async deadline": ("limited(deadline=0.5)", "TimeoutError .* the bundle .* within 0.5 s"),
    "cancelled": ("asyncio.run(cancelled(lambda client: client.deploy_formation(bundle_path=path)))", "CancelledError"),
    "cancelled stream": (
        "asyncio.run(cancelled(lambda client: first(client.deploy_formation_stream(bundle_path=path))))",
        "CancelledError",
    ),
    "asyncio's Ctrl-C": ("interrupted(); limited()", "KeyboardInterrupt"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="needs sparse files and signals")
@pytest.mark.parametrize("way", ENDINGS)
def test_the_packing_of_a_folder_can_be_ended(way: str, tmp_path: Path) -> None:
    path = folder(tmp_path, "endless")
    with open(path / "model.bin", "wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "temporary").mkdir()
    code, printed = ENDINGS[way]
    if way == "asyncio's Ctrl-C" and sys.version_info < (3, 11):
        pytest.skip("asyncio.run does not cancel the task before Python 3.11")
    program = [sys.executable, "-c", ENDLESS.replace("{code}", code), str(path), str(tmp_path / "temporary")]
    done = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    assert re.match(printed, done.stdout), done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
def test_a_pipe_is_no_bundle(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    program = f"""
import muxi
try:
    server = muxi.ServerClient(url="http://127.0.0.1:9", key_id="k", secret_key="s")
    server.deploy_formation(bundle_path="{tmp_path}/pipe")
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    assert "neither a regular file nor a folder" in done.stdout


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ZeroDivisionError])
def test_what_a_file_raises_comes_out_as_it_is(error: type[BaseException]) -> None:
    class File(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise raised

    raised = error("stop")
    server = muxi.ServerClient(url="http://127.0.0.1:9", key_id="k", secret_key="s")
    with pytest.raises(error) as caught:
        server.deploy_formation(payload=File())
    assert caught.value is raised


def test_the_deadline_of_a_call_counts_what_its_bundle_takes(tmp_path: Path) -> None:
    class File(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            time.sleep(0.6)
            return super().read(size)

    server = muxi.ServerClient(url="http://127.0.0.1:9", key_id="k", secret_key="s")
    with pytest.raises(muxi.TimeoutError, match="bundle"):
        server.deploy_formation(payload=File(archive(folder(tmp_path, "slow"))), deadline=0.5)


class Gate(io.BytesIO):
    """A file whose first read waits until the gate opens."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.begun, self.opens = threading.Event(), threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(1)
        self.begun.set()
        assert self.opens.wait(60)
        return data


def deployments(server: LocalServer) -> int:
    return sum(request.method == "POST" for request in server.requests)


@pytest.mark.parametrize("form", ["file", "path"])
def test_a_stream_that_several_tasks_open_is_started_once(muxi_server: LocalServer, tmp_path: Path, form: str) -> None:
    path = folder(tmp_path, "once")

    async def main() -> None:
        gate = Gate(archive(path))
        stream = muxi_server.async_server().deploy_formation_stream("once", path if form == "path" else gate)

        async def opened() -> Any:
            return await stream

        tasks = [asyncio.create_task(opened()) for _ in range(4)]
        if form == "file":
            await asyncio.to_thread(gate.begun.wait)
        gate.opens.set()
        assert await asyncio.gather(*tasks) == [stream] * 4
        assert [event["event"] async for event in stream][-1] == "complete"

    asyncio.run(main())
    assert deployments(muxi_server) == 1


def test_another_task_starts_the_stream_whose_opener_was_cancelled(muxi_server: LocalServer, tmp_path: Path) -> None:
    async def main() -> None:
        gate = Gate(b"before" + archive(folder(tmp_path, "again")))
        gate.seek(len(b"before"))
        stream = muxi_server.async_server().deploy_formation_stream("again", gate)
        first = asyncio.ensure_future(_all(stream))
        await asyncio.to_thread(gate.begun.wait)
        second = asyncio.ensure_future(_all(stream))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        gate.opens.set()
        assert (await second)[-1] == "complete"

    asyncio.run(main())
    assert deployments(muxi_server) == 1


async def _all(stream: muxi.AsyncEventStream) -> list[str]:
    return [event["event"] async for event in stream]


def test_a_stream_that_is_opened_again_sends_the_whole_file(muxi_server: LocalServer, tmp_path: Path) -> None:
    async def main() -> None:
        gate = Gate(archive(folder(tmp_path, "whole")))
        stream = muxi_server.async_server().deploy_formation_stream("whole", gate)
        first = asyncio.ensure_future(_all(stream))
        await asyncio.to_thread(gate.begun.wait)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        gate.opens.set()
        assert (await _all(stream))[-1] == "complete"

    asyncio.run(main())
    assert deployments(muxi_server) == 1


def test_a_stream_that_is_closed_while_its_bundle_is_made_is_not_started(
    muxi_server: LocalServer, tmp_path: Path
) -> None:
    async def main() -> None:
        gate = Gate(archive(folder(tmp_path, "closed")))
        stream = muxi_server.async_server().deploy_formation_stream("closed", gate)
        reading = asyncio.ensure_future(_all(stream))
        await asyncio.to_thread(gate.begun.wait)
        await stream.aclose()
        gate.opens.set()
        with pytest.raises(RuntimeError, match="closed"):
            await reading

    asyncio.run(main())
    assert deployments(muxi_server) == 0
