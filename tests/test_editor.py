"""The package in an editor: completion and hover, asked of pyright's language server and of jedi."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jedi  # type: ignore[import-untyped]
import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = """\
from muxi import FormationClient
formation = FormationClient()
turn = formation.chat({"message": "hi", ""})
formation.get_request_status("id", "ada")["status"] == ""
for event in formation.chat_stream({"message": "hi"}):
    event.
turn.message.
turn[""]
formation.create_scheduler_job("")
"""


class Editor:
    """A language client with one open file."""

    def __init__(self) -> None:
        server = Path(sys.executable).parent / "pyright-langserver"
        self._server = subprocess.Popen(
            [server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._count = 0
        self._uri = (ROOT / "tests" / "edited.py").as_uri()
        folder = {"uri": ROOT.as_uri(), "name": "project"}
        able = {"workspace": {"configuration": True, "workspaceFolders": True}}
        self.ask("initialize", processId=None, rootUri=folder["uri"], workspaceFolders=[folder], capabilities=able)
        self._send("initialized", {})
        document = {"uri": self._uri, "languageId": "python", "version": 1, "text": PROGRAM}
        self._send("textDocument/didOpen", {"textDocument": document})

    def _send(self, method: str, params: Any, **more: Any) -> None:
        self._write({"method": method, "params": params, **more})

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._server.stdout
        length = 0
        while (line := self._server.stdout.readline().strip()) or not length:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message: dict[str, Any] = json.loads(self._server.stdout.read(length))
        return message

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and return its result, answering what the server asks meanwhile."""
        self._count += 1
        own = self._count
        self._send(method, params, id=own)
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                # It asks which Python to look into, or tells what it can do.
                items = (message.get("params") or {}).get("items", [])
                settings = [{"pythonPath": sys.executable} if item["section"] == "python" else {} for item in items]
                self._write({"id": message["id"], "result": settings or None})
            elif message.get("id") == own:
                assert "error" not in message, message["error"]
                return message["result"]

    def at(self, method: str, line: int, text: str) -> Any:
        """Ask about the place right behind `text` in a line of the program."""
        character = PROGRAM.splitlines()[line].index(text) + len(text)
        position = {"line": line, "character": character}
        return self.ask(f"textDocument/{method}", textDocument={"uri": self._uri}, position=position)

    def completions(self, line: int, text: str) -> set[str]:
        found = self.at("completion", line, text)
        return {item["label"].strip("\"'") for item in (found["items"] if isinstance(found, dict) else found)}

    def hover(self, line: int, text: str) -> str:
        value: str = self.at("hover", line, text)["contents"]["value"]
        return value

    def close(self) -> None:
        self._server.kill()
        self._server.communicate()


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    client = Editor()
    yield client
    client.close()


def test_the_keys_of_a_request_are_offered(editor: Editor) -> None:
    assert {"session_id", "agent_id", "files"} <= editor.completions(2, '"hi", "')


def test_the_words_of_a_reply_are_offered(editor: Editor) -> None:
    assert {"processing", "completed", "failed", "cancelled"} <= editor.completions(3, '== "')


def test_the_words_of_an_argument_are_offered(editor: Editor) -> None:
    assert {"one_time", "recurring"} <= editor.completions(8, 'create_scheduler_job("')


def test_what_an_event_has_is_offered(editor: Editor) -> None:
    assert {"type", "text", "token", "finished", "widgets"} <= editor.completions(5, "event.")


def test_an_operation_is_explained(editor: Editor) -> None:
    shown = editor.hover(2, "formation.ch")
    assert "ChatRequest | Mapping[str, Any]" in shown
    assert "-> ChatResult" in shown
    assert "POST /chat" in shown


def test_the_attributes_and_the_keys_of_a_reply_are_offered(editor: Editor) -> None:
    assert {"content", "artifacts", "metadata", "ui"} <= editor.completions(6, "turn.message.")
    assert {"message", "user_id", "session_id"} <= editor.completions(7, 'turn["')


@pytest.mark.parametrize(
    ("program", "offered"),
    [
        ("from muxi import FormationClient\nFormationClient().get_a", {"get_agents", "get_artifact"}),
        ("from muxi import FormationClient\nwith FormationClient() as client:\n    client.", {"chat", "health"}),
        ("import muxi\nmuxi.ServerClient().list_formations().formations[0].", {"id", "status", "port"}),
        ("from muxi import FormationClient\nFormationClient().chat({}).message.", {"content", "artifacts"}),
        (
            "from muxi import FormationClient\nFormationClient().chat_stream({}).",
            {"text_deltas", "final_text", "close"},
        ),
        (
            "from muxi import FormationClient\nfor event in FormationClient().chat_stream({}):\n    event.",
            {"text", "type"},
        ),
        (
            "from muxi import AsyncFormationClient\n"
            "async def main():\n"
            "    async with AsyncFormationClient() as client:\n"
            "        (await client.health()).",
            {"status", "version"},
        ),
        ("import muxi\nmuxi.FormationClient().with_raw_response.", {"chat", "health"}),
        ("from muxi.testing import LocalServer\nwith LocalServer() as local:\n    local.formation().", {"chat"}),
    ],
)
def test_jedi_offers_the_same(program: str, offered: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Two processes may not share its cache.
    monkeypatch.setattr(jedi.settings, "cache_directory", str(tmp_path))
    paths = [str(ROOT / "python"), str(ROOT / "crates/muxi-local-python/python"), *sys.path[1:]]
    script = jedi.Script(program, project=jedi.Project(ROOT / "tests", sys_path=paths))
    lines = program.splitlines()
    assert offered <= {found.name for found in script.complete(len(lines), len(lines[-1]))}
