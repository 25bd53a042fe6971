"""Every recorded exchange of the real server (contract/samples/server) through both Python clients.

The real server cannot be installed here. See `replay` for what is checked and how it is answered.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import muxi
import pytest
from replay import KEY_ID, SAMPLES, SECRET, Exchange, Replay
from wire import Wire

CONFIG = "schema: 1.0.0\nid: {id}\ndescription: A test\nversion: {version}\nagents:\n  - id: helper\n    name: Helper\n"


@dataclass
class Call:
    """The call that makes the recorded request.

    Attributes:
        method: The client's method.
        arguments: Its arguments.
        keywords: Its keywords. ``bundle_path`` is an id and a version, from which a folder is made.
        raises: The exception that the recorded reply becomes, and its code.
        result: The return value, where it is not the reply's data.
        formation: The id in the path when it is a formation client's call.
    """

    method: str
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    raises: tuple[type[muxi.MuxiError], str] | None = None
    result: Any = None
    formation: str | None = None

    def on(self, url: str, kind: str, folder: Path) -> Any:
        """Call it; what comes is the result, or what is to be awaited or read."""
        secret = "another secret" if self.raises == (muxi.AuthenticationError, "UNAUTHORIZED") else SECRET
        if self.formation is None:
            client = getattr(muxi, f"{kind}ServerClient")(url=url, key_id=KEY_ID, secret_key=secret)
        else:
            keys = {"client_key": "c", "admin_key": "a"}
            client = getattr(muxi, f"{kind}FormationClient")(server_url=url, formation_id=self.formation, **keys)
        keywords = dict(self.keywords)
        if "bundle_path" in keywords:
            id, version = keywords["bundle_path"]
            (folder / "formation.afs").write_text(CONFIG.format(id=id, version=version))
            keywords["bundle_path"] = folder
        return getattr(client, self.method)(*self.arguments, **keywords)


def bundle(id: str, version: str = "1.0.0") -> dict[str, Any]:
    return {"bundle_path": (id, version)}


NOT_FOUND = (muxi.NotFoundError, "NOT_FOUND")
INVALID = (muxi.ValidationError, "VALIDATION_ERROR")
CALLS = {
    "cancel_update": Call("cancel_update", ("demo-a",)),
    "delete": Call("delete_formation", ("demo-o",)),
    "deploy": Call("deploy_formation", (), bundle("demo-o")),
    "deploy_stream": Call("deploy_formation_stream", (), bundle("demo-s")),
    "deploy_stream_crash": Call(
        "deploy_formation_stream", (), bundle("demo-x"), raises=(muxi.ServerError, "SERVER_ERROR")
    ),
    "dev_run": Call("dev_run", (), {"formation_id": "demo-d"}),
    "dev_stop": Call("dev_stop", ("demo-d",)),
    "draft_init": Call("draft_files", ("demo-d", "init"), {"mode": "new"}, result="whole"),
    "error_400": Call(
        "request", ("POST", "/rpc/formations"), {"headers": {"X-Formation-ID": "demo-a"}}, raises=INVALID
    ),
    "error_400_bundle": Call("request", ("PUT", "/rpc/formations/demo-s"), {"body": {}}, raises=INVALID),
    "error_401": Call("list_formations", raises=(muxi.AuthenticationError, "UNAUTHORIZED")),
    "error_404": Call("start_formation", ("none",), raises=NOT_FOUND),
    "error_405": Call("request", ("PUT", "/rpc/formations"), raises=(muxi.MuxiError, "METHOD_NOT_ALLOWED")),
    "error_409": Call("deploy_formation", (), bundle("demo-a"), raises=(muxi.ConflictError, "CONFLICT")),
    "get_formation": Call("get_formation", ("demo-a",)),
    "health": Call("health"),
    "list_formations": Call("list_formations"),
    "logs": Call("get_formation_logs", ("demo-a",), {"limit": 2}),
    "logs_follow": Call("stream_formation_logs", ("demo-a",), {"stream": "stdout"}),
    "proxy_error_404": Call("request", ("GET", "/x"), raises=NOT_FOUND, formation="none"),
    "proxy_error_502": Call("request", ("GET", "/x"), raises=(muxi.ServerError, "SERVER_ERROR"), formation="demo-p"),
    "proxy_error_503": Call("health", raises=(muxi.ServerError, "SERVER_ERROR"), formation="demo-a"),
    "restart": Call("restart_formation", ("demo-a",)),
    "restart_stream": Call("restart_formation_stream", ("demo-a",)),
    "rollback": Call("rollback_formation", ("demo-s",)),
    "rollback_stream": Call("rollback_formation_stream", ("demo-s",)),
    "server_logs": Call("get_server_logs", (), {"limit": 5}),
    "server_status": Call("status"),
    "start_stream": Call("start_formation_stream", ("demo-a",)),
    "start_stream_not_found": Call("start_formation_stream", ("none",), raises=NOT_FOUND),
    "stop": Call("stop_formation", ("demo-a",)),
    "update_stream": Call("update_formation_stream", (), bundle("demo-s", "1.1.0")),
}
NAMES = sorted(path.stem for path in SAMPLES.glob("*.txt"))


def test_every_sample_is_replayed() -> None:
    assert sorted(CALLS) == NAMES


def read(call: Call, replay: Replay, url: str, folder: Path, seen: list[dict[str, Any]]) -> Any:
    made = call.on(url, "", folder)
    if replay.exchange.events is None:
        return made
    for event in made:
        seen.append(dict(event))
        if replay.exchange.left_open and len(seen) == len(replay.exchange.events):
            break
    made.close()
    return None


async def aread(call: Call, replay: Replay, url: str, folder: Path, seen: list[dict[str, Any]]) -> Any:
    made = call.on(url, "Async", folder)
    if replay.exchange.events is None:
        return await made
    async for event in made:
        seen.append(dict(event))
        if replay.exchange.left_open and len(seen) == len(replay.exchange.events):
            break
    await made.aclose()
    return None


def check_error(replay: Replay, error: muxi.MuxiError, raises: tuple[type[muxi.MuxiError], str]) -> None:
    kind, code = raises
    exchange = replay.exchange
    in_stream = exchange.events is not None
    body = exchange.parsed_events()[-1]["data"] if in_stream else exchange.body
    assert isinstance(error, kind)
    assert error.code == code
    assert error.status_code == (0 if in_stream else exchange.status)
    if body:
        assert json.loads(body)["message"] in error.message
    assert error.body == exchange.body.encode() or in_stream


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("name", NAMES)
def test_replay(name: str, kind: str, tmp_path: Path) -> None:
    call, replay = CALLS[name], Replay(Exchange.read(name))
    seen: list[dict[str, Any]] = []
    error, result = None, None
    with Wire(replay) as server:
        try:
            arguments = (call, replay, server.url, tmp_path, seen)
            result = read(*arguments) if kind == "sync" else asyncio.run(aread(*arguments))
        except muxi.MuxiError as caught:
            error = caught
        end = time.monotonic() + 5
        while replay.exchange.left_open and not replay.hung_up and time.monotonic() < end:
            time.sleep(0.005)
    assert replay.problems == []
    assert replay.requests == 1
    assert replay.hung_up == replay.exchange.left_open
    if call.raises is not None:
        assert error is not None, f"no exception, but {result}"
        check_error(replay, error, call.raises)
    else:
        assert error is None, f"{error!r}"
    events = replay.exchange.parsed_events()
    assert seen == [event for event in events if event["event"] != "error"]
    if replay.exchange.events is None and call.raises is None:
        assert result == (json.loads(replay.exchange.body) if call.result == "whole" else replay.data())


def test_a_request_that_differs_is_noticed() -> None:
    """The replay is no rubber stamp."""
    replay = Replay(Exchange.read("logs"))
    with Wire(replay) as server:
        client = muxi.ServerClient(url=server.url, key_id=KEY_ID, secret_key="another secret")
        client.get_formation_logs("demo-b", limit=3, headers={"Accept": "text/event-stream"})
        client.request("POST", "/rpc/formations/demo-a/logs", params={"lines": 2}, body={"more": 1})
    assert replay.problems == [
        "path /rpc/formations/demo-b/logs",
        "query lines=3",
        "accept text/event-stream, recorded None",
        "signature is invalid",
        "method POST",
        "content-type application/json, recorded None",
        "signature is invalid",
        "body b'{\"more\":1}', recorded None bytes",
    ]
