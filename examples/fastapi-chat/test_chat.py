"""The application over sockets, against muxi-local."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import chat
import httpx
import pytest
import uvicorn
from muxi.testing import LocalServer


@pytest.fixture
def app(muxi_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A client of the application."""
    for name, value in muxi_server.environment().items():
        monkeypatch.setenv(name, value)
    chat.news.clear()
    place = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(chat.app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{place.getsockname()[1]}", timeout=40, trust_env=False) as client:
        yield client
    server.should_exit = True
    thread.join()
    place.close()


def events(text: str) -> list[tuple[str, dict[str, str]]]:
    blocks = [block.split("\n") for block in text.split("\n\n") if block.startswith("event: ")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def test_the_page_is_there(app: httpx.Client) -> None:
    assert "<h1>Chat</h1>" in app.get("/").text


def test_an_answer_is_streamed_and_the_session_goes_on(app: httpx.Client) -> None:
    app.cookies.set("user", "ada")
    *deltas, (name, done) = events(app.post("/chat", json={"text": "Hello!"}).text)
    assert "".join(data["text"] for _, data in deltas) == done["text"] == "Echo: Hello!"
    assert (name, done["status"]) == ("done", "success")
    _, again = events(app.post("/chat", json={"text": "Hi", "session_id": done["session_id"]}).text)[-1]
    assert again["session_id"] == done["session_id"]


def test_a_stopped_answer_is_cancelled(app: httpx.Client, muxi_server: LocalServer) -> None:
    with app.stream("POST", "/chat", json={"text": "[[slow]] " + "word " * 500}) as reply:
        assert next(reply.iter_text())
    formation = muxi_server.formation()
    while (request := formation.get_requests("guest")["requests"][0])["status"] != "cancelled":
        assert request["status"] == "processing"
        time.sleep(0.02)


def test_failures_are_events(app: httpx.Client) -> None:
    assert events(app.post("/chat", json={"text": "[[cut]] one two"}).text)[-1][0] == "error"
    assert events(app.post("/chat", json={"text": "[[fail]] x"}).text)[-1][1]["status"] == "error"
    assert app.post("/chat", json={"text": ""}).status_code == 422


def test_webhooks_are_taken_when_they_are_signed(app: httpx.Client, muxi_server: LocalServer) -> None:
    url = str(app.base_url.join("/webhooks/muxi"))
    assert muxi_server.send_webhook(url, text="Done.", user_id="ada")[0].status == 204
    assert muxi_server.send_webhook(url, signature="wrong")[0].status == 401
    assert muxi_server.send_webhook(url, age=600)[0].status == 401
    assert [item["text"] for item in app.get("/news").json()] == ["Done."]
