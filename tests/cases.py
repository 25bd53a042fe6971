"""The cases of contract/cases: how they are made, and what came of them."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import loops
import muxi
from muxi import relay

FACES = ("python", *(f"python-async-{kind}" for kind in loops.KINDS if loops.has(kind)))
SECRET = "sk_case"
# Seconds that no turn of a case is silent for, so that its relay writes no comment.
SILENCE = 3600
USUAL: dict[str, dict[str, Any]] = {
    "formation": {"url": "{url}", "client_key": "fmc_case", "admin_key": "fma_case"},
    "server": {"url": "{url}", "key_id": "MUXI_case", "secret_key": SECRET},
}
CLIENTS: dict[tuple[str, bool], Any] = {
    ("formation", False): muxi.FormationClient,
    ("formation", True): muxi.AsyncFormationClient,
    ("server", False): muxi.ServerClient,
    ("server", True): muxi.AsyncServerClient,
}


def loop_of(face: str) -> str | None:
    """Return the kind of event loop on which an asynchronous face runs."""
    return face.partition("-async-")[2] or None


def kind(error: BaseException) -> str:
    """Return the kind of an error as the cases name it: ``Timeout`` for `muxi.TimeoutError`, for instance."""
    others = {ValueError: "InvalidArgument", TypeError: "type", RuntimeError: "Closed", muxi.MuxiError: "Api"}
    return others.get(type(error)) or type(error).__name__.removesuffix("Error")


Case = dict[str, Any]


def read(folder: Path) -> list[tuple[str, str, Case]]:
    """Return every case with its face and the name of its test."""
    found = []
    for path in sorted(folder.glob("*.json")):
        for case in json.loads(path.read_text("utf-8")):
            excluded = case.get("not", {})
            assert all(excluded.values()), f"{case['name']}: say why not"
            found += [
                (f"{path.stem}::{case['name']}::{face}", face, case)
                for face in FACES
                if not any(face.startswith(other) for other in excluded)
            ]
    return found


@dataclass
class Ran:
    """The outcome of a call."""

    result: Any = None
    events: list[list[str]] = field(default_factory=list)
    relayed: bytes = b""
    error: BaseException | None = None
    seconds: float = 0.0


def settings(case: Case, url: str) -> dict[str, Any]:
    """Return the usual settings with the case's own over them; one that is null is not given."""
    given = {**USUAL[case["api"]], **case.get("settings", {})}
    text = json.dumps({name: value for name, value in given.items() if value is not None})
    made: dict[str, Any] = json.loads(text.replace("{url}", url))
    return made


def _method(client: Any, call: dict[str, Any], folder: Path) -> tuple[Any, dict[str, Any]]:
    if "max_retries" in call:
        client = client.with_options(max_retries=call["max_retries"])
    args = dict(call.get("args", {}))
    if call["operation"].startswith(("deploy_", "update_")) and isinstance(args.get("payload"), str):
        (folder / "formation.afs").write_text(args["payload"], "utf-8")
        args["payload"] = folder
    args |= {name: call[name] for name in ("timeout", "deadline", "headers", "idempotency_key") if name in call}
    return getattr(client, call["operation"]), args


def _sync_call(client: Any, call: dict[str, Any], folder: Path, ran: Ran) -> None:
    time.sleep(call.get("pause_ms", 0) / 1000)
    if call.get("closed"):
        client.close()
    method, args = _method(client, call, folder)
    got = method(**args)
    if not isinstance(got, muxi.EventStream):
        ran.result = got
        return
    if mode := call.get("relay"):
        ran.relayed = b"".join(relay.sse(got, mode=mode, keepalive=SILENCE))
        return
    for event in got:
        ran.events.append([event["event"], event["data"]])
        if len(ran.events) == call.get("take"):
            got.close()
            return


async def _async_call(client: Any, call: dict[str, Any], folder: Path, ran: Ran) -> None:
    await asyncio.sleep(call.get("pause_ms", 0) / 1000)
    if call.get("closed"):
        await client.aclose()
    method, args = _method(client, call, folder)
    got = method(**args)
    if not isinstance(got, muxi.AsyncEventStream):
        ran.result = await got
        return
    if mode := call.get("relay"):
        ran.relayed = b"".join([piece async for piece in relay.sse(got, mode=mode, keepalive=SILENCE)])
        return
    async for event in got:
        ran.events.append([event["event"], event["data"]])
        if len(ran.events) == call.get("take"):
            await got.aclose()
            return


async def _run_async(client: Any, case: Case, folder: Path, ran: Ran) -> None:
    for earlier in case.get("earlier", []):
        await _async_call(client, earlier, folder, Ran())
    started = time.monotonic()
    try:
        await _async_call(client, case["call"], folder, ran)
    finally:
        ran.seconds = time.monotonic() - started


def run(case: Case, face: str, url: str, folder: Path) -> tuple[Ran, Any]:
    """Make the calls. The client comes along, so that its connections live until all is checked."""
    ran, client = Ran(), None
    try:
        loop = loop_of(face)
        client = CLIENTS[case["api"], loop is not None](**settings(case, url))
        if loop is not None:
            loops.run_on(loop, _run_async(client, case, folder, ran))
            return ran, client
        for earlier in case.get("earlier", []):
            _sync_call(client, earlier, folder, Ran())
        started = time.monotonic()
        try:
            _sync_call(client, case["call"], folder, ran)
        finally:
            ran.seconds = time.monotonic() - started
    except Exception as error:
        ran.error = error
    return ran, client
