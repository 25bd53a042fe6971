"""The example applications with a chat page, each run as a program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ["cargo", "build", "--quiet", "--package", "axum-chat"]
# The line by which uvicorn and axum-chat tell their URL.
READY = re.compile(r"(?:INFO: +Uvicorn running on )?(http://\S+)")


@dataclass(frozen=True)
class Application:
    """An application: how it is started, and what is its own in the requests that it takes and makes."""

    name: str
    command: tuple[str, ...]
    # The name of the question in what its page posts to `/chat`.
    question: str
    # The user of its turns.
    user: str

    @contextmanager
    def serving(self, environment: dict[str, str]) -> Iterator[str]:
        """Run it on a free port, with those variables; its URL."""
        with subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=os.environ | {"PORT": "0"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as program:
            assert program.stdout is not None
            try:
                said = ""
                for line in program.stdout:
                    said += line
                    if found := READY.match(line):
                        break
                else:
                    raise RuntimeError(f"{self.name} has ended: {said}")
                yield found[1]
            finally:
                program.terminate()


FASTAPI = Application(
    "fastapi-chat",
    (sys.executable, "-m", "uvicorn", "--app-dir", "examples/fastapi-chat", "--port", "0", "chat:app"),
    "text",
    "guest",
)
AXUM = Application("axum-chat", ("cargo", "run", "--quiet", "--package", "axum-chat"), "message", "web")
