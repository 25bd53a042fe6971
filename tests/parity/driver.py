"""Runs in the environment of either package: a plan on stdin, what happened on stdout, both as JSON.

Only the standard library beside ``muxi``. See `plan` for the calls and `probes` for what is not an operation.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import json
import logging
import os
import sys
import tarfile
from collections.abc import Iterable
from typing import Any

import muxi
from wire import Request, Wire, signature_is_valid

from parity import probes

OURS = hasattr(muxi, "EventStream")
KEY_ID, SECRET = "key-1", "secret-1"
CONFIG = b"schema: 1.0.0\nid: demo-b\ndescription: A test\nversion: 1.0.0\nagents:\n  - id: helper\n    name: Helper\n"


class Recorder:
    """Answers from a script and keeps what came."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.script: list[list[str]] = []

    def __call__(self, request: Request) -> Iterable[bytes]:
        self.seen.append(request)
        pieces = self.script[min(len(self.seen), len(self.script)) - 1]
        yield from (piece.encode() for piece in pieces)
        raise ConnectionAbortedError

    def take(self) -> list[dict[str, Any]]:
        seen, self.seen = self.seen, []
        return [_described(request) for request in seen]


def _described(request: Request) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in request.headers if name.lower() != "content-length"}
    headers["host"] = "<host>" if headers["host"].startswith("127.0.0.1:") else headers["host"]
    if "authorization" in headers:
        valid = signature_is_valid(request, KEY_ID, SECRET)
        headers["authorization"] = f"MUXI-HMAC <{'valid' if valid else 'invalid'}>"
    if len(headers.get("x-muxi-idempotency-key", "")) == 36:
        headers["x-muxi-idempotency-key"] = "<uuid>"
    try:
        body = json.loads(request.body) if request.body else None
    except ValueError:
        body = "<gzip>" if request.body[:2] == b"\x1f\x8b" else "<bytes>"
    return {
        "method": request.method,
        "path": request.path,
        "query": sorted(request.query.split("&")) if request.query else [],
        "headers": headers,
        "body": body,
    }


def bundle() -> Any:
    if not OURS:
        return {"bundle": "of the official package"}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        member = tarfile.TarInfo("demo-b/formation.afs")
        member.size = len(CONFIG)
        tar.addfile(member, io.BytesIO(CONFIG))
    return out.getvalue()


def signatures(cls: type[Any]) -> dict[str, Any]:
    """Name -> arguments, whether it is a coroutine, and the kind of its return annotation."""
    found = {}
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if not name.startswith("_"):
            signature = inspect.signature(method)
            parameters = [
                [
                    parameter.name,
                    parameter.kind.name,
                    repr(parameter.default) if parameter.default is not parameter.empty else None,
                ]
                for parameter in list(signature.parameters.values())[1:]
            ]
            kind = _kind(str(signature.return_annotation))
            found[name] = {"parameters": parameters, "coroutine": inspect.iscoroutinefunction(method), "returns": kind}
    return found


def _kind(annotation: str) -> str:
    if annotation in ("None", "int", "str", "bytes"):
        return annotation
    if "Generator" in annotation or annotation.endswith("Stream"):
        return "events"
    if annotation.lower().startswith("dict[") or annotation == "Any":
        return "dict"
    types = __import__("muxi.types", fromlist=["types"])
    return "dict" if hasattr(getattr(types, annotation, None), "__required_keys__") else annotation


def outcome_of(error: BaseException) -> dict[str, Any]:
    names = ("code", "message", "status_code", "details", "retry_after")
    raised = {"type": type(error).__name__, "muxi": isinstance(error, _muxi_error()), "text": str(error)}
    return {"raised": raised | {name: getattr(error, name) for name in names if hasattr(error, name)}}


def _muxi_error() -> type[BaseException]:
    from muxi.errors import MuxiError

    return MuxiError


def sync_call(client: Any, call: dict[str, Any]) -> dict[str, Any]:
    events = []
    try:
        result = getattr(client, call["op"])(*call["args"], **call["kwargs"])
        if not call["streams"]:
            return {"value": result}
        for event in result:
            events.append(dict(event))
        return {"value": events}
    except Exception as error:
        return outcome_of(error) | ({"value": events} if call["streams"] else {})


async def async_call(client: Any, call: dict[str, Any]) -> dict[str, Any]:
    events = []
    try:
        result = await getattr(client, call["op"])(*call["args"], **call["kwargs"])
        if not call["streams"]:
            return {"value": result}
        async for event in result:
            events.append(dict(event))
        return {"value": events}
    except Exception as error:
        return outcome_of(error) | ({"value": events} if call["streams"] else {})


def clients(url: str, kind: str) -> dict[str, Any]:
    server = {"url": url, "key_id": KEY_ID, "secret_key": SECRET, "timeout": 10}
    formation = {"base_url": f"{url}/v1", "admin_key": "admin-1", "client_key": "client-1", "timeout": 10}
    return {
        "server": getattr(muxi, f"{kind}ServerClient")(**server),
        "formation": getattr(muxi, f"{kind}FormationClient")(**formation),
    }


def with_bundle(call: dict[str, Any]) -> dict[str, Any]:
    return call | {"args": [bundle() if arg == {"$": "bundle"} else arg for arg in call["args"]]}


def run(plan: dict[str, Any]) -> dict[str, Any]:
    recorder = Recorder()
    results: dict[str, list[Any]] = {"sync": [], "async": []}

    def begin(call: dict[str, Any]) -> dict[str, Any]:
        recorder.seen, recorder.script = [], call["replies"]
        return with_bundle(call)

    with Wire(recorder) as wire:
        own = clients(wire.url, "")
        for call in plan["calls"]:
            outcome = sync_call(own[call["area"]], begin(call))
            results["sync"].append(outcome | {"requests": recorder.take()})

        async def all_async() -> None:
            own = clients(wire.url, "Async")
            for call in plan["calls"]:
                outcome = await async_call(own[call["area"]], begin(call))
                results["async"].append(outcome | {"requests": recorder.take()})

        asyncio.run(all_async())
        found = probes.run(wire.url, recorder)
    classes = ("ServerClient", "AsyncServerClient", "FormationClient", "AsyncFormationClient")
    return {
        "signatures": {name: signatures(getattr(muxi, name)) for name in classes},
        "results": results,
        "probes": found,
    }


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    for name in [name for name in os.environ if name.startswith("MUXI_")]:
        del os.environ[name]
    shown = sys.stdout
    sys.stdout = sys.stderr
    json.dump(run(json.load(sys.stdin)), shown, default=repr)
