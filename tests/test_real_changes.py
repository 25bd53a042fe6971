"""Tests of the report on another version of the runtime, by replies that are made up."""

from __future__ import annotations

import json

import pytest
from real.changes import Changes, document, of_replies, of_routes, operation_of, rust_failures
from real.recorder import Exchange
from real.shapes import CONTRACT, Rules, Shapes, shapes_of

BASE = "http://x/v1"
# Of most routes, of which no reply is made up.
SILENT = ["no reply came"]


def shapes(*replies: tuple[str, str, int, object]) -> Shapes:
    """The shapes of JSON replies."""
    made = [Exchange(m, f"/v1{path}", s, "application/json", json.dumps(b).encode(), True) for m, path, s, b in replies]
    return shapes_of(made, BASE, Rules())


def found(real: Shapes, local: Shapes) -> dict[str, list[str]]:
    """Return the differences, without the routes that neither has."""
    told, _ = of_replies(real, local, Rules())
    return {route: lines for route, lines in told.items() if lines != SILENT}


AGENTS = {"object": "agents", "data": {"agents": [{"id": "a"}], "count": 1}}


def test_equal_replies_are_no_change() -> None:
    pinned = shapes(("GET", "/agents", 200, AGENTS))
    assert found(pinned, pinned) == {}


def test_fields_that_are_added_gone_and_changed_are_told() -> None:
    pinned = shapes(("GET", "/agents", 200, AGENTS))
    newest = shapes(("GET", "/agents", 200, {"object": "agents", "data": {"agents": [{"name": "a"}], "count": "1"}}))
    assert found(newest, pinned) == {
        "GET /agents": [
            "200 agents: $.data.agents[].id: gone: string",
            "200 agents: $.data.agents[].name: added: string",
            "200 agents: $.data.count: changed: was int, is string",
        ]
    }


def test_kinds_of_replies_that_come_and_go_are_told() -> None:
    pinned = shapes(("GET", "/agents/a", 404, {"object": "error", "error": {"code": "AGENT_NOT_FOUND"}}))
    newest = shapes(("GET", "/agents/a", 410, {"object": "error", "error": {"code": "GONE"}}))
    assert found(newest, pinned) == {
        "GET /agents/{agent_id}": [
            "404 error AGENT_NOT_FOUND: this kind of reply did not come",
            "410 error GONE: new kind of reply",
        ]
    }
    told, _ = of_replies(newest, {}, Rules())
    assert told["GET /agents/{agent_id}"] == ["410 error GONE: new kind of reply"]
    assert told["GET /agents"] == SILENT


def test_the_keys_of_the_contract_are_expected_even_if_muxi_local_has_others() -> None:
    # Of the health check without an envelope, too.
    other = shapes(
        ("GET", "/agents", 200, {"object": "agents", "data": {"agents": [], "total": 1}}),
        ("GET", "/health", 200, {"status": "healthy", "version": "1", "load": 0.5}),
    )
    assert found(other, other) == {
        "GET /agents": [
            "200 agents: $.data.count: gone: required by the contract",
            "200 agents: $.data.total: added: int",
        ],
        "GET /health": [
            "200: $.load: added: float",
            "200: $.uptime_seconds: gone: required by the contract",
        ],
    }


def test_errors_and_events_need_not_have_the_keys_of_a_reply() -> None:
    error = ("POST", "/chat", 500, {"object": "error", "error": {"code": "INTERNAL_ERROR"}, "data": {}})
    event = b'data: {"token": {"type": "content"}}\n\n'
    stream = Exchange("POST", "/v1/chat", 200, "text/event-stream", event, True)
    replies = shapes(error)
    replies["POST /chat"] |= shapes_of([stream], BASE, Rules())["POST /chat"]
    assert found(replies, replies) == {}


def test_what_is_picked_from_a_reply_says_nothing_of_its_keys() -> None:
    """`get_secret` has keys of its own."""
    reply = shapes(("GET", "/secrets", 200, {"object": "secrets", "data": {"secrets": {}, "key": ""}}))
    assert found(reply, reply)["GET /secrets"] == [
        "200 secrets: $.data.count: gone: required by the contract",
        "200 secrets: $.data.key: added: string",
    ]


def test_operations_that_share_a_route_share_its_keys() -> None:
    """A reply of `POST /memories` has the keys of one of its two operations."""
    rows = [row for row in CONTRACT["endpoint"] if (row["method"], row["path"]) == ("POST", "/memories")]
    for row in rows:
        data = dict.fromkeys(key for key in row["keys"] if not key.endswith("?"))
        reply = shapes(("POST", "/memories", 201, {"object": "memory", "data": data}))
        assert found(reply, reply) == {}, row["id"]


def test_a_difference_that_is_there_no_more_is_told() -> None:
    reply = shapes(("GET", "/agents", 200, AGENTS))
    allow = {"route": "GET /agents", "outcome": ".*", "path": r"\$\.x", "what": "real int, local null"}
    _, stale = of_replies(reply, reply, Rules(allowed=[allow]))
    assert stale == [r"GET /agents, .*, \$\.x, real int, local null"]


def test_routes_are_compared_whatever_their_placeholders_are_called() -> None:
    paths: dict[str, dict[str, object]] = {}
    for row in CONTRACT["endpoint"]:
        if row["api"] == "formation":
            paths.setdefault(f"/v1{row['path']}".replace("{agent_id}", "{id}"), {})[row["method"].lower()] = {}
    assert of_routes({"paths": paths}) == ([], [])
    del paths["/v1/overlord/soul"]
    paths["/v1/agents/{id}"]["parameters"] = []
    paths["/v1/moods/{mood}"] = {"get": {}}
    # The status page.
    paths |= {"/": {"get": {}}, "/v1/": {"get": {}}, "/v1/v1": {"get": {}}}
    assert of_routes({"paths": paths}) == (["GET /moods/{mood}"], ["GET /overlord/soul"])


CARGO = """
running 2 tests
FF
failures:

---- chat::chat stdout ----

thread 'chat::chat' (17) panicked at crates/muxi-client/tests/real/chat.rs:52:9:
assertion `left == right` failed
  left: 1
 right: 2
note: run with `RUST_BACKTRACE=1`

---- users::helper stdout ----

thread 'users::helper' panicked at crates/muxi-client/tests/real/users.rs:5:1:
no such user


failures:
    chat::chat
    users::helper

test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s
"""


def test_failed_tests_are_found_in_the_output_of_cargo() -> None:
    assert rust_failures(CARGO) == {
        "Rust chat::chat": "assertion `left == right` failed",
        "Rust users::helper": "no such user",
    }


def test_a_suite_that_fails_without_a_failed_test_is_told() -> None:
    changes = Changes("2.0", "1.0")
    changes.failed("Python", {}, True)
    assert changes.failures == {}
    changes.failed("Rust", {}, False)
    assert list(changes.failures) == ["Rust"]


@pytest.mark.parametrize(
    ("test", "operation"),
    [
        ("Rust chat::chat", "chat"),
        ("Python tests/real/test_chat.py::test_chat[sync]", "chat"),
        ("Python tests/real/test_chat.py::test_twenty_turns[async]", ""),
        ("Python tests/real/test_chat.py", ""),
    ],
)
def test_a_failed_test_belongs_to_an_operation(test: str, operation: str) -> None:
    assert operation_of(test) == operation


def test_the_document_has_all_that_was_found() -> None:
    text = document(
        Changes(
            version="2.0",
            pinned="1.0",
            failures={"Rust chat::chat": "not `so`"},
            replies={"POST /chat": ["200 chat: $.data.x: added: int"]},
            stale=["GET /status, gone"],
            routes=(["GET /moods"], ["GET /soul"]),
        )
    )
    for line in (
        "# muxi-runtime 2.0",
        "`contract/` was measured on 1.0.",
        "- **chat**, Rust chat::chat: `` not `so` ``",
        "### chat, chat_stream (POST /chat)",
        "- 200 chat: $.data.x: added: int",
        "- GET /status, gone",
        "- GET /moods",
        "- GET /soul",
    ):
        assert line in text.splitlines()


def test_the_document_says_that_nothing_has_changed_and_why_nothing_was_tried() -> None:
    same = document(Changes("1.0", "1.0", routes=([], [])))
    assert "`contract/` was measured on this version." in same
    assert same.count("None.") == 3
    assert "No differences." in same
    assert document(Changes("2.0", "1.0", stopped="The runtime did not start.")).endswith("did not start.\n")
