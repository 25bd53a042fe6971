"""The streaming of turns."""

from __future__ import annotations

import itertools
import time

import pytest
from muxi import parse_ui_widgets

from real.faces import Face, until
from real.support import Defects, Runtime, outcome


def test_text_arrives_as_it_is_made(face: Face, user: str) -> None:
    arrivals = []
    with face.stream("chat_stream", {"message": "Please explain [[slow:3]] [[long:12]]"}, user_id=user) as turn:
        for text in turn.text_deltas():
            arrivals.append((time.monotonic(), text))
    assert "".join(text for _, text in arrivals) == " ".join(f"word{number}" for number in range(12))
    gaps = [later - sooner for (sooner, _), (later, _) in itertools.pairwise(arrivals)]
    assert arrivals[-1][0] - arrivals[0][0] > 2
    assert max(gaps) < 1.5


def test_a_long_answer_loses_nothing(face: Face, user: str) -> None:
    with face.stream("chat_stream", {"message": "Please explain [[long:5000]]"}, user_id=user) as turn:
        text = "".join(turn.text_deltas())
    assert text == " ".join(f"word{number}" for number in range(5000))


def test_a_turn_with_a_tool(face: Face, user: str) -> None:
    with face.stream("chat_stream", {"message": "Please explain [[tool:add]]"}, user_id=user) as turn:
        events = list(turn)
    [call] = [event.token for event in events if event.type == "tool_call"]
    assert (call["stage"], call["tool_name"]) == ("tool_execution", "add")
    assert "content: 5" in "".join(event.text for event in events)


def test_a_turn_that_makes_a_file(face: Face, user: str) -> None:
    with face.stream("chat_stream", {"message": "Please explain [[tool:file]]"}, user_id=user) as turn:
        [completed] = [event.token for event in turn if event.type == "completed"]
    assert [(a["filename"], a["content"]) for a in completed["artifacts"]] == [("hello.txt", "hi there")]


@pytest.mark.parametrize("tool", ["card", "link"])
def test_a_turn_with_a_widget(face: Face, user: str, tool: str) -> None:
    with face.stream("chat_stream", {"message": f"Please explain [[tool:{tool}]]"}, user_id=user) as turn:
        events = list(turn)
    widgets = [widget for event in events for widget in parse_ui_widgets(event)]
    expected = [("mcp_resource", "<b>card</b>")] if tool == "card" else []
    assert [(widget["type"], widget["data"]) for widget in widgets] == expected


def test_a_workflow(face: Face, user: str) -> None:
    with face.stream("chat_stream", {"message": "I want to refund my order"}, user_id=user) as turn:
        events = list(turn)
    stages = [event.token["stage"] for event in events if event.token and "stage" in event.token]
    assert {"workflow_start", "workflow_execution", "workflow_synthesis", "final"} <= set(stages)
    [completed] = [event.token for event in events if event.type == "completed"]
    assert "status" not in completed
    with face.stream("chat_stream", {"message": "I want to refund my order"}, user_id=user) as turn:
        assert turn.final_text().startswith("### Task 1")


def test_the_deltas_of_a_workflow_are_its_answer(face: Face, user: str) -> None:
    with face.stream("chat_stream", {"message": "I want to refund my order"}, user_id=user) as turn:
        text = "".join(turn.text_deltas())
    assert outcome(face, str(turn.request_id), user)["result"] == text


def test_a_question_back(face: Face, user: str) -> None:
    with face.stream("chat_stream", {"message": "Please explain [[clarify]]"}, user_id=user) as turn:
        events = list(turn)
    [completed] = [event.token for event in events if event.type == "completed"]
    assert (completed["status"], completed["clarification"]) == ("awaiting_clarification", True)
    more = {"message": "Please explain [[clarify]]"}
    with face.stream("chat_stream", more, user_id=f"{user}-2") as turn:
        assert list(turn.text_deltas()) == ["Which region? Options: US, EU"]


def test_leaving_early_cancels_the_turn(face: Face, user: str, runtime: Runtime) -> None:
    turn = face.stream("chat_stream", {"message": f"Please explain {user} [[slow:20]]"}, user_id=user)
    request = str(turn.request_id)
    with turn:
        next(turn.text_deltas())
    started = time.monotonic()
    assert outcome(face, request, user)["status"] == "cancelled"
    assert time.monotonic() - started < 5


def test_two_streams_with_one_key_are_two_turns(face: Face, user: str, runtime: Runtime, defects: Defects) -> None:
    for _ in range(2):
        message = {"message": f"Please explain {user}"}
        with face.stream("chat_stream", message, user_id=user, idempotency_key=user) as turn:
            turn.final_text()
    assert runtime.llm("/calls", match=f"Please explain {user}")["final"] == 2
    defects.met("12", "an idempotency key has no effect on streams")


def test_twenty_streams_at_once(face: Face, user: str, defects: Defects) -> None:
    face.call("resolve_user", user, create_user=True)
    defects.met("19", "the first turns of a new user, sent at once, may fail: each makes the user")
    payloads = [{"message": f"Please explain number {number} [[long:50]]"} for number in range(20)]
    texts = face.final_texts(payloads, user)
    assert texts == [" ".join(f"word{number}" for number in range(50))] * 20
    done = face.call("get_requests", user)["requests"]
    assert [request["status"] for request in done] == ["completed"] * 20


@pytest.mark.last
def test_an_outage_of_the_model(face: Face, user: str, defects: Defects) -> None:
    """Opens the circuit breaker, which fails the turns of every user for a minute."""
    reply = face.call("chat", {"message": "Please explain [[fail:500]]"}, user_id=user)
    assert reply["message"]["role"] == "assistant"
    assert not reply["message"]["content"].startswith("Stub answer")

    def broken() -> str:
        with face.stream("chat_stream", {"message": "Please explain rivers"}, user_id=user) as turn:
            [completed] = [event.token for event in turn if event.type == "completed"]
        return str(completed.get("status"))

    assert until(broken, lambda status: status == "error") == "error"
    defects.met("8", "an outage of the model is prose in a reply, and marked in streams only")
