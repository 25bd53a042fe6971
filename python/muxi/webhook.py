"""Webhooks: check who sent one, and read it.

A formation calls your URL when a turn has ended without you waiting for it.
It signs the call with its admin key.

Example:
    A handler for FastAPI::

        from fastapi import FastAPI, HTTPException, Request
        from muxi import webhook

        app = FastAPI()

        @app.post("/webhooks/muxi")
        async def handle(request: Request) -> dict[str, bool]:
            try:
                event = webhook.unwrap(await request.body(), request.headers, ADMIN_KEY)
            except webhook.WebhookVerificationError as error:
                raise HTTPException(401, error.message) from None
            if event.status == "completed":
                print("".join(item.text or "" for item in event.content))
            return {"received": True}
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from ._muxi import webhook_check, webhook_parse, webhook_sign, webhook_verify
from ._numbers import seconds

__all__ = [
    "Clarification",
    "ContentItem",
    "ErrorDetails",
    "Headers",
    "WebhookEvent",
    "WebhookVerificationError",
    "parse",
    "sign",
    "unwrap",
    "verify_signature",
]


@runtime_checkable
class _HasItems(Protocol):
    """A mapping, or a framework's class of headers that is none."""

    def items(self) -> Iterable[tuple[Any, Any]]: ...


Headers: TypeAlias = _HasItems | Iterable[tuple[str | bytes, str | bytes]]

_SIGNATURE = "x-muxi-signature"
_FOREVER = 2**63 - 1


class WebhookVerificationError(Exception):
    """A webhook cannot be checked or read.

    Attributes:
        message: A description of the error.
    """

    def __init__(self, message: str) -> None:
        """Makes the error with its message."""
        self.message = message
        super().__init__(message)


@dataclass
class ContentItem:
    """One item of an answer.

    Attributes:
        type: `text` or `file`.
        text: The text.
        file: The file: its `type` and `url`.
    """

    type: str
    text: str | None = None
    file: dict[str, Any] | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ContentItem:
        """Makes an item from its part of a payload."""
        return cls(data.get("type", "text"), data.get("text"), data.get("file"))


@dataclass
class ErrorDetails:
    """Why a turn failed.

    Attributes:
        code: A machine-readable code; the state of a retried request that failed.
        message: The error message.
        trace: The trace of the error.
    """

    code: str
    message: str
    trace: str | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ErrorDetails:
        """Makes the details from their part of a payload."""
        return cls(data.get("code", "unknown"), data.get("message", "Unknown error"), data.get("trace"))


@dataclass
class Clarification:
    """The question that a turn waits for.

    Attributes:
        question: The question for the user.
        clarification_request_id: The request to answer to.
        original_message: The user's first message.
    """

    question: str
    clarification_request_id: str | None = None
    original_message: str | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Clarification:
        """Makes the question from a payload that asks one."""
        return cls(
            data.get("clarification_question", ""),
            data.get("clarification_request_id"),
            data.get("original_message"),
        )


@dataclass
class WebhookEvent:
    """A webhook's payload of any kind in one form.

    Attributes:
        request_id: The request that it is about.
        status: `completed`, `failed`, `cancelled`, `awaiting_clarification`, `notification` or `unknown`.
        timestamp: When it was made, in Unix milliseconds; 0 if it does not say.
        content: The answer; the result of a retried request, where that is text.
        error: Why it failed.
        clarification: The question that it waits for.
        formation_id: The formation.
        user_id: The user.
        processing_time: Seconds that the turn took.
        processing_mode: `async`.
        webhook_url: The URL that it was sent to.
        raw: The payload as it came.
        kind: `completed`, `failed`, `clarification`, `escalation` (a failed turn that was retried in the background
            has come to its end), `notification`, `transformer_fallback` or `unknown`.
        state: The end of a retried request: `achieved`, `impossible`, `stuck`, `budget_exhausted` or `abandoned`.
        attempts: The number of attempts of a retried request.
        result: The result of a retried request.
        report: Why a retried request could not be done, and what would help.
    """

    request_id: str
    status: str
    timestamp: int
    content: list[ContentItem] = field(default_factory=list)
    error: ErrorDetails | None = None
    clarification: Clarification | None = None
    formation_id: str | None = None
    user_id: str | None = None
    processing_time: float | None = None
    processing_mode: str = "async"
    webhook_url: str | None = None
    raw: dict[str, Any] = field(default_factory=dict)
    kind: str = "unknown"
    state: str | None = None
    attempts: int | None = None
    result: Any = None
    report: Any = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> WebhookEvent:
        """Makes an event from a payload; as `parse`."""
        return cls._made(_parsed(json.dumps(data, default=str).encode()), data)

    @classmethod
    def _made(cls, event: dict[str, Any], data: dict[str, Any]) -> WebhookEvent:
        return cls(
            request_id=event["request_id"],
            status=event["status"],
            timestamp=event["timestamp_ms"] or 0,
            content=[ContentItem(**item) for item in event["content"]],
            error=event["error"] and ErrorDetails(**event["error"]),
            clarification=event["clarification"] and Clarification(**event["clarification"]),
            formation_id=event["formation_id"],
            user_id=event["user_id"],
            processing_time=data.get("processing_time"),
            processing_mode=event["processing_mode"],
            webhook_url=event["webhook_url"],
            raw=data,
            kind=event["kind"],
            state=event["state"],
            attempts=event["attempts"],
            result=data.get("result"),
            report=data.get("report"),
        )


def verify_signature(
    payload: bytes | str,
    signature_header: str | None,
    secret: str,
    tolerance_seconds: int = 300,
) -> bool:
    """Checks that a webhook comes from your formation and is not an old one sent again.

    The notice that a failed turn's retry has come to its end is signed with a random key: for such a payload
    (it has a `state` and no `status`) the answer is always `False`. Take it as a hint to ask for the request's status.

    Args:
        payload: The request's body as it came.
        signature_header: The value of the header `X-Muxi-Signature`.
        secret: The formation's admin key.
        tolerance_seconds: The time by which the signature may differ from the clock.

    Returns:
        Whether the signature is of this payload, this secret and this time.

    Raises:
        WebhookVerificationError: The secret is empty.
        TypeError: An argument has a wrong type.
        ValueError: The tolerance is NaN.

    Example:
        >>> from muxi import webhook
        >>> webhook.verify_signature(b"{}", "t=1790000000,v1=00", "the admin key")
        False
    """
    if not signature_header:
        return False
    if not secret:
        raise WebhookVerificationError("Webhook secret is required")
    signature = _text(signature_header) if isinstance(signature_header, bytes) else signature_header
    _check_text("signature_header", signature)
    _check_text("secret", secret)
    body, tolerance = _bytes("payload", payload), seconds("tolerance_seconds", tolerance_seconds)
    if tolerance < 0:
        return False
    return webhook_verify(body, signature, secret, _within("tolerance_seconds", tolerance), int(time.time()))


def unwrap(body: bytes | str, headers: Headers, secret: str, tolerance: float = 300) -> WebhookEvent:
    """Checks that a webhook comes from your formation and is not an old one sent again, and reads it.

    The notice that a failed turn's retry has come to its end is signed with a random key, and is refused: ask
    for the request's status instead.

    Args:
        body: The request's body as it came.
        headers: The request's headers: a mapping, such as those of Starlette, Flask, Django (also ``META``) and
            ``http.server``, or pairs, such as those of ASGI; names of any case; str or bytes. A value may be a list of
            values, as gateways give them.
        secret: The formation's admin key.
        tolerance: Seconds that the signature's time may be from the clock.

    Returns:
        The event.

    Raises:
        WebhookVerificationError: The signature is missing, wrong or old, the secret is empty, or the payload is not a
            JSON object. The message says which.
        TypeError: An argument has a wrong type.
        ValueError: The tolerance is below 0, or NaN.

    Example:
        >>> from muxi import webhook
        >>> body = b'{"id": "req_1", "status": "completed", "response": [{"type": "text", "text": "Hi"}]}'
        >>> headers = {"X-Muxi-Signature": webhook.sign(body, "the admin key")}
        >>> webhook.unwrap(body, headers, "the admin key").content[0].text
        'Hi'
    """
    _check_text("secret", secret)
    within = _within("tolerance", seconds("tolerance", tolerance))
    payload, signature = _bytes("body", body), _signature(headers)
    try:
        webhook_check(payload, signature, secret, within, int(time.time()))
    except ValueError as error:
        raise WebhookVerificationError(str(error)) from None
    return parse(payload)


def sign(body: bytes | str, secret: str, timestamp: float | None = None) -> str:
    """Signs a payload as a formation does, for tests of applications that receive webhooks.

    Args:
        body: The request's body: JSON.
        secret: The formation's admin key.
        timestamp: The signature's time in Unix seconds; now when None.

    Returns:
        The value of the header ``X-Muxi-Signature``.

    Raises:
        WebhookVerificationError: The secret is empty, or the body is not JSON.
        TypeError: An argument has a wrong type.
        ValueError: No clock has that time.

    Example:
        >>> from muxi import webhook
        >>> webhook.sign(b"{}", "the admin key", 1790000000).partition(",")[0]
        't=1790000000'
    """
    _check_text("secret", secret)
    at = seconds("timestamp", time.time() if timestamp is None else timestamp)
    if not 0 <= at < _FOREVER:
        raise ValueError(f"timestamp must be a number of Unix seconds from 0, got {at}")
    payload = _bytes("body", body)
    try:
        return webhook_sign(payload, secret, int(at))
    except ValueError as error:
        raise WebhookVerificationError(str(error)) from None


def parse(payload: bytes | str | dict[str, Any]) -> WebhookEvent:
    """Reads a webhook's payload of any kind. Call `verify_signature` first: this does not check who sent it.

    Args:
        payload: The request's body, or what its JSON holds.

    Returns:
        The event.

    Raises:
        WebhookVerificationError: The payload is not a JSON object.

    Example:
        >>> from muxi import webhook
        >>> payload = b'{"id": "req_1", "status": "completed", "response": [{"type": "text", "text": "Hi"}]}'
        >>> event = webhook.parse(payload)
        >>> event.request_id, event.status, event.content[0].text
        ('req_1', 'completed', 'Hi')
    """
    if isinstance(payload, dict):
        return WebhookEvent.from_dict(payload)
    if not isinstance(payload, (bytes, bytearray, memoryview, str)):
        raise WebhookVerificationError(f"Unsupported payload type: {type(payload)}")
    body = _bytes("payload", payload)
    return WebhookEvent._made(_parsed(body), json.loads(body))


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(webhook_parse(body))
    except ValueError as error:
        raise WebhookVerificationError(f"Invalid JSON payload: {error}") from None
    return event


def _bytes(name: str, body: bytes | bytearray | memoryview | str) -> bytes:
    if isinstance(body, str):
        # A lone half of a surrogate pair becomes bytes that are no JSON.
        return body.encode(errors="surrogatepass")
    try:
        return bytes(memoryview(body))
    except TypeError:
        raise TypeError(f"{name} must be bytes or a str, as it came, not {type(body).__name__}") from None


def _check_text(name: str, value: object) -> None:
    # The value may be a key.
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")


def _within(name: str, tolerance: float) -> int:
    if not tolerance >= 0:
        raise ValueError(f"{name} must be a number of seconds from 0, got {tolerance}")
    return int(min(tolerance, _FOREVER))


def _signature(headers: Headers) -> str | None:
    for name, value in _pairs(headers):
        # WSGI and Django's META spell it HTTP_X_MUXI_SIGNATURE.
        if _text(name).lower().replace("_", "-").removeprefix("http-") == _SIGNATURE:
            # Gateways give a list of the values of each name.
            first = next(iter(value), None) if isinstance(value, (list, tuple)) else value
            return None if first is None else _text(first)
    return None


def _pairs(headers: Headers) -> list[tuple[Any, Any]]:
    try:
        return [(name, value) for name, value in (headers.items() if isinstance(headers, _HasItems) else headers)]
    except (TypeError, ValueError):
        kind = type(headers).__name__
        raise TypeError(f"headers must be a mapping, or pairs of a name and a value, not {kind}") from None


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
