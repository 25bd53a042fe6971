"""What the tests share: a local MUXI server with clients of it, and a server that answers by a script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from isolated import isolate
from muxi.testing import LocalServer
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
