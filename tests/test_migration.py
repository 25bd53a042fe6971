"""Programs as the official SDK's documentation has them (tests/migration), run unchanged against muxi-local.

Only what never could have worked is adapted; a comment in the program says so.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from muxi.testing import LocalServer

ROOT = Path(__file__).parent.parent
PROGRAMS = Path(__file__).parent / "migration"
CONFIG = "id: my-bot\ndescription: A bot\nversion: 1.0.0\nagents:\n  - id: helper\n    name: Helper\n"


def start(
    local: LocalServer, name: str, lines: str = "", cwd: Path | None = None, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run a program with the local server's URL and keys in the place of its own."""
    code = (PROGRAMS / f"{name}.py").read_text().replace("http://localhost:7890", local.url)
    for key in ("key_id", "secret_key", "client_key", "admin_key"):
        code = code.replace(f"<{key}>", getattr(local, key))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MUXI_")}
    command = [python, "-W", "error" if python == sys.executable else "ignore", "-c", code]
    options: dict[str, Any] = {"input": lines, "cwd": cwd, "env": environment, "text": True, "timeout": 60}
    return subprocess.run(command, capture_output=True, **options)


def run(local: LocalServer, name: str, lines: str = "", cwd: Path | None = None) -> str:
    """Return what a program prints."""
    done = start(local, name, lines, cwd)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


def test_quickstart(local: LocalServer) -> None:
    output = run(local, "quickstart")
    assert "'formations': {" in output
    assert "'status': 'healthy'" in output


def test_quickstart_async(local: LocalServer) -> None:
    status, event = run(local, "quickstart_async").splitlines()
    assert "'formations': {" in status
    assert event.startswith("{'event': 'message', 'data': '{")


def test_chat_loop(local: LocalServer) -> None:
    """The documented loop prints every token with a content: progress, slices and the whole answer at the end."""
    output = run(local, "chat_bot", "How are you?\nquit\n")
    assert output.startswith("You: Assistant: ")
    assert "Echo: How are you?Echo: How are you?\nYou: " in output


def test_text_tokens(local: LocalServer) -> None:
    """With the runtime's tokens, which are objects, the documented loop prints nothing; ``event.text`` does."""
    documented, adapted = run(local, "chat_text_tokens").splitlines()
    assert documented.endswith("[]")
    assert adapted == "adapted: [Echo: hello]"


def test_session_persistence(local: LocalServer) -> None:
    output = run(local, "session_persistence", "one\ntwo\nquit\n").splitlines()
    assert output[-2] == "You: True"
    assert output[-1] == "['one', 'Echo: one', 'two', 'Echo: two']"


def test_agents(local: LocalServer) -> None:
    assert run(local, "agents") == "assistant Assistant\nresearcher Researcher\nAssistant\n"


def test_memory(local: LocalServer) -> None:
    assert run(local, "memory") == "True\n['Prefers Rust']\n0\n"


def test_triggers(local: LocalServer) -> None:
    answer, status = run(local, "triggers").splitlines()
    assert "New order 7. Say thanks." in answer
    assert status in ("processing", "completed")


def test_scheduler(local: LocalServer) -> None:
    assert run(local, "scheduler") == "[True]\n0\n"


def test_errors(local: LocalServer) -> None:
    refused, missing, lost, rest = run(local, "errors").splitlines()
    assert refused.startswith("Auth failed: ")
    assert missing == "Error: AGENT_NOT_FOUND - Agent 'nobody' not found (404)"
    assert lost == "No connection: 0"
    assert rest == "True True True True True RATE_LIMITED: slow down"


def test_widgets(local: LocalServer) -> None:
    assert run(local, "widgets").startswith("options: ")


def test_server(local: LocalServer, tmp_path: Path) -> None:
    (tmp_path / "my-bot").mkdir()
    (tmp_path / "my-bot" / "formation.afs").write_text(CONFIG)
    with tarfile.open(tmp_path / "my-bot.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "my-bot", "my-bot")
    output = run(local, "server", cwd=tmp_path).splitlines()
    assert output[1:5] == ["True", "Deployed: my-bot", "running", "['stderr', 'stdout']"]
    assert output[5].split()[-1] == "complete"
    assert output[6] == "my-bot"


def test_settings(local: LocalServer) -> None:
    url = f"{local.url}/api/demo/v1"
    echoes = [f"Echo: {n}" for n in range(5)]
    expected = ["True True", "4 healthy", f"{local.url} {url}", "healthy", str(echoes), f"4 {local.url}"]
    assert run(local, "settings").splitlines() == expected


def test_webhooks(local: LocalServer) -> None:
    """Signed as the runtime does it, which signs another form of the payload than it sends."""

    def signed(payload: dict[str, Any], secret: str) -> str:
        stamp = str(int(time.time()))
        canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"))
        digest = hmac.new(secret.encode(), f"{stamp}.{canonical}".encode(), hashlib.sha256).hexdigest()
        return f"t={stamp},v1={digest} {json.dumps(payload)}\n"

    done = {"status": "completed", "id": "req_1", "response": [{"type": "text", "text": "Hi"}], "timestamp": 1}
    failed = {"status": "failed", "id": "req_2", "error": {"code": "C", "message": "it broke"}, "timestamp": 1}
    asks = {"status": "awaiting_clarification", "request_id": "req_3", "clarification_question": "Which one?"}
    lines = [signed(payload, local.admin_key) for payload in (done, failed, asks)] + [signed(done, "another key")]
    output = run(local, "webhook_handler", "".join(lines))
    assert output == "req_1 Hi\n200\nError: it broke\n200\nQuestion: Which one?\n200\n401\n"


@pytest.mark.parametrize("name", sorted(path.stem for path in PROGRAMS.glob("[a-z]*.py")))
def test_every_program_is_run(name: str) -> None:
    assert f'"{name}"' in Path(__file__).read_text()
