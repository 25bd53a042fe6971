"""A user's program, checked by mypy and pyright and never run: it holds what an editor knows of the replies."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import muxi
from muxi import AsyncFormationClient, FormationClient, ServerClient, webhook
from typing_extensions import assert_type

if TYPE_CHECKING:
    from muxi.types import (
        AudioRequest,
        ChatRequest,
        ContentPart,
        ContentPartDict,
        MemoryItem,
        NewCredential,
        RequestState,
        RestoredMessage,
        Role,
        Token,
    )


def synchronous(server: ServerClient, formation: FormationClient) -> None:
    assert_type(server.ping(), int)
    assert_type(server.get_server_logs(limit=5), str)
    assert_type(server.list_formations()["formations"][0]["id"], str)
    assert_type(server.download_formation("demo"), bytes)
    assert_type(formation.get_sessions("ada", 5)["sessions"][0]["session_id"], str)
    assert_type(formation.get_formation_info(), dict[str, Any])
    turn = formation.chat({"message": "hi"}, user_id="ada", timeout=5)
    assert_type(turn["session_id"], "str | None")
    assert_type(server.list_formations().formations[0].id, str)
    content: str | list[ContentPart] | None = assert_type(turn.message.content, "str | list[ContentPart] | None")
    said: str | list[ContentPartDict] | None = turn["message"]["content"]
    print(content, said)
    assert_type(turn.message.status, "RequestState | None")
    assert_type(turn.get("request_id"), "str | None")
    assert_type(turn.get("idempotency_key", 3), "str | int | None")
    assert_type(turn.get("of a later version"), Any)
    assert_type({**turn}, dict[str, Any])
    assert_type(dict(turn), dict[str, Any])
    print(turn.mesage)  # type: ignore[attr-defined]  # pyright: ignore
    print(turn["mesage"])  # type: ignore[call-overload]  # pyright: ignore
    turn.message = turn.message  # type: ignore[misc]  # pyright: ignore
    with formation.chat_stream({"message": "hi"}) as stream:
        assert_type(stream, muxi.ChatStream)
        for event in stream:
            assert_type(event, muxi.Event)
            assert_type(event.text, str)
            assert_type(event.token, Token | None)
        with contextlib.closing(stream.text_deltas()) as texts:
            for text in texts:
                assert_type(text, str)
    assert_type(formation.with_options(timeout=3), FormationClient)
    assert_type(formation.with_raw_response.chat("hi", user_id="ada", timeout=3).parse().text, str)
    assert_type(formation.with_raw_response.chat_stream("hi"), muxi.ChatStream)
    assert_type(server.with_raw_response.list_formations().parse().formations[0].id, str)
    assert_type(server.with_raw_response.ping(), int)
    formation.with_raw_response.health(timout=3)  # type: ignore[call-arg]  # pyright: ignore
    try:
        formation.set_secret("NAME", "value")
    except muxi.RateLimitError as error:
        assert_type(error.retry_after, "float | None")
    assert_type(webhook.parse(b"{}").status, str)


def typed_requests(formation: FormationClient) -> None:
    items: list[MemoryItem] = [{"content": "likes tea", "source": "crm", "scope": "user"}]
    formation.ingest_memories_batch("ada", items)
    formation.ingest_memories_batch("ada", [{"content": {"any": "thing"}, "source": "crm", "more": 1}])
    said: RestoredMessage = {"role": "user", "content": "hi", "timestamp": "2026-01-01T00:00:00Z"}
    formation.restore_session("sess", "ada", [said])
    voice: AudioRequest = {"files": [], "session_id": 3}  # type: ignore[typeddict-item]
    formation.audio_chat(voice)
    credential: NewCredential = {"service": "github"}  # type: ignore[typeddict-item]
    formation.create_credential("ada", credential)
    formation.create_scheduler_job("recurring", "0 9 * * *", "Good morning!", "ada")
    formation.register_distillery("name", "ed25519:...", scope={"user_ids": ["ada"], "max_batch_size": 10})


async def asynchronous(formation: AsyncFormationClient) -> None:
    assert_type((await formation.get_secrets())["secrets"], dict[str, str])
    async for event in formation.chat_stream({"message": "hi"}):
        assert_type(event.finished, bool)
    async for event in await formation.chat_stream({"message": "hi"}):
        assert_type(event.widgets, list[dict[str, Any]])
    async with formation.audio_chat_stream({"files": []}) as turn:
        assert_type(await turn.final_text(), str)
        async with contextlib.aclosing(turn.text_deltas()) as texts:
            async for text in texts:
                assert_type(text, str)


def words(formation: FormationClient) -> None:
    turn = formation.chat({"message": "hi"})
    role: Role | None = turn["message"]["role"]
    assert_type(role, "str | None")
    known: RequestState = "completed"
    new: RequestState = "a_word_of_tomorrow"
    wrong: RequestState = 1  # type: ignore[assignment]
    print(role, known, new, wrong)


def requests(formation: FormationClient) -> None:
    request: ChatRequest = {"message": "hi", "session_id": "s1", "mode": "sync"}
    assert_type(request["message"], str)
    formation.chat(request)
    formation.chat({"message": "hi", "a_key_of_tomorrow": True})
    wrong: ChatRequest = {"message": 1}  # type: ignore[typeddict-item]
    formation.chat(3)  # type: ignore[arg-type]  # pyright: ignore
    assert_type(formation.chat("hi", session_id="s1", files=[Path("a.txt"), ("b", b"b")]).text, str)
    formation.chat(message="hi", mesage="hi")  # type: ignore[call-arg]  # pyright: ignore
    formation.chat(message=3)  # type: ignore[arg-type]  # pyright: ignore
    result = formation.chat_stream("hi").result()
    assert_type(result.text, str)
    assert_type(result.artifacts[0].filename, str)
    assert_type(formation.chat("hi").raise_for_status(), muxi.types.ChatResult)
    formation.chat(wrong)
