"""Use the installed packages as an application would: the local server, and chats with it from both faces."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import muxi
import muxi_local
from muxi import AsyncFormationClient, FormationClient
from muxi.testing import LocalServer

QUESTION, ANSWER = "Hello!", "Hi, who is there?"


def blocking(formation: FormationClient) -> None:
    assert formation.health().status == "healthy", formation.health()
    assert formation.chat(QUESTION, user_id="ada").text == ANSWER
    with formation.chat_stream(QUESTION, user_id="ada") as turn:
        assert "".join(turn.text_deltas()) == ANSWER
        turn.result().raise_for_status()


async def awaited(formation: AsyncFormationClient) -> None:
    async with formation:
        turn = formation.chat_stream(QUESTION, user_id="ada")
        assert "".join([text async for text in turn.text_deltas()]) == ANSWER


def program() -> None:
    """Start the server's program, and talk with it."""
    command = [sys.executable, "-m", "muxi.local", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = json.loads(server.stdout.readline())
            names = ("formation_id", "client_key", "admin_key")
            formation = FormationClient(server_url=said["url"], **{name: said[name] for name in names})
            assert formation.health().status == "healthy"
        finally:
            server.terminate()


def main(version: str) -> None:
    places = {Path(package.__file__ or "").parent.parent for package in (muxi, muxi_local)}
    assert all(place.is_relative_to(sys.prefix) for place in places), places
    assert muxi.__version__ == version, muxi.__version__
    with LocalServer(script=[{"reply": ANSWER}]) as server:
        blocking(server.formation())
        asyncio.run(awaited(server.async_formation()))
    program()
    print(f"muxi {version} works in CPython {sys.version.split()[0]}")


if __name__ == "__main__":
    main(sys.argv[1])
