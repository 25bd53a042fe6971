"""Faults on request, as a program on the SDK meets them, and the log that tells of it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import muxi
import pytest
from muxi.testing import LocalServer


def ask(local: LocalServer, method: str, path: str, body: str | None = None) -> Any:
    """Ask the server itself."""
    data = None if body is None else body.encode()
    with urllib.request.urlopen(urllib.request.Request(local.url + "/_local" + path, data, method=method)) as reply:
        return json.load(reply)


@pytest.fixture(autouse=True)
def fresh(local: LocalServer) -> Iterator[None]:
    """Neither faults nor requests of other tests."""
    ask(local, "DELETE", "/faults")
    ask(local, "DELETE", "/requests")
    yield
    ask(local, "DELETE", "/faults")


def test_a_client_that_retries_gets_well(local: LocalServer) -> None:
    fault = {"X-Muxi-Local-Fault": "status=503; retry_after_ms=10; times=2"}
    with local.formation(max_retries=3) as client:
        for _ in range(2):
            assert client.health(headers=fault)["status"] == "healthy"
    requests = ask(local, "GET", "/requests?operation=health")["requests"]
    assert [(row["attempt"], row["status"]) for row in requests] == [(1, 503), (2, 503), (3, 200)] * 2
    assert len({row["idempotency_key"] for row in requests}) == 2


@pytest.mark.parametrize("fault", ["reset=before", "close=before", "reset=body; after_bytes=20", "truncate=20"])
def test_a_broken_connection_is_made_good(local: LocalServer, fault: str) -> None:
    ask(local, "POST", "/faults", f"{fault}; path=get_triggers; times=1")
    with local.formation(max_retries=1) as client:
        assert client.get_triggers()["triggers"] == ["order-created"]
    assert [row["attempt"] for row in ask(local, "GET", "/requests")["requests"]] == [1, 2]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("status=429; retry_after=7", muxi.RateLimitError),
        ("html=502", muxi.ServerError),
        ("garbage=http", muxi.ConnectionError),
        ("garbage=json", muxi.MuxiError),
        ("envelope=failed", muxi.MuxiError),
        ("redirect=https://example.com/", muxi.MuxiError),
    ],
)
def test_an_answer_that_is_wrong_is_an_error(local: LocalServer, fault: str, error: type[muxi.MuxiError]) -> None:
    ask(local, "POST", "/faults", f"{fault}; path=get_triggers")
    with local.formation() as client, pytest.raises(error) as raised:
        client.get_triggers()
    if "retry_after" in fault:
        assert raised.value.retry_after == 7


def test_a_stream_that_is_cut_or_stalls_raises(local: LocalServer) -> None:
    message = {"message": "one two three"}
    ask(local, "POST", "/faults", "truncate=3 events; path=chat_stream; times=1")
    ask(local, "POST", "/faults", "stall_after=2 events; path=chat_stream; times=1")
    with local.formation(stream_idle_timeout=0.5) as client:
        for error, count in ((muxi.MuxiError, 3), (muxi.TimeoutError, 2)):
            stream = client.chat_stream(message, user_id="faults")
            for _ in range(count):
                next(stream)
            with pytest.raises(error):
                next(stream)
        ask(local, "POST", "/faults", "split_utf8; path=chat_stream; times=1")
        whole = list(client.chat_stream({"message": "déjà 🎉"}, user_id="faults"))
    assert "Echo: déjà 🎉" in str(whole)
