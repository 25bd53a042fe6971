"""Progress of uploads, on the wire."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import muxi
import pytest
from muxi.testing import LocalServer

CONFIG = "id: {}\ndescription: A bundle\nversion: {}\nagents:\n  - id: helper\n    name: Helper\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose bundle takes several pieces."""
    import random

    (tmp_path / "knowledge.txt").write_bytes(random.Random(5).randbytes(1 << 20))
    return tmp_path


def write(folder: Path, name: str, version: str) -> None:
    (folder / "formation.afs").write_text(CONFIG.format(name, version))


def checked(told: list[tuple[int, int]]) -> None:
    total = told[-1][1]
    assert total > 1 << 20
    assert told[-1] == (total, total)
    assert told == sorted(told)
    assert {size for _, size in told} == {total}


def test_deploying_and_updating_tell_how_far_they_are(local: LocalServer, folder: Path) -> None:
    told: list[tuple[int, int]] = []
    threads = set[int]()

    def tell(sent: int, total: int) -> None:
        told.append((sent, total))
        threads.add(threading.get_ident())

    with local.server() as server:
        write(folder, "upload-sync", "1.0.0")
        events = list(server.deploy_formation_stream(payload=muxi.Upload(folder, tell)))
        assert events[-1]["event"] == "complete"
        checked(told)
        assert told[0][0] == 0
        assert len(told) > 4
        told.clear()
        write(folder, "upload-sync", "1.0.1")
        assert server.update_formation(payload=muxi.Upload(str(folder), tell))["version"] == 2
        checked(told)
    assert threads == {threading.get_ident()}


def test_an_async_client_tells_on_its_loop(local: LocalServer, folder: Path) -> None:
    told: list[tuple[int, int]] = []

    def tell(sent: int, total: int) -> None:
        asyncio.get_running_loop()
        told.append((sent, total))

    async def main() -> None:
        async with local.async_server() as server:
            write(folder, "upload-async", "1.0.0")
            async for _ in server.deploy_formation_stream(payload=muxi.Upload(folder, tell)):
                pass
            checked(told)
            told.clear()
            write(folder, "upload-async", "1.0.1")
            await server.update_formation(payload=muxi.Upload(folder, tell))
            checked(told)

    asyncio.run(main())


def test_what_tells_may_fail(local: LocalServer, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    def tell(sent: int, total: int) -> None:
        raise RuntimeError("no terminal")

    write(folder, "upload-broken", "1.0.0")
    assert local.server().deploy_formation(payload=muxi.Upload(folder, tell))["formation_id"] == "upload-broken"
    assert "on_progress raised an error" in caplog.text


def test_a_mistake_is_named(local: LocalServer) -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="on_progress must be callable, not int"):
        muxi.Upload("folder", wrong)
    pair: Any = ("folder", wrong)
    with pytest.raises(TypeError, match=r"a bundle must be a .* file, a folder, bytes or a binary file, not"):
        local.server().deploy_formation(payload=pair)
