"""The behaviour cases of contract/cases, through the synchronous and the asynchronous clients."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from pathlib import Path
from typing import Any

import cases
import muxi
import pytest
from support import ROOT, Scripted

ALL = cases.read(ROOT / "contract" / "cases")


@pytest.mark.parametrize(("face", "case"), [row[1:] for row in ALL], ids=[row[0] for row in ALL])
def test_case(face: str, case: cases.Case, scripted: Scripted, tmp_path: Path) -> None:
    url = scripted.start(case.get("replies", []))
    try:
        ran, client = cases.run(case, face, url, tmp_path)
        expect = case["expect"]
        log = _settled(scripted, url, expect.get("closed"))
        try:
            _check_log(expect, log)
            _check_outcome(expect, ran)
        except AssertionError as failed:
            raise AssertionError(f"{failed}\n{ran!r}\n{json.dumps(log, indent=1)}") from ran.error
        if client is not None:
            client.close()
    finally:
        scripted.stop(url)


def _settled(scripted: Scripted, url: str, closed: bool | None) -> dict[str, Any]:
    """Return the log; when connections are to be closed, as soon as all are; when none is to be, after a while."""
    if closed is False:
        time.sleep(0.1)
    end = time.monotonic() + 30
    while True:
        log = scripted.log(url)
        if not closed or len(log["closed"]) >= log["connections"] or time.monotonic() > end:
            return log
        time.sleep(0.005)


def _check_log(expect: dict[str, Any], log: dict[str, Any]) -> None:
    requests = log["requests"]
    assert log["wrong"] == [], "something went against the script"
    if "requests" in expect:
        assert len(requests) == len(expect["requests"]), "number of requests"
        for got, want in zip(requests, expect["requests"], strict=True):
            _check_request(got, want)
    assert log["left"] == 0, "unrequested replies"
    for name in expect.get("same", []):
        assert len({request["headers"].get(name) for request in requests}) == 1, f"{name} must be the same"
    for name in expect.get("differs", []):
        assert len({request["headers"].get(name) for request in requests}) == len(requests), f"{name} must differ"
    if "connections" in expect:
        assert log["connections"] == expect["connections"], "connections"
    if "closed" in expect:
        assert len(log["closed"]) == (log["connections"] if expect["closed"] else 0), "connections that were closed"


def _check_request(got: dict[str, Any], want: dict[str, Any]) -> None:
    for name in ("method", "target", "body", "size"):
        if name in want:
            assert got[name] == want[name], name
    for name, value in want.get("headers", {}).items():
        if not (value == "*" and name in got["headers"]):
            assert got["headers"].get(name) == value, f"header {name}"
    if "json" in want:
        _fits("body", json.loads(got["body"]), want["json"])
    if "signed" in want:
        _check_signature(got["headers"].get("authorization", ""), got["method"], want["signed"])


def _fits(at: str, got: Any, want: Any) -> None:
    """``"*"`` stands for any text; all else must be equal."""
    if want == "*" and isinstance(got, str):
        return
    if isinstance(got, dict) and isinstance(want, dict) and got.keys() == want.keys():
        for key, value in want.items():
            _fits(f"{at}.{key}", got[key], value)
        return
    assert got == want, at


def _check_signature(header: str, method: str, path: str) -> None:
    match = re.fullmatch(r"MUXI-HMAC key=MUXI_case, timestamp=(\d+), signature=(\S+)", header)
    assert match is not None, f"authorization is {header!r}"
    timestamp, signature = match.groups()
    signed = f"{timestamp};{method};{path}".encode()
    right = base64.b64encode(hmac.digest(cases.SECRET.encode(), signed, hashlib.sha256)).decode()
    assert signature == right, f"the signature does not fit {path!r}"
    assert abs(time.time() - int(timestamp)) < 60, "the signature's time"


def _check_outcome(expect: dict[str, Any], ran: cases.Ran) -> None:
    if "error" in expect:
        assert ran.error is not None, "it did not fail"
        _check_error(ran.error, expect["error"])
    else:
        assert ran.error is None, "it failed"
    result = expect.get("result")
    if result is not None:
        _has_part("result", ran.result, result)
    for key in expect.get("absent", []):
        assert key not in ran.result, f"result has {key}"
    for key, value in expect.get("metadata", {}).items():
        own = result.get(key) if isinstance(result, dict) else None
        assert ran.result.get(key) == (value if own is None else own), f"metadata {key}"
    if "events" in expect:
        assert ran.events == expect["events"], "events"
    if "count" in expect:
        assert len(ran.events) == expect["count"], "number of events"
    if "last" in expect:
        assert ran.events[-1] == expect["last"], "last event"
    for text in expect.get("contains", []):
        assert any(text in data for _, data in ran.events), f"no event holds {text!r}"
    if "relayed" in expect:
        assert ran.relayed.decode() == expect["relayed"], "relayed"
    assert ran.seconds >= expect.get("seconds", {}).get("min", 0), "seconds"


def _check_error(got: BaseException, want: dict[str, Any]) -> None:
    assert cases.kind(got) == want["kind"], f"kind of error: {type(got).__name__}"
    for text in want.get("message", []):
        assert text in str(got), f"the message {got} lacks {text!r}"
    for text in want.get("without", []):
        assert text not in f"{got!r} {got}", f"the message {got} must not hold {text!r}"
    if not isinstance(got, muxi.MuxiError):
        return
    for name in {"code", "status", "request_id", "session_id", "attempts", "retry_after"} & want.keys():
        assert getattr(got, "status_code" if name == "status" else name) == want[name], name
    if "text" in want:
        assert str(got) == want["text"], "text"
    if "body" in want:
        assert got.body.decode("utf-8", "replace") == want["body"], "body"
    if "details" in want:
        _has_part("details", got.details, want["details"])


def _has_part(at: str, got: Any, want: Any) -> None:
    """Objects may have more than is wanted; all else must be equal."""
    if isinstance(got, dict) and isinstance(want, dict):
        for key, value in want.items():
            assert key in got, f"{at} has no {key}"
            _has_part(f"{at}.{key}", got[key], value)
        return
    assert got == want, at
