"""What the tests share: a local MUXI server with clients of it, and a server that answers by a script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from muxi import AsyncFormationClient, AsyncServerClient, FormationClient, ServerClient
from support import Scripted

# What the developer has set must not change what the tests see.
for name in [name for name in os.environ if name.startswith("MUXI_") and not name.startswith("MUXI_REAL_")]:
    del os.environ[name]


@dataclass
class Local:
    """A running muxi-local, and how to reach it."""

    url: str
    key_id: str
    secret_key: str
    formation_id: str
    admin_key: str
    client_key: str

    def server(self, **settings: Any) -> ServerClient:
        return ServerClient(**self._server(settings))

    def async_server(self, **settings: Any) -> AsyncServerClient:
        return AsyncServerClient(**self._server(settings))

    def formation(self, **settings: Any) -> FormationClient:
        return FormationClient(**self._formation(settings))

    def async_formation(self, **settings: Any) -> AsyncFormationClient:
        return AsyncFormationClient(**self._formation(settings))

    def environment(self) -> dict[str, str]:
        names = {"MUXI_SERVER_URL": self.url, "MUXI_KEY_ID": self.key_id, "MUXI_SECRET_KEY": self.secret_key}
        names |= {"MUXI_FORMATION_ID": self.formation_id, "MUXI_ADMIN_KEY": self.admin_key}
        return names | {"MUXI_CLIENT_KEY": self.client_key}

    def _server(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {"url": self.url, "key_id": self.key_id, "secret_key": self.secret_key, **settings}

    def _formation(self, settings: dict[str, Any]) -> dict[str, Any]:
        own = {"server_url": self.url, "formation_id": self.formation_id}
        return {**own, "admin_key": self.admin_key, "client_key": self.client_key, **settings}


@pytest.fixture(scope="session")
def local() -> Iterator[Local]:
    """One muxi-local for all tests; each uses users and names of its own."""
    command = [sys.executable, "-m", "muxi.local", "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    started = json.loads(process.stdout.readline())
    yield Local(**{name: started[name] for name in Local.__dataclass_fields__})
    process.terminate()
    assert process.wait(timeout=10) == 0
    process.stdout.close()


@pytest.fixture(scope="session")
def scripted() -> Iterator[Scripted]:
    """The program that answers by a script."""
    program = Scripted()
    yield program
    program.end()
