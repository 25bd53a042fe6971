"""The real runtime and the two faces of the client."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from real.faces import AsyncFace, Face, SyncFace
from real.support import OPERATIONS, Defects, Runtime

DEFECTS = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    """The runtime that `make real` has started, or one that is left running."""
    info = os.environ.get("MUXI_REAL_RUNTIME")
    if info is None:
        info = subprocess.run(
            [Path(__file__).parent / "kit" / "up"], stdout=subprocess.PIPE, check=True, text=True
        ).stdout
    return Runtime(json.loads(info))


@pytest.fixture(scope="session", params=[SyncFace, AsyncFace], ids=lambda kind: kind.name)
def shared_face(request: pytest.FixtureRequest, runtime: Runtime) -> Iterator[Face]:
    face: Face = request.param(**runtime.settings())
    yield face
    face.close()


@pytest.fixture
def face(shared_face: Face, request: pytest.FixtureRequest) -> Iterator[Face]:
    """A face. The test of an operation must call it."""
    shared_face.called.clear()
    yield shared_face
    operation = request.function.__name__.removeprefix("test_")
    assert operation not in OPERATIONS or operation in shared_face.called


@pytest.fixture
def user() -> str:
    """A user whom no other test knows."""
    return f"user-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def defects(request: pytest.FixtureRequest) -> Defects:
    return Defects(request.config.stash[DEFECTS])


def pytest_configure(config: pytest.Config) -> None:
    config.stash[DEFECTS] = {}
    config.addinivalue_line("markers", "last: spoils the runtime for those after it")
    config.addinivalue_line("markers", "real_only(reason): muxi-local cannot do it, for that reason")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items if os.environ.get("MUXI_REAL_LOCAL") else ():
        if mark := item.get_closest_marker("real_only"):
            item.add_marker(pytest.mark.skip(reason=mark.args[0]))
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """List the defects, and leave the counts to `run.py`."""
    met = config.stash[DEFECTS]
    terminalreporter.section("defects of the runtime, as expected")
    for what, shown in sorted(met.items()):
        terminalreporter.write_line(f"{what}{': ' if shown else ''}{shown[:200]}")
    if report := os.environ.get("MUXI_REAL_REPORT"):
        failed = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
        failures = {f"Python {one.nodeid}": first_line(one) for one in failed}
        counts = {"operations": len(OPERATIONS), "defects": len(met), "failures": failures}
        Path(report).write_text(json.dumps(counts))


def first_line(failed: pytest.TestReport | pytest.CollectReport) -> str:
    """The first line of the failure of a test, or of a file that could not be read."""
    crash = getattr(failed.longrepr, "reprcrash", None)
    text = crash.message if crash else failed.longreprtext
    return (text.strip().splitlines() or [""])[0]
