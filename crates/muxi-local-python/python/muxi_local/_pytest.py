"""The pytest plugin.

Every pytest run of an environment with this package loads it, so it imports nothing before a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from muxi import AsyncFormationClient, FormationClient

    from .testing import LocalServer


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line(
        "markers",
        "muxi(*formations, script=None, quirks=None, data=None): what muxi_server serves; the arguments are those of "
        "muxi.testing.LocalServer, and paths are relative to pytest's root folder.",
    )


@pytest.fixture
def muxi_server(request: pytest.FixtureRequest) -> Iterator[LocalServer]:
    """A fresh MUXI server for this test, with keys of its own; see `muxi.testing.LocalServer`."""
    from ._script import as_path
    from .testing import LocalServer

    marks = list(request.node.iter_markers("muxi"))
    arguments: tuple[Any, ...] = next((mark.args for mark in marks if mark.args), ())
    # The nearest mark comes first, and its keywords win.
    options: dict[str, Any] = {name: value for mark in reversed(marks) for name, value in mark.kwargs.items()}
    root = request.config.rootpath
    if script := as_path(options.get("script")):
        options["script"] = root / script
    if data := options.get("data"):
        options["data"] = root / data
    with LocalServer(*(root / path for path in arguments), **options) as server:
        yield server


@pytest.fixture
def muxi_formation(muxi_server: LocalServer) -> Iterator[FormationClient]:
    """A client of the server's first formation."""
    with muxi_server.formation() as client:
        yield client


@pytest.fixture
def muxi_async_formation(muxi_server: LocalServer) -> Iterator[AsyncFormationClient]:
    """An async client of the server's first formation."""
    client = muxi_server.async_formation()
    yield client
    client.close()
