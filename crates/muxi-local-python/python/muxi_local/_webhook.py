"""Webhooks that a test sends."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, get_args
from urllib.parse import urlsplit

Status: TypeAlias = Literal["completed", "failed", "awaiting_clarification"]
Signature: TypeAlias = Literal["valid", "wrong", "missing"]

WORDS = {"status": get_args(Status), "signature": get_args(Signature)}
# Arguments that make the payload of a turn.
TURN = ("status", "text", "user_id")
# The least of each number. The most is that of 32 bits.
LEAST = {"age": 0, "times": 1}
MOST = 2**32 - 1


class WebhookAnswer(NamedTuple):
    """A receiver's answer to a webhook."""

    status: int
    """HTTP status."""
    body: str
    """Body, as text."""


def to_json(webhook: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """Return the arguments of `LocalServer.send_webhook` as the server takes them.

    Args:
        webhook: Arguments.
        defaults: Values of those that are not given.

    Raises:
        TypeError: An argument has a wrong type.
        ValueError: An argument has a wrong value.
    """
    for name, value in webhook.items():
        if name in WORDS:
            if value not in WORDS[name]:
                raise ValueError(f"{name} must be one of {', '.join(WORDS[name])}, not {value!r}")
        elif name in LEAST:
            expected = f"{name} must be a whole number from {LEAST[name]} to {MOST}, not {value!r}"
            if not isinstance(value, int):
                raise TypeError(expected)
            if not LEAST[name] <= value <= MOST:
                raise ValueError(expected)
        elif name == "payload":
            if not isinstance(value, Mapping | None):
                raise TypeError(f"payload must be a mapping, not {type(value).__name__}")
        elif not isinstance(value, str) and (name, value) != ("formation_id", None):
            raise TypeError(f"{name} must be a str, not {value!r}")
    url, payload = webhook["url"], webhook["payload"]
    if not _is_address(url):
        raise ValueError(f"url must be an http or https URL with a host, such as http://localhost:8000/, not {url!r}")
    beside = [name for name in TURN if webhook[name] != defaults[name]]
    if payload is not None and beside:
        raise ValueError(f"payload must be alone, not beside {', '.join(beside)}, which make the payload of a turn")
    try:
        return json.dumps({**webhook, "payload": payload if payload is None else dict(payload)})
    except TypeError as error:
        raise TypeError(f"payload must be JSON: {error}") from None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # The port is checked when it is read.
        is_whole = bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", url)
    except ValueError:
        return False
    return is_whole and parts.scheme in {"http", "https"}
