"""Fixtures of the tests: a local MUXI server with clients of it, and servers that answer by a script or on request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from isolated import isolate
from muxi.testing import LocalServer
from origin import Origin, Process
from support import Scripted

isolate()


@pytest.fixture(scope="session")
def local() -> Iterator[LocalServer]:
    """One muxi-local for all tests; each uses users and names of its own."""
    with LocalServer() as server:
        yield server


@pytest.fixture(scope="session")
def scripted() -> Iterator[Scripted]:
    """The program that answers by a script."""
    program = Scripted()
    yield program
    program.end()


@pytest.fixture(scope="session")
def _origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("origin"))
    yield process
    process.end()


@pytest.fixture
def origin(_origin: Process) -> Origin:
    """A place of its own at the server that does as clients ask it; see `program`."""
    return _origin.place()
