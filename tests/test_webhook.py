"""Webhooks, on the genuine deliveries that the contract holds."""

from __future__ import annotations

import hashlib
import hmac
import json
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
