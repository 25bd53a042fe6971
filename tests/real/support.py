"""The real runtime, and the defects of it that were met."""

from __future__ import annotations

import json
import os
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from muxi import FormationClient, MuxiError, NotFoundError

from real.faces import Face, until

OPERATIONS = [name for name, value in vars(FormationClient).items() if callable(value) and not name.startswith("_")]


class Runtime:
    """The running formation."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.url: str = info["url"]
        self.llm_url: str = info["llm_url"]
        self.is_local = bool(os.environ.get("MUXI_REAL_LOCAL"))
        self.formation_id: str = info["formation_id"]
        self.keys = {"admin_key": info["admin_key"], "client_key": info["client_key"]}

    def settings(self, **more: Any) -> dict[str, Any]:
        return {"base_url": self.url, **self.keys, "timeout": 120, **more}

    def environment(self) -> dict[str, str]:
        """The variables from which a program finds it."""
        keys = {f"MUXI_{name.upper()}": key for name, key in self.keys.items()}
        return {"MUXI_FORMATION_URL": self.url, **keys, "MUXI_TIMEOUT": "120"}

    def llm(self, path: str, **query: str) -> Any:
        """Ask the stand-in for the language model."""
        with urllib.request.urlopen(f"{self.llm_url}{path}?{urllib.parse.urlencode(query)}", timeout=30) as reply:
            return json.load(reply)

    def sign(self, data: bytes) -> Any:
        """Sign as a distillery does."""
        with urllib.request.urlopen(f"{self.llm_url}/sign", data, timeout=30) as reply:
            return json.load(reply)


class Defects:
    """Defects of the shipped runtime, by their number in section 14 of `contract/formation-api.md`."""

    def __init__(self, met: dict[str, str]) -> None:
        self._met = met

    def met(self, number: str, what: str, shown: str = "") -> None:
        """A defect that is no error was met."""
        self._met[f"{number:>4}  {what}"] = shown

    @contextmanager
    def error(
        self, number: str, what: str, kind: type[MuxiError], status: int, code: str, *words: str
    ) -> Iterator[None]:
        """Expect the error by which a user meets a defect."""
        with pytest.raises(kind) as caught:
            yield
        error = caught.value
        assert (type(error), error.status_code, error.code) == (kind, status, code), error
        for part in words:
            assert part in error.message
        self.met(number, what, f"{kind.__name__} {status} {error}")


def outcome(face: Face, request_id: str, user: str) -> Any:
    """Poll a request to its end. One that has just begun may not be known yet."""

    def status() -> Any:
        try:
            return face.call("get_request_status", request_id, user)
        except NotFoundError:
            return {"status": "unknown"}

    return until(status, lambda found: found["status"] not in ("unknown", "pending", "processing", "running"))


def ask(face: Face, user: str, message: str, **more: Any) -> Any:
    """Chat, wait until both messages are in the buffer, and return the reply."""
    reply = face.call("chat", {"message": message, **more}, user_id=user)
    until(
        lambda: face.call("get_session_messages", reply["session_id"], user, limit=1000)["messages"],
        lambda messages: (
            any(m["metadata"].get("request_id") == reply["request_id"] for m in messages[-1:])
            and messages[-1]["metadata"]["role"] == "assistant"
        ),
    )
    return reply
