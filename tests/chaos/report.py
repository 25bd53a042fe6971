"""The report of a driver on each call that it has made: a line of JSON."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TextIO

Kind = Literal["chat", "bounded", "stream", "memory", "read"]
KINDS: list[Kind] = ["chat", "bounded", "stream", "memory", "read"]
WEIGHTS = [25, 5, 40, 10, 20]
# Bytes that a reply to a call of the kind ``bounded`` may have.
BOUND = 4096
MESSAGES_PER_SESSION = 100
# Users of each face, which its workers share: the server keeps 10,000 sessions, and an hour has more workers.
USERS = 1000
WORDS = ["alpha", "beta", "gamma", "äöü", "\U0001f600\U0001f680", "delta " * 20, "日本語"]


@dataclass
class Call:
    """A call that must not be executed twice."""

    kind: Kind
    user: str
    session: str
    message: str
    outcome: str = "left"
    """``ok``, ``left`` where the driver gave it up, or the code of its error."""
    text: str = ""
    """The answer, as far as it was read."""


class Report:
    """The report of one driver, which its forked children go on with in files of their own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO = path.open("a", encoding="utf-8")

    def forked(self, child: int) -> None:
        """Go on in a file of the child's own."""
        self._file = self._path.with_suffix(f".{child}").open("a", encoding="utf-8")

    def add(self, call: Call) -> None:
        """Write down what became of a call."""
        self._file.write(json.dumps(asdict(call)) + "\n")
        self._file.flush()

    def problem(self, text: str) -> None:
        """Write down what must not happen."""
        self._file.write(json.dumps({"problem": text}) + "\n")
        self._file.flush()


class Worker:
    """Makes up the calls of one worker of a driver; no two calls have the same message."""

    def __init__(self, face: str, name: str, seed: str) -> None:
        self.choice = random.Random(f"{seed}/{face}/{name}")
        self.user = f"{face}-{self.choice.randrange(USERS)}"
        self._name = f"{face}-{name}"
        self._made = 0

    def call(self, kind: Kind) -> Call:
        """Make up a call."""
        self._made += 1
        words = " ".join(self.choice.choices(WORDS, k=int(10 ** self.choice.uniform(0, 2.5))))
        session = f"{self.user}-{self._made // MESSAGES_PER_SESSION}"
        return Call(kind, self.user, session, f"{self._name} {self._made}: {words.strip()}")
