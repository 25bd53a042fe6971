"""Tests of the comparison of two servers' replies: the relay that records them, and the judgement."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from real.recorder import Exchange, Recorder, exchanges
from real.shapes import Rules, Shapes, judge, routes, shapes_of

BASE = "http://x/v1"


def shapes(*replies: tuple[str, str, int, object]) -> Shapes:
    """The shapes of JSON replies."""
    made = [Exchange(m, f"/v1{path}", s, "application/json", json.dumps(b).encode(), True) for m, path, s, b in replies]
    return shapes_of(made, BASE, RULES)


RULES = Rules.read()


def found(real: Shapes, local: Shapes, rules: Rules) -> list[str]:
    """The judgement, without the routes that neither has."""
    return [line for line in judge(real, local, rules) if "not seen on" not in line]


def test_a_relay_records_and_changes_nothing() -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = b'{"object": "x"}'
            self.send_response(404 if self.path == "/v1/a" else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with Recorder(f"http://127.0.0.1:{server.server_port}/v1") as relay:
            with urllib.request.urlopen(relay.url + "/b") as reply:
                assert reply.read() == b'{"object": "x"}'
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(relay.url + "/a")
            assert caught.value.read() == b'{"object": "x"}'
            caught.value.close()
        server.shutdown()
    seen = sorted((one.path, one.status, one.body, one.whole) for one in relay.exchanges())
    assert seen == [("/v1/a", 404, b'{"object": "x"}', True), ("/v1/b", 200, b'{"object": "x"}', True)]


def test_a_connection_may_hold_many_exchanges_and_a_cut_one() -> None:
    asked = b"POST /v1/chat HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}" * 2
    whole = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
    cut = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
    first, second = exchanges(asked, whole + cut)
    assert (first.body, first.whole) == (b"{}", True)
    assert (second.content_type, second.body, second.whole) == ("text/event-stream", b"hello", False)


def test_equal_shapes_agree() -> None:
    one = shapes(("GET", "/agents", 200, {"object": "l", "data": {"agents": [{"id": "a"}], "count": 1}}))
    two = shapes(("GET", "/agents", 200, {"object": "l", "data": {"agents": [{"id": "b"}, {"id": "c"}], "count": 2}}))
    assert found(one, two, Rules()) == []


def test_every_kind_of_difference_is_told() -> None:
    real = shapes(
        ("GET", "/agents", 200, {"object": "l", "data": {"count": 1, "more": None}}),
        ("GET", "/agents/a", 404, {"object": "error", "type": "t", "error": {"code": "AGENT_NOT_FOUND"}}),
    )
    local = shapes(
        ("GET", "/agents", 200, {"object": "l", "data": {"count": 1.5}}),
        ("GET", "/agents/a", 404, {"object": "error", "type": "t", "error": {"code": "NOT_FOUND"}}),
    )
    assert found(real, local, Rules()) == [
        "GET /agents: 200 l: $.data.count: real int, local float",
        "GET /agents: 200 l: $.data.more: real null, local absent",
        "GET /agents/{agent_id}: 404 error t AGENT_NOT_FOUND: only on real",
        "GET /agents/{agent_id}: 404 error t NOT_FOUND: only on local",
    ]
    assert f"{sorted(routes())[0]}: not seen on real" in judge(real, local, Rules())


def test_an_allowance_allows_and_must_be_needed() -> None:
    real = shapes(("GET", "/agents", 200, {"object": "l", "count": 1}))
    local = shapes(("GET", "/agents", 200, {"object": "l", "count": None}))
    allow = {"route": "GET /agents", "outcome": "200 l", "path": r"\$\.count", "what": "real int, local null"}
    assert found(real, local, Rules(allowed=[allow])) == []
    assert found(real, real, Rules(allowed=[allow])) == [f"stale allowance: {', '.join(allow.values())}"]


def test_events_of_streams_are_compared_one_kind_by_one() -> None:
    def stream(*tokens: dict[str, object]) -> Shapes:
        body = ": keepalive\n\n" + "".join(f"data: {json.dumps({'token': token})}\n\n" for token in tokens)
        made = Exchange("POST", "/v1/chat", 200, "text/event-stream; charset=utf-8", body.encode(), True)
        return shapes_of([made], BASE, Rules())

    one = stream({"type": "progress", "stage": "init"}, {"type": "completed", "status": "success", "ms": 1})
    two = stream({"type": "progress", "stage": "late"}, {"type": "completed", "status": "success"})
    assert found(one, two, Rules()) == [
        "POST /chat: 200 stream: completed success: $.token.ms: real int, local absent",
        "POST /chat: 200 stream: progress init: only on real",
        "POST /chat: 200 stream: progress late: only on local",
    ]


def test_the_allowances_have_reasons() -> None:
    assert all(set(allow) == {"route", "outcome", "path", "what", "reason"} for allow in RULES.allowed)
