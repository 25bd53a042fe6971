"""The programs of tests/migration with the official SDK against muxi-local: the same output as here, or a worse one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from muxi.testing import LocalServer
from test_migration import PROGRAMS, start

from parity.test_parity import OFFICIAL

INPUT = "one\ntwo\nquit\n"
SAME = ["agents", "chat_bot", "memory", "quickstart", "quickstart_async", "scheduler", "session_persistence", "widgets"]
# The results of the official SDK with the others.
WORSE = {
    "chat_text_tokens": "AttributeError: 'dict' object has no attribute 'text'",
    "errors": "ImportError: cannot import name 'AuthenticationError' from 'muxi'",
    "server": "TypeError: ServerClient.deploy_formation() got an unexpected keyword argument 'bundle_path'",
    "settings": "TypeError: string indices must be integers",
    "triggers": "muxi.errors.ValidationError: ",
}


def settled(text: str) -> str:
    """The text without what differs from run to run: numbers and ids."""
    return re.sub(r"\b(req|sess)_\w+|[0-9.]+", "#", text)


@pytest.mark.parametrize("name", SAME)
def test_the_same(local: LocalServer, name: str) -> None:
    official = start(local, name, INPUT, python=str(OFFICIAL))
    ours = start(local, name, INPUT)
    assert official.returncode == ours.returncode == 0, official.stderr + ours.stderr
    theirs, own = settled(official.stdout), settled(ours.stdout)
    # The second run of `session_persistence` finds the session of the first, too, and says so in a line of its own.
    assert theirs == own.replace("False\n", "")


@pytest.mark.parametrize("name", sorted(WORSE))
def test_better(local: LocalServer, name: str) -> None:
    official = start(local, name, python=str(OFFICIAL))
    assert official.returncode == 1
    assert WORSE[name] in official.stderr


def test_all_programs_are_here() -> None:
    """The webhook handler is compared by `webhook:verify-as-sent`."""
    assert sorted([*SAME, *WORSE, "webhook_handler"]) == sorted(path.stem for path in Path(PROGRAMS).glob("[a-z]*.py"))
