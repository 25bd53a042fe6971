"""The example applications, over HTTP as their pages use them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from applications import AXUM, FASTAPI, Application

from real.faces import Face, SyncFace
from real.support import Runtime, outcome


@pytest.fixture(scope="module", params=[FASTAPI, AXUM], ids=lambda application: application.name)
def application(request: pytest.FixtureRequest) -> Application:
    found: Application = request.param
    return found


@pytest.fixture(scope="module")
def page(application: Application, runtime: Runtime) -> Iterator[httpx.Client]:
    """A browser at the running application."""
    with (
        application.serving(runtime.environment()) as url,
        httpx.Client(base_url=url, timeout=120, trust_env=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def watcher(runtime: Runtime) -> Iterator[Face]:
    """A client that sees the turns of the application."""
    face = SyncFace(**runtime.settings())
    yield face
    face.close()


def events(reply: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in reply.iter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        if field == "data":
            yield name, json.loads(value)


def test_a_page_is_served(page: httpx.Client) -> None:
    assert "<title>Chat</title>" in page.get("/").raise_for_status().text


def test_an_answer_is_streamed_and_the_session_goes_on(application: Application, page: httpx.Client) -> None:
    session: dict[str, str] = {}
    for subject in ("rivers", "lakes"):
        question = {application.question: f"Please explain {subject}", **session}
        with page.stream("POST", "/chat", json=question) as reply:
            assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/event-stream")
            *deltas, (last, done) = events(reply)
        assert {name for name, _ in deltas} == {"delta"}
        assert (
            "".join(data["text"] for _, data in deltas) == done["text"] == f"Stub answer to: Please explain {subject}"
        )
        assert (last, done["status"]) == ("done", "success")
        assert done["session_id"] == session.setdefault("session_id", done["session_id"])


def test_leaving_cancels_the_turn(application: Application, page: httpx.Client, watcher: Face) -> None:
    def turns() -> set[str]:
        return {turn["request_id"] for turn in watcher.call("get_requests", application.user)["requests"]}

    before = turns()
    with page.stream("POST", "/chat", json={application.question: "Please explain [[slow:20]]"}) as reply:
        name, _ = next(events(reply))
        assert name == "delta"
        [request] = turns() - before
    assert outcome(watcher, request, application.user)["status"] == "cancelled"
