"""A MUXI server for tests, in this process: fresh state, answers by a script, faults on request, a clock to move.

With pytest there is nothing to import; the package brings the fixtures ``muxi_server``, ``muxi_formation`` and
``muxi_async_formation``:

    def test_greeting(muxi_server, muxi_formation):
        muxi_server.script([{"when": {"text": "hello"}, "reply": "Hi!"}])
        assert muxi_formation.chat({"message": "hello"})["message"]["content"] == "Hi!"

A mark on a test, a class or a module names the formations that the server serves:

    pytestmark = pytest.mark.muxi("formations/support-desk", script="tests/support.yaml")

Without pytest, `LocalServer` is a context manager.
"""

from __future__ import annotations

import json
import math
import os
import warnings
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from muxi import AsyncFormationClient, AsyncServerClient, FormationClient, ServerClient

from . import _muxi_local, _script, _webhook
from ._arguments import check_settings, to_formations, to_path
from ._fault import ArmedFault, FaultParts
from ._script import Reply, Rule, Script, When
from ._webhook import WebhookAnswer

# A call, since jedi believes a literal and would complete nothing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import EllipsisType, TracebackType
    from typing import Any, TypeVar

    from muxi._settings import FormationSettings, ServerSettings
    from typing_extensions import Unpack

    # Instead of `Self`, where jedi is to complete what is returned.
    _Self = TypeVar("_Self", bound="LocalServer")

__all__ = [
    "ArmedFault",
    "Clock",
    "FaultParts",
    "LocalServer",
    "Reply",
    "Request",
    "Rule",
    "Script",
    "WebhookAnswer",
    "When",
]


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


# Some hours before the year ends, since the server's clock can tell each time in every time zone.
_END = datetime(9999, 12, 30, 22, tzinfo=timezone.utc)


class Clock:
    """The server's clock, which runs by itself and can be moved forward."""

    __slots__ = ("_server",)

    def __init__(self, server: _muxi_local.LocalServer) -> None:
        self._server = server

    @property
    def now(self) -> datetime:
        """Time of the server, in UTC."""
        return self._server.now()

    def advance(self, by: float | timedelta) -> None:
        """Move the clock forward: jobs, retries and expiries that are due by then happen now.

        Args:
            by: Seconds, or a timedelta.

        Raises:
            TypeError: The time is neither a number nor a timedelta.
            ValueError: The time is negative, not finite, or longer than until the end of the year 9999.
        """
        if not isinstance(by, int | float | timedelta):
            raise TypeError(f"by must be a number of seconds or a timedelta, not {by!r}")
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        most = int((_END - self.now).total_seconds())
        if most < seconds < math.inf:
            raise ValueError(f"by must be at most {most} seconds, since the clock ends with the year 9999, not {by!r}")
        self._server.advance(float(seconds))


class LocalServer:
    """A MUXI server in this process, with state of its own that ends with it.

    Oddities of a formation, such as an unknown key, are warnings (`UserWarning`) with file and line.

    Args:
        formations: Folders, formation files or ``.tar.gz`` bundles to serve; the built-in ``demo`` without any.
        script: Script by which chat messages are answered; see `script`.
        quirks: Defects of the shipped runtime and server to reproduce: ``"real"``, ``"fixed"``, or names.
        data: Folder that keeps the state; in memory without it.

    Raises:
        TypeError: An argument has a wrong type.
        ValueError: A formation, the script or a quirk is wrong; the message says where and what was expected.
        OSError: The script cannot be read, or the server cannot start.
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
        script: _script.AnyScript | None = None,
        quirks: str | None = None,
        data: str | os.PathLike[str] | None = None,
    ) -> None:
        source = None if script is None else _script.source(script)
        folder = None if data is None else to_path("data", data)
        if not isinstance(quirks, str | None):
            raise TypeError(f'quirks must be a str such as "real" or "default,-unsigned-notifications", not {quirks!r}')
        self._server = _muxi_local.LocalServer(to_formations(formations), source, quirks, folder)
        for name, value in self._server.describe():
            setattr(self, name, value)
        self._keys = {name: (admin, client) for name, admin, client in self._server.formations()}
        self.clock = Clock(self._server)
        for warning in self._server.warnings():
            warnings.warn(warning, stacklevel=2)

    def script(self, rules: _script.AnyScript) -> None:
        """Set the script by which chat messages are answered, in place of the one before.

        Args:
            rules: A list of rules, a mapping (`Script`), YAML text with one of them, or the path of such a file. The
                page ``docs/testing.md`` has the format.

        Raises:
            TypeError: It is no script.
            ValueError: A rule is wrong; the message says which and what was expected.
            OSError: The file cannot be read.
        """
        self._server.script(_script.source(rules))

    def fail(
        self, operation: str | None = None, *, times: int | EllipsisType | None = ..., **fault: Unpack[FaultParts]
    ) -> None:
        """Make requests fail.

        Args:
            operation: Name of the operation that fails, which is that of the client's method, or a path such as
                ``/v1/mem*``; all without it.
            times: The number of requests that fail; None for all. One unless given, and all with ``every`` or ``rate``.
            **fault: Parts of the fault, for instance ``status=503, retry_after=2`` or ``reset="body"``. The page
                ``docs/testing.md`` lists all.

        Raises:
            TypeError: There are both ``operation`` and ``path``.
            ValueError: There is no such fault; the message lists those there are.
        """
        path = fault.get("path")
        if operation is not None and path is not None:
            raise TypeError(
                "fail() got multiple values for argument 'path': the first argument is the path, "
                f"and {operation!r} and {path!r} are two"
            )
        if times is ...:
            times = None if fault.keys() & {"every", "rate"} else 1
        given = {**fault, "path": path if operation is None else operation, "times": times}
        self._server.fail(json.dumps({name: value for name, value in given.items() if value is not None}))

    def send_webhook(
        self,
        url: str,
        payload: Mapping[str, Any] | None = None,
        *,
        status: _webhook.Status = "completed",
        text: str = "Hello!",
        user_id: str = "0",
        formation_id: str | None = None,
        signature: _webhook.Signature = "valid",
        age: int = 0,
        times: int = 1,
    ) -> list[WebhookAnswer]:
        """Send a webhook as a formation does when a turn has ended, signed with its admin key.

        Args:
            url: The URL at which your application receives webhooks.
            payload: Payload to send in place of that of a turn, which ``status``, ``text`` and ``user_id`` make.
            status: The outcome of the turn.
            text: Answer, reason of the failure, or question.
            user_id: User of the turn.
            formation_id: Formation that sends it; the first one without.
            signature: A valid signature, one with another key, or none.
            age: Seconds by which the signature is old, as of a webhook that a stranger sends again.
            times: The number of times that the same webhook is sent, as by a formation that got no answer.

        Returns:
            The answers, one for each time.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: An argument has a wrong value, or there are both ``payload`` and one of those that make it.
            OSError: The formation does not run, or there was no answer within 30 seconds.
        """
        given = {
            "url": url,
            "formation_id": formation_id,
            "payload": payload,
            "status": status,
            "text": text,
            "user_id": user_id,
            "signature": signature,
            "age": age,
            "times": times,
        }
        webhook = _webhook.to_json(given, LocalServer.send_webhook.__kwdefaults__ or {})
        answers = json.loads(self._server.send_webhook(webhook))
        return [WebhookAnswer(**answer) for answer in answers]

    @property
    def faults(self) -> tuple[ArmedFault, ...]:
        """The faults that are armed, oldest first. One that has met all its requests is armed no longer."""
        return tuple(ArmedFault(row["fault"], row["text"], row["used"]) for row in json.loads(self._server.faults()))

    def clear_faults(self) -> None:
        """Disarm all faults."""
        self._server.clear_faults()

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests since the start, `reset` or `clear_requests`, oldest first.

        Raises:
            RuntimeError: More have arrived than are kept: 10,000, with 64 MiB of bodies.
        """
        return tuple(Request(*map(row.get, Request._fields)) for row in json.loads(self._server.requests()))

    def clear_requests(self) -> None:
        """Forget the requests that have arrived."""
        self._server.clear_requests()

    def reset(self) -> None:
        """Put everything back to the start: state, deployed formations, faults, clock, and what has arrived."""
        self._server.reset()

    def server(self, **settings: Unpack[ServerSettings]) -> ServerClient:
        """Return a client of the control plane; the arguments are those of `ServerClient`."""
        check_settings("server", settings, ServerClient)
        return ServerClient(**self._server_settings(settings))

    def async_server(self, **settings: Unpack[ServerSettings]) -> AsyncServerClient:
        """Return a client of the control plane; the arguments are those of `AsyncServerClient`."""
        check_settings("async_server", settings, AsyncServerClient)
        return AsyncServerClient(**self._server_settings(settings))

    def formation(self, **settings: Unpack[FormationSettings]) -> FormationClient:
        """Return a client of the first formation, or of ``formation_id=``.

        The arguments are those of `FormationClient`.
        """
        check_settings("formation", settings, FormationClient)
        return FormationClient(**self._formation_settings(settings))

    def async_formation(self, **settings: Unpack[FormationSettings]) -> AsyncFormationClient:
        """Return a client of the first formation, or of ``formation_id=``.

        The arguments are those of `AsyncFormationClient`.
        """
        check_settings("async_formation", settings, AsyncFormationClient)
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

    def _server_settings(self, settings: ServerSettings) -> dict[str, Any]:
        # The server is on this machine, which no proxy is in front of.
        own = {"url": self.url, "key_id": self.key_id, "secret_key": self.secret_key, "proxy": False}
        return own | settings

    def _formation_settings(self, settings: FormationSettings) -> dict[str, Any]:
        name = settings.get("formation_id") or self.formation_id
        admin_key, client_key = self._keys.get(name, (self.admin_key, self.client_key))
        own = {"server_url": self.url, "formation_id": name, "admin_key": admin_key, "client_key": client_key}
        return own | {"proxy": False} | settings

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self.url!r}, formation_id={self.formation_id!r})"
