"""Memories of a user, their ingestion, and the message buffer."""

from __future__ import annotations

from typing import Any

import pytest
from muxi import NotFoundError, ValidationError

from real.faces import Face, until
from real.support import Defects, Runtime, ask

ENDED = ("completed", "failed")


def test_add_memory(face: Face, user: str) -> None:
    made = face.call("add_memory", user, "hobby", "likes chess", metadata={"board": 1})
    assert made["content"] == {"type": "hobby", "detail": "likes chess"}
    [listed] = face.call("get_memories", user)["memories"]
    assert (listed["id"], listed["content"], listed["scope"]) == (made["id"], "likes chess", "user")
    assert (listed["metadata"]["type"], listed["metadata"]["board"]) == ("hobby", 1)


def test_get_memories(face: Face, user: str) -> None:
    for detail in ("one", "two", "three"):
        face.call("add_memory", user, "count", detail)

    def contents(*args: Any, **options: Any) -> list[str]:
        return [memory["content"] for memory in face.call("get_memories", user, *args, **options)["memories"]]

    assert contents() == ["three", "two", "one"]
    assert contents(2) == ["three", "two"]
    assert contents(2, offset=2) == ["one"]
    assert contents(scopes="formation") == []
    assert face.call("get_memories", user + "-other")["count"] == 0
    with pytest.raises(ValidationError, match="INVALID_PARAMS"):
        face.call("get_memories", user, 101)


def test_delete_memory(face: Face, user: str, defects: Defects) -> None:
    made = face.call("add_memory", user, "hobby", "likes chess")
    deleted = face.call("delete_memory", user, made["id"])
    assert (deleted["deleted"], deleted["user_id"]) == (made["id"], user)
    assert face.call("get_memories", user)["memories"] == []
    with pytest.raises(NotFoundError, match="NOT_FOUND: Memory"):
        face.call("delete_memory", user, made["id"])
    made = face.call("add_memory", user, "hobby", "likes go")
    assert face.call("delete_memory", user + "-other", made["id"])["deleted"] == made["id"]
    assert face.call("get_memories", user)["memories"] == []
    defects.met("18", "a user can delete the memory of another user")


def ingested(face: Face, processing_id: str, user: str) -> Any:
    return until(
        lambda: face.call("get_ingestion_status", processing_id, user_id=user),
        lambda job: job["status"] in ENDED,
    )


def test_ingest_memory(face: Face, user: str) -> None:
    item: dict[str, Any] = {"source_id": "n1", "timestamp": "2026-01-02T03:04:05Z", "subject": "moving"}
    first = face.call("ingest_memory", user, "I moved to Oslo and love it", "notes", **item)
    assert (first["status"], first["source_id"]) == ("accepted", "n1")
    again = face.call("ingest_memory", user, "I moved to Oslo and love it", "notes", **item)
    assert (again["status"], again["event_id"], again["derived_events"]) == ("duplicate", first["event_id"], [])
    assert ingested(face, first["processing_id"], user)["counts"]["failed"] == 0


def test_ingest_memories_batch(face: Face, user: str) -> None:
    good = {"content": "I like tea a lot", "source": "chat", "source_id": "1"}
    batch = face.call("ingest_memories_batch", user, [good, {"content": "no source"}, good])
    assert [item["status"] for item in batch["items"]] == ["accepted", "invalid", "duplicate"]
    assert batch["counts"] == {"accepted": 1, "duplicate": 1, "invalid": 1}
    assert "'source' is required" in batch["items"][1]["error"]
    [done] = ingested(face, batch["processing_id"], user)["items"]
    assert done["event_id"] == batch["items"][0]["event_id"]


def test_get_ingestion_status(face: Face, user: str, runtime: Runtime) -> None:
    accepted = face.call("ingest_memory", user, "I bought a bicycle", "notes", source_id="n2")
    job = ingested(face, accepted["processing_id"], user)
    assert (job["status"], job["items"][0]["disposition"]) == ("completed", "stored")
    assert job["counts"] == {"stored": 1, "filtered": 0, "failed": 0}
    used = dict(zip(job["usage"]["fields"], job["usage"]["total"], strict=True))["total"]
    assert (used > 0) is not runtime.is_local  # muxi-local asks no model about memories
    with pytest.raises(NotFoundError, match="NOT_FOUND"):
        face.call("get_ingestion_status", "ing_nothing", user_id=user)


def test_get_memory_provenance(face: Face, user: str) -> None:
    accepted = face.call("ingest_memory", user, "I bought a bicycle", "notes", source_id="n3")
    known = face.call("get_memory_provenance", user, event_id=accepted["event_id"])
    assert known["event"]["payload"]["content"] == "I bought a bicycle"
    assert [event["event_id"] for event in known["chain"]] == [accepted["event_id"]]
    with pytest.raises(NotFoundError, match="NOT_FOUND: Unknown entity 'Oslo'"):
        face.call("get_memory_provenance", user, entity="Oslo")


def test_get_user_buffer(face: Face, user: str) -> None:
    assert face.call("get_user_buffer", user)["total_messages"] == 0
    ask(face, user, "Hello!")
    buffer = face.call("get_user_buffer", user)
    assert (buffer["total_messages"], buffer["buffer_size_kb"] > 0) == (2, True)


def test_clear_user_buffer(face: Face, user: str) -> None:
    ask(face, user, "Hello!")
    cleared = face.call("clear_user_buffer", user)
    assert (cleared["user_id"], cleared["messages_cleared"], cleared["sessions_cleared"]) == (user, 2, 1)
    assert face.call("get_user_buffer", user)["total_messages"] == 0


def test_clear_session_buffer(face: Face, user: str) -> None:
    sessions = [ask(face, user, "Hello!")["session_id"] for _ in range(2)]
    cleared = face.call("clear_session_buffer", user, sessions[0])
    assert (cleared["session_id"], cleared["messages_cleared"]) == (sessions[0], 2)
    assert face.call("get_session_messages", sessions[0], user)["messages"] == []
    assert face.call("get_session_messages", sessions[1], user)["count"] == 2


def test_list_memory_buffers(face: Face, user: str) -> None:
    ask(face, user, "Hello!")
    [buffer] = face.call("list_memory_buffers")["buffers"]
    assert buffer["total_entries"] >= 2


def test_get_buffer_stats(face: Face, user: str) -> None:
    ask(face, user, "Hello!")
    stats = face.call("get_buffer_stats")
    assert stats["total_entries"] >= 2
    assert stats["total_users"] >= 1


def _clears_everything(face: Face, user: str, operation: str) -> None:
    ask(face, user, "Hello!")
    assert face.call("get_user_buffer", user)["total_messages"] == 2
    assert face.call(operation)["message"] == "All message buffers were cleared"
    assert face.call("get_user_buffer", user)["total_messages"] == 0
    assert face.call("get_buffer_stats")["total_entries"] == 0
    assert face.call(operation)["message"] == "All message buffers were cleared"  # there is none now


def test_clear_all_buffers(face: Face, user: str, defects: Defects) -> None:
    _clears_everything(face, user, "clear_all_buffers")
    defects.met("5", "clearing all buffers answers 500, or 503 when they are empty: the client tells of its success")


def test_clear_memory_buffers(face: Face, user: str) -> None:
    _clears_everything(face, user, "clear_memory_buffers")
