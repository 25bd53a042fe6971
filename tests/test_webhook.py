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
        {"Host": ["a"], "X-Muxi-Signature": ["{}"]},
        {"Host": None, "X-Muxi-Signature": ("{}", "t=1,v1=00")},
    ],
    ids=["names", "lower", "environ", "asgi", "pairs", "bytes", "lists", "tuples"],
)
def test_unwrap_finds_the_signature_in_headers_of_any_framework(headers: Any) -> None:
    def filled(value: Any) -> Any:
        signature = webhook.sign(SIGNED, "secret")
        if isinstance(value, (list, tuple)):
            return type(value)(filled(one) for one in value)
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


HEADER = {"X-Muxi-Signature": "t=1,v1=00"}
SECONDS = "must be a number of seconds, not str"


@pytest.mark.parametrize(
    ("call", "kind", "because"),
    [
        (lambda body: webhook.unwrap(body, HEADER, "secret"), TypeError, "body must be bytes or a str"),
        (lambda body: webhook.sign(body, "secret"), TypeError, "body must be bytes or a str"),
        (lambda body: webhook.verify_signature(body, "t=1", "secret"), TypeError, "payload must be bytes or a str"),
    ],
    ids=["unwrap", "sign", "verify"],
)
def test_a_body_that_was_parsed_is_refused(call: Any, kind: type[Exception], because: str) -> None:
    for body in (10**11, {"id": "r"}, ["r"], None):
        with pytest.raises(kind, match=f"{because}, as it came, not {type(body).__name__}"):
            call(body)


@pytest.mark.parametrize(
    ("values", "kind", "because"),
    [
        ({"headers": "X-Muxi-Signature: t=1"}, TypeError, "headers must be a mapping, or pairs .*, not str"),
        ({"headers": b"t=1"}, TypeError, "headers must be a mapping, or pairs .*, not bytes"),
        ({"headers": None}, TypeError, "headers must be a mapping, or pairs .*, not NoneType"),
        ({"headers": 5}, TypeError, "headers must be a mapping, or pairs .*, not int"),
        ({"headers": [("a", "b", "c")]}, TypeError, "headers must be a mapping, or pairs .*, not list"),
        ({"headers": {"X-Muxi-Signature": None}}, webhook.WebhookVerificationError, "no header `X-Muxi-Signature`"),
        ({"headers": {"X-Muxi-Signature": []}}, webhook.WebhookVerificationError, "no header `X-Muxi-Signature`"),
        ({"secret": None}, TypeError, "secret must be a str, not NoneType"),
        ({"secret": b"secret"}, TypeError, "secret must be a str, not bytes"),
        ({"tolerance": math.nan}, ValueError, "tolerance must be a number of seconds from 0, got nan"),
        ({"tolerance": "5"}, TypeError, f"tolerance {SECONDS}"),
        ({"tolerance": None}, TypeError, "tolerance must be a number of seconds, not NoneType"),
    ],
)
def test_wrong_arguments_of_unwrap_are_named(values: dict[str, Any], kind: type[Exception], because: str) -> None:
    given: dict[str, Any] = {"body": SIGNED, "headers": HEADER, "secret": "secret"}
    with pytest.raises(kind, match=because):
        webhook.unwrap(**(given | values))


def test_wrong_arguments_of_verify_and_sign_are_named() -> None:
    wrong: Any
    signature = webhook.sign(SIGNED, "secret")
    for endless in (math.inf, 1e300, 10**400):
        wrong = endless
        assert webhook.verify_signature(SIGNED, signature, "secret", wrong)
    for wrong, kind in ((math.nan, ValueError), ("5", TypeError), (None, TypeError), (True, TypeError)):
        with pytest.raises(kind, match="tolerance_seconds must be a number of seconds"):
            webhook.verify_signature(SIGNED, signature, "secret", wrong)
    for wrong in (5, ["t=1"]):
        with pytest.raises(TypeError, match="signature_header must be a str, not"):
            webhook.verify_signature(SIGNED, wrong, "secret")
        with pytest.raises(TypeError, match="secret must be a str, not"):
            webhook.verify_signature(SIGNED, signature, wrong)
        with pytest.raises(TypeError, match="secret must be a str, not"):
            webhook.sign(SIGNED, wrong)
    for wrong in (-1, math.inf, math.nan, 10**30):
        with pytest.raises(ValueError, match="timestamp must be a number of Unix seconds from 0, got"):
            webhook.sign(SIGNED, "secret", wrong)
    for wrong in ("5", True):
        with pytest.raises(TypeError, match="timestamp must be a number of seconds, not"):
            webhook.sign(SIGNED, "secret", wrong)


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
        with pytest.raises(urllib.error.HTTPError, match="401") as refused:
            post(sign(body, "another", int(time.time())))
        # It has a reply, which Python 3.15 wants to be closed.
        refused.value.close()
        server.terminate()
