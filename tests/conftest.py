"""What the tests share: a local MUXI server with clients of it, and a server that answers by a script."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from muxi.testing import LocalServer
from support import Scripted

# What the developer has set must not change what the tests see.
for name in [name for name in os.environ if name.startswith("MUXI_") and not name.startswith("MUXI_REAL_")]:
    del os.environ[name]


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
