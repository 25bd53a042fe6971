"""The examples, run as a user runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from muxi.testing import LocalServer

ROOT = Path(__file__).parent.parent


def run(local: LocalServer, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        env=os.environ | local.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("quickstart.py", "'status': 'healthy'"),
        ("quickstart_async.py", "'event': 'message'"),
        ("server_status.py", "demo"),
        ("formation_health.py", "is healthy, up for"),
        ("chat_stream.py", "Echo: What can you do for me?\n(session sess_"),
        ("async_chat.py", "joan: 4 messages in the session"),
    ],
)
def test_example(local: LocalServer, program: str, shown: str) -> None:
    assert shown in run(local, str(ROOT / "examples" / program))


def test_deploy_example(local: LocalServer, tmp_path: Path) -> None:
    folder = tmp_path / "example-bundle"
    folder.mkdir()
    config = "id: example-bundle\ndescription: An example\nversion: {}\nagents:\n  - id: helper\n    name: Helper\n"
    (folder / "formation.afs").write_text(config.format("1.0.0"))
    program = str(ROOT / "examples" / "deploy.py")
    output = run(local, program, str(folder))
    assert output.startswith("extracting ")
    assert "complete" in output
    (folder / "formation.afs").write_text(config.format("1.1.0"))
    updated = run(local, program, str(folder))
    assert updated.startswith("updated to version 2\n")
    assert "100%" in updated


def test_the_demo_runs() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples/demo.py")], stdout=subprocess.PIPE, text=True, check=True
    )
    for shown in ("muxi-local answers at http://127.0.0.1:", "'status': 'healthy'", "'event': 'message'", "Echo: "):
        assert shown in done.stdout


def test_the_application_with_fastapi(local: LocalServer) -> None:
    assert "5 passed" in run(local, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / "examples/fastapi-chat"))
