"""Every method of the four clients over a socket: what arrives is what the contract says.

The rows come from contract/endpoints.toml, not from the table that the clients are made of.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import cases
import loops
import muxi
import pytest
from support import ROOT, Scripted

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = 'a/b?c#d%41 é\u2028"&=+;'
HEADER_TEXT = 'a/b?c#d%41 "&=+;'
IN_HEADERS = {"user_id", "distillery_id", "timestamp", "signature"}
OPTIONS = {"timeout", "deadline", "headers", "idempotency_key"}
BUNDLE = 'schema: "1.0.0"\nid: demo-app\ndescription: A demo\nversion: "2.1.0"\n'
END = {"done": "event: done\ndata: {}\n\n", "complete": "event: complete\ndata: {}\n\n", "never": "data: {}\n\n"}
AUTH_HEADERS = ("x-muxi-client-key", "x-muxi-admin-key", "authorization")


def contract() -> dict[tuple[str, str], dict[str, Any]]:
    text = (ROOT / "contract" / "endpoints.toml").read_text("utf-8")
    return {(row["api"], row["id"]): row for row in tomllib.loads(text)["endpoint"]}


def _methods(client: type[Any]) -> set[str]:
    """The operations: what is defined in the class itself and not in its base."""
    return {name for name, value in vars(client).items() if inspect.isfunction(value) and not name.startswith("_")}


def _value(operation: str, name: str, annotation: str, in_path: bool, folder: Path) -> Any:
    if "BundleInput" in annotation:
        return folder
    if annotation.startswith("bool"):
        return True
    if annotation.startswith("int"):
        return 17
    if annotation.startswith("bytes"):
        return b'{"raw": 1}'
    if annotation.startswith("Sequence"):
        return [TEXT]
    if "Mapping" in annotation:
        return {"n": "1"} if operation == "stream_logs" else {"n": [TEXT, None]}
    if annotation == "Any":
        return {TEXT: TEXT}
    # A type with known words takes every text.
    is_text = annotation.startswith("str") or annotation.removesuffix(" | None") in dir(muxi.types)
    assert is_text, f"{operation}: {name}: {annotation}"
    return HEADER_TEXT + name if name in IN_HEADERS and not in_path else TEXT + name


def _arguments(method: Any, row: dict[str, Any], folder: Path) -> dict[str, Any]:
    given: dict[str, Any] = {}
    in_path = set(re.findall(r"\{(\w+)\}", row["path"]))
    left_out = {"self", *OPTIONS, *row.get("exactly_one_of", [])[1:]}
    for name, parameter in inspect.signature(method).parameters.items():
        # Fields by keyword are those of the payload.
        if name in left_out or parameter.kind is parameter.VAR_KEYWORD:
            continue
        given[name] = _value(row["id"], name, str(parameter.annotation), name in in_path, folder)
    if any(value is folder for value in given.values()):
        given.pop("bundle_path", None)
        given |= {"formation_id": "demo-app", "version": "2.1.0"}
    return given


def _reply(row: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    if row["form"] == "events":
        return {"headers": {"content-type": "text/event-stream"}, "body": END[row["ends"]]}
    data: dict[str, Any] = {"ok": True}
    if row["id"] == "get_secret":
        data = {"secrets": {given["key"]: "***"}}
    return {"json": {"success": True, "data": data}}


def _call(client: Any, operation: str, given: dict[str, Any]) -> Any:
    got = getattr(client, operation)(**given)
    return list(got) if isinstance(got, muxi.EventStream) else got


async def _call_async(client: Any, operation: str, given: dict[str, Any]) -> Any:
    got = getattr(client, operation)(**given)
    return [event async for event in got] if isinstance(got, muxi.AsyncEventStream) else await got


def _check(row: dict[str, Any], given: dict[str, Any], got: dict[str, Any]) -> None:
    name = row["id"]
    assert got["method"] == row["method"], name
    target = got["target"].removeprefix("/v1") if row["api"] == "formation" else got["target"]
    path = [unquote(part) for part in target.split("?")[0].split("/")]
    template = row["path"].split("/")
    assert len(path) == len(template), f"{name}: {target}"
    for part, want in zip(path, template, strict=True):
        match = re.fullmatch(r"\{(\w+)\}", want)
        if match:
            want = given[match[1]]
        assert part == want, f"{name}: {target}"
    names_user = "x-muxi-user-id" in got["headers"]
    wanted = {
        "none": None,
        "hmac": "authorization",
        "client": "x-muxi-client-key",
        "admin": "x-muxi-admin-key",
        "client_or_admin": "x-muxi-client-key" if names_user else "x-muxi-admin-key",
    }[row["auth"]]
    assert [key for key in AUTH_HEADERS if key in got["headers"]] == ([wanted] if wanted else []), name
    assert got["headers"].get("accept") == ("text/event-stream" if row["form"] == "events" else None), name
    assert ("content-type" in got["headers"]) == bool(got["body"]), name


@pytest.mark.parametrize("face", cases.FACES)
def test_every_operation(face: str, scripted: Scripted, tmp_path: Path) -> None:
    (tmp_path / "formation.afs").write_text(BUNDLE, "utf-8")
    rows, called = contract(), set()
    loop = cases.loop_of(face)
    for (api, is_async), cls in cases.CLIENTS.items():
        if is_async != (loop is not None):
            continue
        methods = _methods(cls)
        assert methods == {name for row_api, name in rows if row_api == api}, f"{cls.__name__} and the contract differ"
        for name in sorted(methods):
            row = rows[api, name]
            given = _arguments(getattr(cls, name), row, tmp_path)
            url = scripted.start([_reply(row, given)])
            with_url = cases.settings({"api": api}, url)
            if loop is None:
                with cls(**with_url) as client:
                    _call(client, name, given)
            else:
                loops.run_on(loop, _call_async(cls(**with_url), name, given))
            log = scripted.log(url)
            scripted.stop(url)
            assert (log["wrong"], log["left"], len(log["requests"])) == ([], 0, 1), name
            _check(row, given, log["requests"][0])
            called.add((api, name))
    print(f"{face}: {len(called)} operations")
    assert called == set(rows)
