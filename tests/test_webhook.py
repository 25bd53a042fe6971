"""Webhooks, on the genuine deliveries that the contract holds."""

from __future__ import annotations

import email.message
import hashlib
import hmac
import json
import math
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from muxi import webhook

ROOT = Path(__file__).parent.parent
COMPLETED: dict[str, Any] = json.loads((ROOT / "contract/samples/webhook_completed.json").read_text())
ESCALATION: dict[str, Any] = json.loads((ROOT / "contract/samples/webhook_escalation.json").read_text())


def sign(payload: bytes, secret: str, at: int) -> str:
    digest = hmac.new(secret.encode(), b"%d." % at + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def test_a_genuine_delivery_verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    body, secret = COMPLETED["body_raw"], COMPLETED["secret"]
    signature = COMPLETED["headers"]["X-Muxi-Signature"]
    monkeypatch.setattr(time, "time", lambda: float(COMPLETED["received_at"]))
    assert webhook.verify_signature(body, signature, secret)
    assert webhook.verify_signature(body.encode(), signature, secret)
    assert not webhook.verify_signature(body.replace("hooky", "hacky"), signature, secret)
    assert not webhook.verify_signature(body, signature, secret + "x")
    monkeypatch.setattr(time, "time", lambda: COMPLETED["received_at"] + 301.0)
    assert not webhook.verify_signature(body, signature, secret)
    assert webhook.verify_signature(body, signature, secret, tolerance_seconds=400)


def test_wrong_input_is_false_or_an_error() -> None:
    for signature in (None, "", "nonsense", "t=1", "v1=aa", "t=x,v1=aa", "t=1,v1=zz"):
        assert not webhook.verify_signature(b"{}", signature, "secret")
    with pytest.raises(webhook.WebhookVerificationError):
        webhook.verify_signature(b"{}", "t=1,v1=aa", "")
    for payload in (b"", b"{", b"[1]", b"\xff"):
        with pytest.raises(webhook.WebhookVerificationError):
            webhook.parse(payload)


SIGNED = b'{"id": "req_1", "status": "completed", "response": [{"type": "text", "text": "Hi"}]}'


def test_signing_is_what_a_formation_does() -> None:
    body, secret, at = COMPLETED["body_raw"], COMPLETED["secret"], COMPLETED["received_at"]
    genuine = COMPLETED["headers"]["X-Muxi-Signature"]
    assert genuine == webhook.sign(body, secret, int(genuine.split(",")[0].removeprefix("t=")))
    assert webhook.verify_signature(body, webhook.sign(body.encode(), secret), secret)
    assert webhook.sign(body, secret, at + 0.5) == webhook.sign(body, secret, at)
    for wrong, key in ((body, ""), ("{", secret)):
        with pytest.raises(webhook.WebhookVerificationError):
            webhook.sign(wrong, key)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Muxi-Signature": "{}", "Host": "a"},
        {"x-muxi-signature": "{}"},
        {"wsgi.input": object(), "HTTP_X_MUXI_SIGNATURE": "{}"},
        [(b"host", b"a"), (b"x-muxi-signature", b"{}")],
        (("Host", "a"), ("X-MUXI-SIGNATURE", "{}")),
        {b"X-Muxi-Signature": b"{}"},
    ],
    ids=["names", "lower", "environ", "asgi", "pairs", "bytes"],
)
def test_unwrap_finds_the_signature_in_headers_of_any_framework(headers: Any) -> None:
    def filled(value: Any) -> Any:
        signature = webhook.sign(SIGNED, "secret")
        return {"{}": signature, b"{}": signature.encode()}.get(value, value)

    pairs = headers.items() if isinstance(headers, dict) else headers
    made = [(name, filled(value)) for name, value in pairs]
    given = dict(made) if isinstance(headers, dict) else made
    for body in (SIGNED, SIGNED.decode()):
        event = webhook.unwrap(body, given, "secret")
        assert (event.request_id, event.content[0].text) == ("req_1", "Hi")


def test_unwrap_takes_the_headers_of_http_server() -> None:
    headers = email.message.Message()
    headers["X-Muxi-Signature"] = webhook.sign(SIGNED, "secret")
    assert webhook.unwrap(SIGNED, headers, "secret").status == "completed"


def test_unwrap_says_why_it_refuses() -> None:
    def refused(because: str, body: bytes | str, headers: webhook.Headers, secret: str = "secret") -> None:
        with pytest.raises(webhook.WebhookVerificationError, match=because):
            webhook.unwrap(body, headers, secret)

    def signed(body: bytes, at: float | None = None) -> dict[str, str]:
        return {"X-Muxi-Signature": webhook.sign(body, "secret", at)}

    refused("no header `X-Muxi-Signature`", SIGNED, {"Host": "a"})
    refused("no `t=` part", SIGNED, {"X-Muxi-Signature": ""})
    refused("does not fit", SIGNED.replace(b"Hi", b"Ho"), signed(SIGNED))
    refused("does not fit", SIGNED, signed(SIGNED), "another")
    refused("differs by", SIGNED, signed(SIGNED, time.time() - 1000))
    refused("secret is empty", SIGNED, signed(SIGNED), "")
    refused("not a JSON object", b"[1]", signed(b"[1]"))
    assert webhook.unwrap(SIGNED, signed(SIGNED, time.time() - 1000), "secret", tolerance=math.inf).request_id
    with pytest.raises(ValueError, match="tolerance"):
        webhook.unwrap(SIGNED, signed(SIGNED), "secret", tolerance=-1)


def test_every_kind_is_parsed() -> None:
    completed = webhook.parse(COMPLETED["body_raw"])
    assert (completed.request_id, completed.status) == ("req_eMXEkwKvmdVPBszdmT44O", "completed")
    assert completed.content[0].text == "Stub answer to: Event 1 happened. Please explain it."
    assert completed.timestamp == 1795494354451
    escalation = webhook.parse(ESCALATION["body_raw"].encode())
    assert (escalation.request_id, escalation.status) == ("req_XN8V9Uy9SCM27NMl5pSrY", "completed")
    assert (escalation.state, escalation.attempts) == ("achieved", 2)
    question = {"request_id": "req_1", "status": "awaiting_clarification", "clarification_question": "Which?"}
    asked = webhook.parse(question | {"clarification_request_id": None, "timestamp": 1795494352.5})
    assert asked.request_id == "req_1"
    assert asked.clarification is not None
    assert asked.clarification.question == "Which?"
    failed = webhook.parse({"id": "r", "status": "failed", "error": {"code": "processing_failed", "message": "no"}})
    assert failed.error is not None
    assert (failed.error.code, failed.error.message) == ("processing_failed", "no")


def test_the_example_server_takes_signed_webhooks_only() -> None:
    program = [sys.executable, str(ROOT / "examples/webhook_server.py")]
    environment = {"MUXI_ADMIN_KEY": "fma_secret", "PORT": "0"}
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().split()[-1]
        body = COMPLETED["body_raw"].encode()

        def post(signature: str) -> int:
            headers = {"X-Muxi-Signature": signature, "Content-Type": "application/json"}
            request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, headers)
            with urllib.request.urlopen(request) as reply:
                return int(reply.status)

        assert post(sign(body, "fma_secret", int(time.time()))) == 204
        assert server.stdout.readline().startswith("req_eMXEkwKvmdVPBszdmT44O completed Stub answer")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            post(sign(body, "another", int(time.time())))
        server.terminate()
