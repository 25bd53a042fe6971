"""The results of chat turns: text, status, artifacts, widgets, clarification, and failures that are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import muxi
import pytest
from muxi.testing import LocalServer
from muxi.types import ChatArtifact, ChatResult, Token, Widget
from programs import fails
from wire import Answer, Request, Wire

Read = Callable[[LocalServer, str], "muxi.TurnResult"]


def streamed(local: LocalServer, message: str) -> muxi.TurnResult:
    with local.formation().chat_stream({"message": message}, user_id="ada") as stream:
        list(stream.text_deltas())
        return stream.result()


def unread(local: LocalServer, message: str) -> muxi.TurnResult:
    return local.formation().chat_stream({"message": message}, user_id="ada").result()


def partly_read(local: LocalServer, message: str) -> muxi.TurnResult:
    stream = local.formation().chat_stream({"message": message}, user_id="ada")
    next(stream)
    return stream.result()


def by_events(local: LocalServer, message: str) -> muxi.TurnResult:
    stream = local.formation().chat_stream({"message": message}, user_id="ada")
    list(stream)
    assert stream.result() == stream.result()
    return stream.result()


def awaited(local: LocalServer, message: str) -> muxi.TurnResult:
    async def main() -> muxi.TurnResult:
        async with local.async_formation() as formation:
            stream = formation.chat_stream({"message": message}, user_id="ada")
            async for _ in stream.text_deltas():
                pass
            return await stream.result()

    return asyncio.run(main())


def awaited_events(local: LocalServer, message: str) -> muxi.TurnResult:
    async def main() -> muxi.TurnResult:
        async with local.async_formation() as formation:
            stream = await formation.chat_stream({"message": message}, user_id="ada")
            async for _ in stream:
                pass
            return await stream.result()

    return asyncio.run(main())


each_way = pytest.mark.parametrize("read", [streamed, unread, partly_read, by_events, awaited, awaited_events])


@each_way
def test_a_turn_that_went_well(local: LocalServer, read: Read) -> None:
    result = read(local, "hi")
    assert (result.text, result.status, result.agent) == ("Echo: hi", "success", "assistant")
    assert (result.artifacts, result.widgets, result.clarification) == ([], [], None)
    assert result.session_id
    assert result.request_id
    assert type(result.completed) is Token
    assert result.completed.processing_time_ms is not None
    assert result.raise_for_status() is result
    assert json.loads(json.dumps(result))["text"] == result["text"]


@each_way
def test_a_turn_that_failed_is_told(local: LocalServer, read: Read) -> None:
    result = read(local, "[[fail]] x")
    assert result.status == "error"
    assert "unavailable" in result.text
    with pytest.raises(muxi.MuxiError) as caught:
        result.raise_for_status()
    error = caught.value
    assert (error.code, error.message, error.status_code) == ("TURN_FAILED", result.text, 0)
    assert (error.session_id, error.request_id) == (result.session_id, result.request_id)


@each_way
def test_a_turn_that_asks_back(local: LocalServer, read: Read) -> None:
    result = read(local, "[[clarify]] x")
    assert result.status == "awaiting_clarification"
    assert result.clarification == result.text == "Which region? Options: US, EU"
    result.raise_for_status()


@each_way
def test_artifacts_and_widgets(local: LocalServer, read: Read) -> None:
    result = read(local, "[[artifact]] x")
    assert [type(one) for one in result.artifacts] == [ChatArtifact]
    assert (result.artifacts[0].filename, result.artifacts[0].content) == ("echo.txt", "[[artifact]] x")
    result = read(local, "[[options]] x")
    assert {type(one) for one in result.widgets} == {Widget}
    assert {one.type for one in result.widgets} == {"options"}


@each_way
def test_a_turn_that_was_cut_has_no_result(local: LocalServer, read: Read) -> None:
    with pytest.raises(muxi.ConnectionError):
        read(local, "[[cut]] a b c")


def test_a_stream_that_was_closed_early_has_no_result(local: LocalServer) -> None:
    stream = local.formation().chat_stream({"message": "[[long]] x"})
    next(stream)
    stream.close()
    with pytest.raises(RuntimeError, match="closed"):
        stream.result()

    async def main() -> None:
        stream = local.async_formation().chat_stream({"message": "[[long]] x"})
        await anext(stream)
        await stream.aclose()
        with fails(RuntimeError):
            await stream.result()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("status", "code"), [("failed", "TURN_FAILED"), ("cancelled", "TURN_CANCELLED"), (["error"], None), (5, None)]
)
def test_the_last_token_of_a_stream_may_say_any_status(status: Any, code: str | None) -> None:
    token = {"type": "completed", "content": "x", "status": status}

    def answer(request: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        yield f"data: {json.dumps({'token': token})}\n\nevent: done\ndata: {{}}\n\n".encode()

    with Wire(answer) as server, muxi.FormationClient(base_url=f"{server.url}/v1", client_key="k") as formation:
        result = formation.chat_stream({"message": "hi", "session_id": "s", "request_id": "r"}).result()
    assert (result.text, result.status) == ("x", status)
    if code is None:
        assert result.raise_for_status() is result
        return
    with pytest.raises(muxi.MuxiError) as caught:
        result.raise_for_status()
    error = caught.value
    same = type(error)(*json.loads(json.dumps(error.args)))
    for one in (error, same):
        assert (one.code, one.message, one.session_id, one.request_id) == (code, "x", "s", "r")


def test_the_reply_of_chat_has_the_same_attributes(local: LocalServer) -> None:
    formation = local.formation()
    reply = formation.chat({"message": "hi"})
    assert (reply.text, reply.status, reply.artifacts, reply.widgets) == ("Echo: hi", None, [], [])
    assert reply.clarification is None
    assert reply.raise_for_status() is reply
    failed = formation.chat({"message": "[[fail]] x"})
    assert failed.status == "error"
    with pytest.raises(muxi.MuxiError) as caught:
        failed.raise_for_status()
    assert failed.message.metadata
    assert caught.value.code == failed.message.metadata.error_code
    assert (caught.value.message, caught.value.session_id) == (failed.text, failed.session_id)
    asks = formation.chat({"message": "[[clarify]] x"})
    assert (asks.status, asks.clarification) == ("awaiting_clarification", asks.text)
    plan = formation.chat({"message": "[[approve]] x"})
    assert (plan.status, plan.clarification) == ("awaiting_clarification", plan.text)
    assert plan.raise_for_status() is plan
    streamed = formation.chat_stream({"message": "[[approve]] x"}).result()
    assert (streamed.status, streamed.clarification) == (plan.status, plan.clarification)
    assert formation.chat({"message": "[[artifact]] x"}).artifacts[0].filename == "echo.txt"
    assert formation.chat({"message": "[[options]] x"}).widgets[0].type == "options"


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        ({"content": "x", "metadata": {"cancelled": True}}, "cancelled", "TURN_CANCELLED"),
        ({"content": "x", "metadata": {"escalated": True}}, "escalated", "TURN_ESCALATED"),
        ({"content": "x", "metadata": {"workflow_status": "failed"}}, "error", "TURN_FAILED"),
        ({"content": None, "metadata": {"error_code": "E"}}, "error", "E"),
        ({"content": "x", "metadata": {"error_code": ["E"]}}, "error", "TURN_FAILED"),
        ({"content": "x", "status": "failed"}, "failed", "TURN_FAILED"),
        ({"content": "x", "status": ["error"]}, ["error"], None),
        ({"content": "x", "metadata": {"requires_user_response": True}}, "awaiting_clarification", None),
        ({"content": "x", "metadata": None}, None, None),
        ({"status": "processing", "request_id": "req"}, "processing", None),
        ("a bare text", None, None),
        (None, None, None),
    ],
)
def test_each_form_of_an_answer(message: Any, status: Any, code: str | None) -> None:
    reply = ChatResult({"message": message})
    assert reply.status == status
    assert isinstance(reply.text, str)
    assert (reply.artifacts, reply.widgets) == ([], [])
    if code is None:
        assert reply.raise_for_status() is reply
    else:
        with pytest.raises(muxi.MuxiError) as caught:
            reply.raise_for_status()
        assert caught.value.code == code
    parts = ChatResult({"message": {"content": [{"type": "text", "text": "a"}, {"text": None}, {"text": "b"}, 3]}})
    assert parts.text == "ab"


@pytest.mark.parametrize(
    ("status", "code"),
    [("error", "LLM_ERROR"), ("escalated", "TURN_ESCALATED"), ("cancelled", "TURN_CANCELLED")],
)
def test_a_scripted_status_is_the_same_for_both_kinds_of_turns(
    muxi_server: LocalServer, status: str, code: str
) -> None:
    muxi_server.script([{"reply": {"text": "Later.", "status": status}}])
    formation = muxi_server.formation()
    for turn in (formation.chat("hi"), formation.chat_stream("hi").result()):
        assert (turn.text, turn.status) == ("Later.", status)
        with pytest.raises(muxi.MuxiError) as caught:
            turn.raise_for_status()
        assert caught.value.code in {code, "TURN_FAILED"}


def sse(*tokens: Any) -> Answer:
    frames = "".join(f"data: {json.dumps({'token': token})}\n\n" for token in tokens)
    text = frames + 'event: done\ndata: {"finished":true}\n\n'
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {len(text)}\r\n\r\n"
    return lambda _: [(head + text).encode()]


@pytest.mark.parametrize("last", [{"content": None}, {"content": 5}, {"content": ["a"]}, {}, {"content": ""}])
def test_a_last_token_without_text_leaves_the_slices_and_says_how_it_ended(last: dict[str, Any]) -> None:
    slices = [{"type": "content", "content": text} for text in ("one ", "two")]
    completed = {"type": "completed", "status": "error", "agent_used": "helper", **last}
    with Wire(sse(*slices, completed)) as wire:
        stream = muxi.FormationClient(url=wire.url, client_key="c").chat_stream("hi")
        assert list(stream.text_deltas()) == ["one ", "two"]
        result = stream.result()
    assert (result.text, result.status, result.agent) == ("one two", "error", "helper")
    with pytest.raises(muxi.MuxiError, match="one two"):
        result.raise_for_status()


def test_a_token_is_an_object() -> None:
    event = muxi.Event(event="message", data=json.dumps({"token": {"type": "content", "content": "a", "extra": 1}}))
    token = event.token
    assert isinstance(token, Token)
    assert (token.type, token.content, token.get("extra"), event.text) == ("content", "a", 1, "a")
    assert event.token is token
    assert event.json() == {"token": {"type": "content", "content": "a", "extra": 1}}
    bare = muxi.Event(event="message", data='{"token": "a"}')
    assert (bare.text, bare.type) == ("a", "content")
    assert bare.token == {"type": "content", "content": "a"}
    for data in ("{}", "[1]", "no JSON", '{"token": 5}', '{"token": null}'):
        assert muxi.Event(event="message", data=data).token is None
