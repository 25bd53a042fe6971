"""Ends of turns, as the chat box shows them."""

from __future__ import annotations

import pytest

from browser.looks import too_wide, unreadable
from browser.page import Page

RED = """
const [element] = arguments, probe = document.createElement("span");
probe.className = "error";
document.body.append(probe);
const red = getComputedStyle(probe).color;
probe.remove();
return getComputedStyle(element).color === red;
"""


def ended(page: Page, message: str) -> tuple[str, str, str]:
    """Say something; return the mark, the answer and the error of the turn, once it is over."""
    before = len(page.all(".turn.agent"))
    page.say(message)
    page.wait(lambda: len(page.all(".turn.agent")) > before and not page.busy())
    last = ".turn.agent:last-child"
    return page.text(f"{last} .end"), page.text(f"{last} .text"), page.text(f"{last} .error")


def test_a_turn_that_succeeds_has_no_mark(view: Page) -> None:
    assert ended(view, "hello") == ("", "Echo: hello", "")
    assert ended(view, "[[workflow]]")[0] == ""


def test_a_failed_turn_says_so(view: Page, name: str) -> None:
    mark, text, _ = ended(view, "[[fail]]")
    assert mark == "Failed"
    assert text
    assert view.run(RED, view.one(".turn.agent:last-child .text")), "its message has the colour of errors"
    assert ended(view, "[[error]]") == ("Failed", "", "Simulated engine error")
    assert view.run(RED, view.one(".turn.agent:last-child .error"))
    assert ended(view, "fine")[0] == ""
    assert unreadable(view) == []
    assert too_wide(view) == []
    view.picture(name)


def test_a_question_waits_for_an_answer(view: Page, name: str) -> None:
    mark, text, error = ended(view, "[[clarify]]")
    assert (mark, text, error) == ("Question: waits for your answer", "Which region? Options: US, EU", "")
    message = view.one("#message")
    assert message.get_attribute("placeholder") == "Your answer"
    assert unreadable(view) == []
    view.picture(name)
    assert ended(view, "EU")[0] == ""
    assert view.text(".turn.agent .end") == "Question"
    assert message.get_attribute("placeholder") != "Your answer"
    assert ended(view, "[[approve]]")[0] == "Question: waits for your answer"
    view.button("New session").click()
    assert message.get_attribute("placeholder") != "Your answer"


@pytest.mark.parametrize(
    ("fault", "message", "error"),
    [
        (None, "one [[cut]]", "The stream ended before the turn did."),
        (None, "one [[mute]]", "The turn ended without its answer."),
        ("truncate=4 events; path=chat_stream; times=1", "one two three four", "The stream ended before the turn did."),
        (
            "reset=body; after_bytes=60; path=chat_stream; times=1",
            "one two three four",
            "The connection broke: network error",
        ),
    ],
    ids=["cut", "mute", "truncate", "reset"],
)
def test_a_stream_that_was_cut_is_shown_so(view: Page, fault: str | None, message: str, error: str, name: str) -> None:
    if fault:
        view.post("/_local/faults", fault)
    mark, _, problem = ended(view, message)
    assert (mark, problem) == ("Cut off", error)
    assert unreadable(view) == []
    view.picture(name)
    # The browser itself notes a connection that broke.
    assert all("ERR_" in note for note in view.complaints())


def test_bad_json_is_a_failure(view: Page) -> None:
    view.post("/_local/faults", "garbage=json; path=chat_stream; times=1")
    assert ended(view, "hello")[0] == "Failed"
