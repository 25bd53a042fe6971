"""The pytest plugin.

Every pytest run of an environment with this package loads it, so it imports nothing large before a fixture is used.
"""

from __future__ import annotations

import warnings
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
    # They would point at this file.
    with warnings.catch_warnings(record=True) as odd:
        warnings.simplefilter("always")
        server = _start(request.node)
    with server:
        for warning in odd:
            request.node.warn(warning.message)
        yield server


def _start(test: pytest.Item) -> LocalServer:
    """Start the server that a test's marks ask for. An error is told with the place of the test."""
    from ._arguments import to_formations, to_path
    from ._script import as_path
    from .testing import LocalServer

    marks = list(test.iter_markers("muxi"))
    arguments = next((mark.args for mark in marks if mark.args), ())
    # The nearest mark comes first, and its keywords win.
    options: dict[str, Any] = {name: value for mark in reversed(marks) for name, value in mark.kwargs.items()}
    root = test.config.rootpath
    try:
        for name, value in options.items():
            if name not in {"script", "quirks", "data"}:
                raise TypeError(
                    f"expected formations without a keyword, script=, quirks= or data=, not {name}={value!r}"
                )
        if script := as_path(options.get("script")):
            options["script"] = root / script
        if options.get("data") is not None:
            options["data"] = root / to_path("data", options["data"])
        return LocalServer(*(root / path for path in to_formations(arguments)), **options)
    except (TypeError, ValueError, OSError) as error:
        if not marks:
            raise
        file, line, _ = test.location
        pytest.fail(f"{file}:{(line or 0) + 1}: mark muxi: {error}", pytrace=False)


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
