"""Probes of everything but operations: names, constructors, settings, errors, retries, streams, webhooks.

Each probe runs on both packages; what it returns is compared. An exception is its result, by its type.
"""

from __future__ import annotations

import asyncio
import builtins
import dataclasses
import importlib
import inspect
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import muxi

from parity import plan

Probe = Callable[["Lab"], Any]
PROBES: dict[str, Probe] = {}


class Lab:
    """The equipment of a probe: clients of the recorder, and the recorder's script."""

    def __init__(self, url: str, recorder: Any) -> None:
        self.url = url
        self.recorder = recorder

    def script(self, *replies: list[str]) -> None:
        self.recorder.seen, self.recorder.script = [], list(replies) or [plan.reply(200, plan.success(plan.SOME))]

    def server(self, kind: str = "", **settings: Any) -> Any:
        own = {"url": self.url, "key_id": "key-1", "secret_key": "secret-1"}
        return getattr(muxi, f"{kind}ServerClient")(**own | settings)

    def formation(self, kind: str = "", **settings: Any) -> Any:
        own = {"base_url": f"{self.url}/v1", "admin_key": "admin-1", "client_key": "client-1"}
        return getattr(muxi, f"{kind}FormationClient")(**own | settings)


def probe(id: str) -> Callable[[Probe], Probe]:
    def add(function: Probe) -> Probe:
        PROBES[id] = function
        return function

    return add


def attempt(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:
        return f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}"


def run(url: str, recorder: Any) -> dict[str, Any]:
    from parity import probes_webhook, probes_wire  # noqa: F401 (they add their probes)

    lab = Lab(url, recorder)
    found = {}
    for id, function in PROBES.items():
        lab.script()
        found[id] = attempt(lambda function=function: function(lab))  # type: ignore[misc]
    return found


ERRORS = "MuxiError AuthenticationError AuthorizationError NotFoundError ConflictError ValidationError RateLimitError"
ERRORS += " ServerError ConnectionError"


@probe("import:package")
def _(lab: Lab) -> Any:
    names = "ServerClient ServerConfig AsyncServerClient FormationClient FormationConfig AsyncFormationClient"
    return [name for name in f"{names} parse_ui_widgets webhook __version__".split() if hasattr(muxi, name)]


@probe("import:errors-from-muxi")
def _(lab: Lab) -> Any:
    return [name for name in ERRORS.split() if hasattr(muxi, name)]


@probe("import:muxi.errors")
def _(lab: Lab) -> Any:
    return [name for name in [*ERRORS.split(), "map_error"] if hasattr(importlib.import_module("muxi.errors"), name)]


@probe("import:muxi.webhook")
def _(lab: Lab) -> Any:
    names = "WebhookEvent ContentItem ErrorDetails Clarification WebhookVerificationError verify_signature parse"
    arguments = inspect.signature(muxi.webhook.verify_signature).parameters.values()
    return [hasattr(muxi.webhook, name) for name in names.split()] + [(one.name, str(one.default)) for one in arguments]


@probe("import:muxi.formation, muxi.server")
def _(lab: Lab) -> Any:
    formation, server = importlib.import_module("muxi.formation"), importlib.import_module("muxi.server")
    names = [
        (formation, name) for name in ("FormationClient", "AsyncFormationClient", "FormationConfig", "parse_ui_widgets")
    ]
    names += [(server, name) for name in ("ServerClient", "AsyncServerClient", "ServerConfig")]
    return [name for module, name in names if hasattr(module, name)]


@probe("import:internal-modules")
def _(lab: Lab) -> Any:
    names = ("muxi.transport", "muxi.auth", "muxi.version", "muxi.version_check")
    return [attempt(lambda name=name: bool(importlib.import_module(name))) for name in names]  # type: ignore[misc]


@probe("import:version")
def _(lab: Lab) -> Any:
    return muxi.__version__


@probe("client:attributes")
def _(lab: Lab) -> Any:
    clients = [lab.server(), lab.server("Async"), lab.formation(), lab.formation("Async")]
    names = ["transport", "_transport", "_transport", "_transport"]
    return [hasattr(getattr(client, name), "base_url") for client, name in zip(clients, names, strict=True)]


@probe("client:base-url")
def _(lab: Lab) -> Any:
    ways: list[dict[str, Any]] = [
        {"base_url": "http://h/x/"},
        {"base_url": "http://h/x", "url": "http://i", "server_url": "http://j", "formation_id": "f"},
        {"url": "http://h:1/"},
        {"server_url": "http://h/p/", "formation_id": "f"},
        {"server_url": "http://h", "formation_id": "f", "mode": "draft"},
    ]
    return [muxi.FormationClient(client_key="c", **way)._transport.base_url for way in ways]


@probe("client:base-url-ends-in-v1")
def _(lab: Lab) -> Any:
    return muxi.FormationClient(url="http://h/v1", client_key="c")._transport.base_url


@probe("client:base-url-odd-id")
def _(lab: Lab) -> Any:
    return muxi.FormationClient(server_url="http://h", formation_id="a/b", client_key="c")._transport.base_url


@probe("client:mode-unknown")
def _(lab: Lab) -> Any:
    settings: dict[str, Any] = {"server_url": "http://h", "formation_id": "f", "mode": "Draft"}
    return muxi.FormationClient(client_key="c", **settings)._transport.base_url


@probe("client:transport-requests")
def _(lab: Lab) -> Any:
    return [hasattr(lab.server().transport, name) for name in ("request_json", "stream_lines")]


@probe("client:cfg")
def _(lab: Lab) -> Any:
    server = muxi.ServerClient(muxi.ServerConfig(lab.url, "key-1", "secret-1"))
    formation = muxi.FormationClient(cfg=muxi.FormationConfig(base_url=lab.url, client_key="c", admin_key="a"))
    return [server.status(), formation.get_config()]


@probe("client:cfg-and-keywords")
def _(lab: Lab) -> Any:
    return bool(muxi.FormationClient(muxi.FormationConfig(base_url=lab.url), client_key="c"))


@probe("client:constructor")
def _(lab: Lab) -> Any:
    """True if the keywords can be seen."""
    return ["client_key" in inspect.signature(muxi.FormationClient).parameters]


@probe("client:unknown-keyword")
def _(lab: Lab) -> Any:
    return lab.formation(no_such_setting=1)


@probe("client:formation-without-url")
def _(lab: Lab) -> Any:
    return muxi.FormationClient(client_key="c")


@probe("client:server-without-settings")
def _(lab: Lab) -> Any:
    return muxi.ServerClient()


@probe("client:without-admin-key")
def _(lab: Lab) -> Any:
    return muxi.FormationClient(base_url=lab.url, client_key="c").get_config()


@probe("client:without-client-key")
def _(lab: Lab) -> Any:
    return muxi.FormationClient(base_url=lab.url, admin_key="a").get_triggers()


@probe("client:health-without-key")
def _(lab: Lab) -> Any:
    return bool(muxi.FormationClient(base_url=lab.url).health())


@probe("client:memories-with-admin-key")
def _(lab: Lab) -> Any:
    return bool(muxi.FormationClient(base_url=lab.url, admin_key="a").get_memories("ada"))


@probe("client:environment")
def _(lab: Lab) -> Any:
    given = {"MUXI_SERVER_URL": lab.url, "MUXI_KEY_ID": "k", "MUXI_SECRET_KEY": "s"}
    os.environ.update(given)
    try:
        return bool(muxi.ServerClient().status())
    finally:
        for name in given:
            del os.environ[name]


@probe("client:close")
def _(lab: Lab) -> Any:
    return [lab.server().close(), asyncio.run(lab.formation("Async").aclose())]


@probe("client:timeout-zero")
def _(lab: Lab) -> Any:
    return bool(lab.formation(timeout=0).health())


@probe("client:with")
def _(lab: Lab) -> Any:
    async def both() -> None:
        async with lab.server("Async"), lab.formation("Async") as client:
            await client.health()

    with lab.server() as server, lab.formation() as formation:
        server.health()
        formation.health()
    asyncio.run(both())
    return "done"


@probe("client:with-closes-formation")
def _(lab: Lab) -> Any:
    with lab.formation() as client:
        client.health()
    return client.health()["name"]


@probe("client:with-closes-server")
def _(lab: Lab) -> Any:
    with lab.server() as client:
        client.health()
    return client.health()["name"]


@probe("client:pickle")
def _(lab: Lab) -> Any:
    import pickle

    return pickle.loads(pickle.dumps(lab.server())).transport.base_url == lab.url


@probe("client:app-header")
def _(lab: Lab) -> Any:
    lab.formation(_app="console").health()
    return lab.recorder.take()[0]["headers"]["x-muxi-app"]


@probe("config:fields")
def _(lab: Lab) -> Any:
    """Names, order and defaults, but for those of the three that the official package requires."""
    fields = [*dataclasses.fields(muxi.ServerConfig)[3:], *dataclasses.fields(muxi.FormationConfig)]
    required = [field.name for field in dataclasses.fields(muxi.ServerConfig)[:3]]
    return [required, [(field.name, repr(field.default)) for field in fields]]


@probe("config:required")
def _(lab: Lab) -> Any:
    return bool(muxi.ServerConfig())


@probe("config:repr-shows-keys")
def _(lab: Lab) -> Any:
    return "sk-secret" in repr(muxi.FormationConfig(admin_key="sk-secret"))


@probe("errors:attributes")
def _(lab: Lab) -> Any:
    error = muxi.errors.MuxiError("CODE", "message", 418, {"a": 1})
    limited = muxi.errors.RateLimitError("slow", 429, 3, {"b": 2})
    names = ("code", "message", "status_code", "details", "args")
    return [[getattr(one, name) for name in names] + [str(one)] for one in (error, limited)] + [limited.retry_after]


@probe("errors:more-attributes")
def _(lab: Lab) -> Any:
    return sorted(vars(muxi.errors.MuxiError("CODE", "message", 418)))


@probe("errors:classes")
def _(lab: Lab) -> Any:
    return [issubclass(getattr(muxi.errors, name), muxi.errors.MuxiError) for name in ERRORS.split()]


@probe("errors:connection-is-builtin")
def _(lab: Lab) -> Any:
    return issubclass(muxi.errors.ConnectionError, builtins.ConnectionError)


@probe("errors:map_error")
def _(lab: Lab) -> Any:
    made = [
        muxi.errors.map_error(status, "", "m", {"a": 1}, 2) for status in (401, 403, 404, 409, 422, 429, 500, 503, 418)
    ]
    return [[type(error).__name__, error.code, error.message, error.status_code, error.details] for error in made]


@probe("errors:map_error-400")
def _(lab: Lab) -> Any:
    return [type(muxi.errors.map_error(status, "C", "m")).__name__ for status in (400, 413)]


@probe("widgets:parse_ui_widgets")
def _(lab: Lab) -> Any:
    events: list[Any] = [
        {"event": "ui", "data": '{"ui":[{"type":"options","prompt":"?"},{"type":"new"}]}'},
        {"event": "ui", "data": '{"ui":null}'},
        {"event": "ui", "data": "[1]"},
        {"event": "ui", "data": "nonsense"},
        {"event": "ui"},
        {"event": "message", "data": '{"ui":[1]}'},
        {},
    ]
    return [muxi.parse_ui_widgets(event) for event in events]


@probe("update:notice")
def _(lab: Lab) -> Any:
    lab.script(plan.reply(200, plan.success(plan.SOME), "x-muxi-sdk-latest: 9.20991231.0"))
    program = f"import muxi\nfor _ in 'ab': muxi.FormationClient(base_url={lab.url!r}, client_key='c').health()"
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"HOME": home}, capture_output=True, text=True
        )
        shown = {"stdout": "available" in done.stdout, "stderr": "available" in done.stderr}
        return shown | {"home": sorted(path.name for path in Path(home).rglob("*")), "failed": done.returncode}


def elapsed(function: Callable[[], Any]) -> float:
    start = time.monotonic()
    attempt(function)
    return time.monotonic() - start
