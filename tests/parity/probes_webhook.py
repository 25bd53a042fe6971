"""Probes of webhooks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import muxi

from parity.probes import Lab, attempt, probe


def webhook_signature(body: bytes, at: float, secret: str = "secret") -> str:
    import hashlib
    import hmac

    stamp = str(int(at))
    return f"t={stamp},v1={hmac.new(secret.encode(), stamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


@probe("webhook:verify")
def _(lab: Lab) -> Any:
    verify, now, body = muxi.webhook.verify_signature, time.time(), b'{"id":"r","status":"completed"}'
    good = webhook_signature(body, now)
    return [
        verify(body, good, "secret"),
        verify(body.decode(), good, "secret", tolerance_seconds=5),
        verify(body, good, "other"),
        verify(body + b" ", good.replace("v1=", "v1=0"), "secret"),
        verify(body, webhook_signature(body, now - 400), "secret"),
        verify(body, webhook_signature(body, now - 400), "secret", 500),
        *(verify(body, header, "secret") for header in (None, "", "nonsense", "t=x,v1=y", "t=1")),
        attempt(lambda: verify(body, good, "")),
    ]


@probe("webhook:verify-as-sent")
def _(lab: Lab) -> Any:
    """The runtime signs compact sorted JSON and sends another form of it."""
    payload = {"status": "completed", "id": "r", "response": []}
    signed = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
    return muxi.webhook.verify_signature(json.dumps(payload).encode(), webhook_signature(signed, time.time()), "secret")


def parsed(payload: Any, *names: str) -> Any:
    event = muxi.webhook.parse(payload)
    found = {name: getattr(event, name) for name in names}
    return json.loads(json.dumps(found, default=lambda value: vars(value)))


WEBHOOK = ("request_id", "status", "content", "error", "clarification", "formation_id", "user_id", "processing_mode")


@probe("webhook:parse")
def _(lab: Lab) -> Any:
    item = {"type": "text", "text": "Hi"}
    done = {"id": "r", "status": "completed", "timestamp": 1790000000123, "response": [item], "processing_time": 1.5}
    failed = {"id": "r", "status": "failed", "timestamp": 1790000000123, "error": {"code": "C", "message": "m"}}
    all = (*WEBHOOK, "processing_time", "timestamp", "webhook_url", "raw")
    return [parsed(json.dumps(done), *all), parsed(json.dumps(failed).encode(), *all), parsed(done, *all)]


@probe("webhook:parse-clarification")
def _(lab: Lab) -> Any:
    asks = {
        "request_id": "r",
        "status": "awaiting_clarification",
        "clarification_question": "Which?",
        "timestamp": 1790000000.5,
    }
    return parsed(asks, *WEBHOOK, "timestamp")


@probe("webhook:parse-escalation")
def _(lab: Lab) -> Any:
    return parsed({"request_id": "r", "state": "achieved", "result": "Done.", "attempts": 2}, *WEBHOOK)


@probe("webhook:parse-nonsense")
def _(lab: Lab) -> Any:
    parse: Callable[[Any], Any] = muxi.webhook.parse
    return [attempt(lambda bad=bad: parse(bad)) for bad in (b"{", "nope", b"\xff", 5)]  # type: ignore[misc]


@probe("webhook:parse-list")
def _(lab: Lab) -> Any:
    return bool(muxi.webhook.parse(b"[1]"))
