"""The scripted server, which the Rust tests use, too."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


class Scripted:
    """The program, and the servers that it runs."""

    def __init__(self) -> None:
        command = ["cargo", "run", "--quiet", "--package", "scripted"]
        self._program = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(json.dumps(command) + "\n")
        self._program.stdin.flush()
        answer: dict[str, Any] = json.loads(self._program.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    def start(self, replies: list[dict[str, Any]]) -> str:
        """Start a server and return its URL."""
        url: str = self._ask({"start": replies})["url"]
        return url

    def log(self, url: str) -> dict[str, Any]:
        """Return what has happened at that server."""
        return self._ask({"requests": url})

    def stop(self, url: str) -> None:
        """Stop that server."""
        self._ask({"stop": url})

    def end(self) -> None:
        """End the program."""
        self._program.communicate()
