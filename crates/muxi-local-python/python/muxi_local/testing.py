"""A MUXI server for tests, in this process: fresh state, answers by a script, faults on request, a clock to move.

With pytest there is nothing to import; the package brings the fixtures ``muxi_server``, ``muxi_formation`` and
``muxi_async_formation``:

    def test_greeting(muxi_server, muxi_formation):
        muxi_server.script([{"when": {"text": "hello"}, "reply": "Hi!"}])
        assert muxi_formation.chat({"message": "hello"})["message"]["content"] == "Hi!"

Which formations the server serves is said by a mark, for a test, a class or a module:

    pytestmark = pytest.mark.muxi("formations/support-desk", script="tests/support.yaml")

Without pytest, `LocalServer` is a context manager.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

from muxi import AsyncFormationClient, AsyncServerClient, FormationClient, ServerClient

from . import _muxi_local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from types import EllipsisType, TracebackType
    from typing import Any, Literal

    from typing_extensions import Self

__all__ = ["Clock", "LocalServer", "Request", "WebhookAnswer"]


class Request(NamedTuple):
    """A request that the server has received."""

    method: str
    """HTTP method."""
    path: str
    """Path as it came."""
    query: str | None
    """Query as it came."""
    headers: dict[str, str]
    """Headers, names in lower case; keys, signatures and cookies are left out."""
    formation: str | None
    """Formation that the path names."""
    operation: str | None
    """Name of the operation, which is that of the client's method; the first where several share a route."""
    user: str | None
    """User on whose behalf the request was made."""
    idempotency_key: str | None
    """Idempotency key; all attempts of one call share it."""
    attempt: int
    """1 for the first attempt of a call."""
    status: int | None
    """HTTP status of the answer; None while there is none."""
    duration_ms: float | None
    """Milliseconds until the answer was sent or given up; None while it is under way."""
    body: Any
    """Body, parsed where it is JSON and as text otherwise.

    None where there is none, where it is a bundle or longer than 16 MiB, and for operations on secrets and credentials.
    """
    bytes_in: int
    """Bytes of the request's body."""
    bytes_out: int
    """Bytes of the answer's body."""
    fault: str | None
    """Fault that the request met."""

    def __repr__(self) -> str:
        """Show neither headers nor the body, which may hold what is private."""
        shown = ("method", "path", "operation", "user", "attempt", "status", "fault")
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


class WebhookAnswer(NamedTuple):
    """A receiver's answer to a webhook."""

    status: int
    """HTTP status."""
    body: str
    """Body, as text."""


class Clock:
    """The server's clock, which runs by itself and can be moved forward."""

    __slots__ = ("_server",)

    def __init__(self, server: _muxi_local.LocalServer) -> None:
        self._server = server

    def advance(self, by: float | timedelta) -> None:
        """Move the clock forward: jobs, retries and expiries that are due by then happen now.

        Args:
            by: Seconds, or a timedelta.

        Raises:
            ValueError: The time is negative or not finite.
        """
        self._server.advance(float(by) if isinstance(by, (int, float)) else by.total_seconds())


class LocalServer:
    """A MUXI server in this process, with state of its own that ends with it.

    Args:
        formations: Folders, formation files or ``.tar.gz`` bundles to serve; the built-in ``demo`` without any.
        script: What chat messages are answered with; see `script`.
        quirks: Defects of the shipped runtime and server to reproduce: ``"real"``, ``"fixed"``, or names.
        data: Folder that keeps the state; in memory without it.

    Raises:
        ValueError: A formation, the script or a quirk is wrong; the message says where and what was expected.
        OSError: The server cannot start.
    """

    url: str
    """Base URL of the server."""
    key_id: str
    """Id of the server's key."""
    secret_key: str
    """Secret of the server's key."""
    formation_id: str
    """Id of the first formation."""
    admin_key: str
    """Admin key of the first formation."""
    client_key: str
    """Client key of the first formation."""
    clock: Clock
    """The server's clock."""

    def __init__(
        self,
        *formations: str | os.PathLike[str],
        script: str | os.PathLike[str] | Sequence[Mapping[str, Any]] | None = None,
        quirks: str | None = None,
        data: str | os.PathLike[str] | None = None,
    ) -> None:
        text = None if script is None else _script_text(script)
        folder = None if data is None else Path(data)
        self._server = _muxi_local.LocalServer([Path(path) for path in formations], text, quirks, folder)
        for name, value in self._server.describe():
            setattr(self, name, value)
        self._keys = {name: (admin, client) for name, admin, client in self._server.formations()}
        self.clock = Clock(self._server)

    def script(self, rules: str | os.PathLike[str] | Sequence[Mapping[str, Any]]) -> None:
        """Set what chat messages are answered with, in place of the script before.

        Args:
            rules: A list of rules, YAML text with one, or the path of such a file. The page ``docs/local.md`` has
                the format.

        Raises:
            ValueError: A rule is wrong; the message says which and what was expected.
        """
        self._server.script(_script_text(rules))

    def fail(self, operation: str | None = None, *, times: int | EllipsisType | None = ..., **fault: Any) -> None:
        """Make requests fail.

        Args:
            operation: Name of the operation that fails, which is that of the client's method, or a path such as
                ``/v1/mem*``; all without it.
            times: How many requests fail; None for all. One unless given, and all with ``every`` or ``rate``.
            **fault: What happens, for instance ``status=503, retry_after=2`` or ``reset="body"``. The page
                ``docs/local.md`` lists all.

        Raises:
            ValueError: There is no such fault; the message lists those there are.
        """
        if times is ...:
            times = None if fault.keys() & {"every", "rate"} else 1
        given = {"path": operation, "times": times, **fault}
        self._server.fail(json.dumps({name: value for name, value in given.items() if value is not None}))

    def send_webhook(
        self,
        url: str,
        payload: Mapping[str, Any] | None = None,
        *,
        status: Literal["completed", "failed", "awaiting_clarification"] = "completed",
        text: str = "Hello!",
        user_id: str = "0",
        formation_id: str | None = None,
        signature: Literal["valid", "wrong", "missing"] = "valid",
        age: int = 0,
        times: int = 1,
    ) -> list[WebhookAnswer]:
        """Send a webhook as a formation does when a turn has ended, signed with its admin key.

        Args:
            url: Where your application receives webhooks.
            payload: Payload to send in place of that of a turn.
            status: What became of the turn.
            text: Answer, reason of the failure, or question.
            user_id: User of the turn.
            formation_id: Formation that sends it; the first one without.
            signature: A valid signature, one with another key, or none.
            age: Seconds by which the signature is old, as of a webhook that somebody sends again.
            times: How often the same webhook is sent, as by a formation that got no answer.

        Returns:
            The answers, one for each time.

        Raises:
            ValueError: An argument is wrong.
            OSError: The formation does not run, or there was no answer within 30 seconds.
        """
        given = {
            "url": url,
            "formation_id": formation_id,
            "payload": payload if payload is None else dict(payload),
            "status": status,
            "text": text,
            "user_id": user_id,
            "signature": signature,
            "age": age,
            "times": times,
        }
        return [WebhookAnswer(**answer) for answer in json.loads(self._server.send_webhook(json.dumps(given)))]

    def clear_faults(self) -> None:
        """Let all be well again."""
        self._server.clear_faults()

    @property
    def requests(self) -> list[Request]:
        """The requests since the start, `reset` or `clear_requests`, oldest first.

        Raises:
            RuntimeError: More have arrived than are kept: 10,000, with 64 MiB of bodies.
        """
        return [Request(*map(row.get, Request._fields)) for row in json.loads(self._server.requests())]

    def clear_requests(self) -> None:
        """Forget the requests that have arrived."""
        self._server.clear_requests()

    def reset(self) -> None:
        """Put everything back to the start: state, deployed formations, faults, clock, and what has arrived."""
        self._server.reset()

    def server(self, **settings: Any) -> ServerClient:
        """Return a client of the control plane; the arguments are those of `ServerClient`."""
        return ServerClient(**self._server_settings(settings))

    def async_server(self, **settings: Any) -> AsyncServerClient:
        """Return a client of the control plane; the arguments are those of `AsyncServerClient`."""
        return AsyncServerClient(**self._server_settings(settings))

    def formation(self, **settings: Any) -> FormationClient:
        """Return a client of the first formation, or of ``formation_id=``.

        The arguments are those of `FormationClient`.
        """
        return FormationClient(**self._formation_settings(settings))

    def async_formation(self, **settings: Any) -> AsyncFormationClient:
        """Return a client of the first formation, or of ``formation_id=``.

        The arguments are those of `AsyncFormationClient`.
        """
        return AsyncFormationClient(**self._formation_settings(settings))

    def environment(self) -> dict[str, str]:
        """Return the environment variables from which clients, also of other processes, find this server.

        Those of ``no_proxy`` are kept, and the server is added: it is on this machine, which no proxy is in front of.
        """
        known = os.environ.get("no_proxy", os.environ.get("NO_PROXY"))
        own = "127.0.0.1"
        return dict(self._server.environment()) | {"no_proxy": f"{known},{own}" if known else own}

    def close(self) -> None:
        """Stop the server. May be called again."""
        self._server.close()

    def _server_settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        # The server is on this machine, which no proxy is in front of.
        own = {"url": self.url, "key_id": self.key_id, "secret_key": self.secret_key, "proxy": False}
        return own | settings

    def _formation_settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        name = settings.get("formation_id") or self.formation_id
        admin_key, client_key = self._keys.get(name, (self.admin_key, self.client_key))
        own = {"server_url": self.url, "formation_id": name, "admin_key": admin_key, "client_key": client_key}
        return own | {"proxy": False} | settings

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self.url!r}, formation_id={self.formation_id!r})"


def _script_text(script: str | os.PathLike[str] | Sequence[Mapping[str, Any]]) -> str:
    """Return the script as YAML text: a list is written as JSON, which is YAML, too."""
    if isinstance(script, os.PathLike):
        return Path(script).read_text(encoding="utf-8")
    if isinstance(script, str):
        # A path has no line break and a suffix; rules have one or are a list in brackets.
        one_line = "\n" not in script and script.endswith((".yaml", ".yml"))
        return Path(script).read_text(encoding="utf-8") if one_line else script
    return json.dumps([dict(rule) for rule in script])
