"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from support import Scripted

# What the developer has set must not change what the tests see.
for name in [name for name in os.environ if name.startswith("MUXI_")]:
    del os.environ[name]


@pytest.fixture(scope="session")
def scripted() -> Iterator[Scripted]:
    program = Scripted()
    yield program
    program.end()
