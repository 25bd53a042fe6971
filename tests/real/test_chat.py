"""Chat turns, sessions and requests."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import pytest
from muxi import AuthorizationError, NotFoundError, ServerError, ValidationError

from real.faces import Face, until
from real.support import Defects, Runtime, ask, outcome

VOICE = {"filename": "note.wav", "content": base64.b64encode(b"RIFF0000WAVE").decode(), "content_type": "audio/wav"}


def test_chat(face: Face, user: str, runtime: Runtime, defects: Defects) -> None:
    reply = face.call("chat", {"message": "Please explain rivers"}, user_id=user)
    assert reply["message"]["content"] == "Stub answer to: Please explain rivers"
    assert (reply["user_id"], reply["message"]["metadata"]) == (user, {"session_id": reply["session_id"]})
    assert outcome(face, reply["request_id"], user)["result"] == reply["message"]["content"]

    small = face.call("chat", {"message": "Hello!"}, user_id=user)
    assert small["message"]["metadata"]["fast_path"]
    assert small["session_id"]

    again = {"message": f"Please explain {user}"}
    replies = [face.call("chat", again, user_id=user, idempotency_key=user) for _ in range(2)]
    assert replies[0] == replies[1]
    assert runtime.llm("/calls", match=again["message"])["final"] == 1

    heard = runtime.llm("/calls", match="/v1/audio/transcriptions")["count"]
    voiced = face.call("chat", {"message": f"Please explain this, {user}", "files": [VOICE]}, user_id=user)
    assert voiced["message"]["content"] == f"Stub answer to: Please explain this, {user}"
    assert runtime.llm("/calls", match="/v1/audio/transcriptions")["count"] == heard
    defects.met("20", "chat: a voice note is accepted and not listened to, audio_chat does")
    files = [{"filename": f"{user}.txt", "content": f"zebra-{user}", "content_type": "text/plain"}]
    face.call("chat", {"message": "Please explain the file", "files": files}, user_id=user)
    assert runtime.llm("/calls", match=f"zebra-{user}")["count"] == 0
    defects.met("20", "chat: a text file is accepted and does not reach the model")

    question = face.call("chat", {"message": "Please explain [[clarify]]"}, user_id=user)
    assert question["message"]["metadata"]["clarification"]
    answered = face.call("chat", {"message": "US", "session_id": question["session_id"]}, user_id=user)
    assert answered["session_id"] == question["session_id"]

    card = face.call("chat", {"message": "Please explain [[tool:card]]"}, user_id=user)
    assert [widget["resource"] for widget in card["message"]["ui"]] == ["ui://toolbox/card"]

    long = face.call("chat", {"message": "x" * 100_001}, user_id=user)
    assert long["message"]["metadata"]["error_code"] == "INPUT_VALIDATION_ERROR"
    defects.met("8", "chat: a failed turn is a reply")
    lost = face.call("chat", {"message": "Please explain", "agent_id": "nobody"}, user_id=user)
    assert lost["message"]["metadata"]["escalated"]
    assert outcome(face, lost["message"]["metadata"]["request_id"], user)["escalated"]

    with defects.error("16", "chat: no async mode", ServerError, 501, "METHOD_NOT_FOUND", "leave `mode` out"):
        face.call("chat", {"message": "Hello!", "mode": "async"}, user_id=user)
    with defects.error("3", "chat: no files", ServerError, 500, "INTERNAL_ERROR", "the turn ran", "use the stream"):
        face.call("chat", {"message": "Please explain [[tool:file]]"}, user_id=user)
    assert until(lambda: face.call("list_artifacts", user)["artifacts"], bool)[0]["name"] == "hello.txt"
    with pytest.raises(ValidationError, match="INVALID_PARAMS") as caught:
        face.call("chat", {}, user_id=user)
    assert caught.value.details["validation_errors"][0]["field"] == "message"


def test_chat_stream(face: Face, user: str, defects: Defects) -> None:
    with face.stream("chat_stream", {"message": "Please explain [[long:20]]"}, user_id=user) as turn:
        events = list(turn)
        session, request = turn.session_id, turn.request_id
    text = " ".join(f"word{number}" for number in range(20))
    assert "".join(event.text for event in events) == text
    [completed] = [event for event in events if event.type == "completed"]
    assert (completed.token["content"], completed.token["status"]) == (text, "success")
    assert (completed.token["session_id"], completed.token["request_id"]) == (session, request)
    assert events[-1].finished
    assert outcome(face, str(request), user)["result"] == text
    with defects.error(
        "4", "chat_stream: early answers fail", ServerError, 0, "INTERNAL_ERROR", "the same call of `chat` returns it"
    ):
        list(face.stream("chat_stream", {"message": "x" * 100_001}, user_id=user))


def test_audio_chat(face: Face, user: str, defects: Defects) -> None:
    reply = face.call("audio_chat", {"files": [VOICE]}, user_id=user)
    assert reply["message"]["content"] == "Stub answer to: hello from the voice note"
    messages = until(
        lambda: face.call("get_session_messages", reply["session_id"], user)["messages"], lambda found: len(found) == 2
    )
    assert messages[1]["text"] == reply["message"]["content"]
    with pytest.raises(NotFoundError, match="REQUEST_NOT_FOUND"):
        face.call("get_request_status", reply["request_id"], user)
    defects.met("16", "audio_chat drops the request id: it cannot be polled")
    with pytest.raises(ValidationError, match="VALIDATION_ERROR: Only audio files"):
        face.call("audio_chat", {"files": [{**VOICE, "content_type": "text/plain"}]}, user_id=user)


def test_audio_chat_stream(face: Face, user: str) -> None:
    with face.stream("audio_chat_stream", {"files": [VOICE]}, user_id=user) as turn:
        assert turn.final_text() == "Stub answer to: hello from the voice note"


def test_get_sessions(face: Face, user: str) -> None:
    sessions = [ask(face, user, "Hello!")["session_id"] for _ in range(3)]
    listed = face.call("get_sessions", user)
    assert [session["session_id"] for session in listed["sessions"]] == sessions[::-1]
    assert face.call("get_sessions", user, 1)["count"] == 1
    assert face.call("get_sessions", user, active_only=True)["count"] == 3
    assert face.call("get_sessions", user + "-other")["sessions"] == []


def test_get_session(face: Face, user: str) -> None:
    session = ask(face, user, "Hello!")["session_id"]
    found = face.call("get_session", session, user)
    assert (found["user_id"], found["message_count"], found["active"]) == (user, 2, True)
    assert found["created_at"] <= found["last_activity"]
    with pytest.raises(NotFoundError, match="RESOURCE_NOT_FOUND: Session"):
        face.call("get_session", session, user + "-other")


def test_get_session_messages(face: Face, user: str) -> None:
    reply = ask(face, user, "Please explain rivers")
    ask(face, user, "Please explain lakes", session_id=reply["session_id"])
    listed = face.call("get_session_messages", reply["session_id"], user, limit=1000)
    assert [(m["metadata"]["role"], m["text"]) for m in listed["messages"]] == [
        ("user", "Please explain rivers"),
        ("assistant", "Stub answer to: Please explain rivers"),
        ("user", "Please explain lakes"),
        ("assistant", "Stub answer to: Please explain lakes"),
    ]
    assert listed["messages"][0]["metadata"]["request_id"] == reply["request_id"]
    assert face.call("get_session_messages", reply["session_id"], user, limit=3)["has_more"]


def test_restore_session(face: Face, user: str) -> None:
    talk = [
        {"role": "user", "content": "Hi", "timestamp": "2026-01-01T00:00:00Z"},
        {"role": "assistant", "content": "Ho", "timestamp": "2026-01-01T00:00:01Z"},
    ]
    face.call("clear_all_buffers")  # a full buffer drops what is old
    restored = face.call("restore_session", f"{user}-s", user, talk)
    assert (restored["messages_loaded"], restored["messages_dropped"]) == (2, 0)
    messages = face.call("get_session_messages", f"{user}-s", user)["messages"]
    assert [(m["metadata"]["role"], m["text"]) for m in messages] == [("user", "Hi"), ("assistant", "Ho")]
    assert face.call("get_session", f"{user}-s", user)["message_count"] == 2
    with pytest.raises(ValidationError, match="INVALID_PARAMS") as caught:
        face.call("restore_session", f"{user}-s", user, [{"role": "user", "content": "Hi"}])
    assert caught.value.details["validation_errors"][0]["field"] == "messages.0.timestamp"


def test_get_requests(face: Face, user: str) -> None:
    reply = ask(face, user, "Hello!")
    [listed] = face.call("get_requests", user)["requests"]
    assert (listed["request_id"], listed["user_id"], listed["status"]) == (reply["request_id"], user, "completed")
    assert reply["request_id"] in [one["request_id"] for one in face.call("get_requests", "")["requests"]]


def test_get_request_status(face: Face, user: str) -> None:
    chosen = f"req_{uuid.uuid4().hex}"
    turn = face.stream("chat_stream", {"message": "Please explain [[slow:2]]", "request_id": chosen}, user_id=user)
    first: Any = until(lambda: face.call("get_requests", user)["requests"], bool)[0]
    assert (first["request_id"], first["status"]) == (chosen, "processing")
    assert face.call("get_request_status", chosen, user)["status"] == "processing"
    turn.final_text()
    done = outcome(face, chosen, user)
    assert (done["status"], done["completed_at"] - done["created_at"] > 2) == ("completed", True)
    with pytest.raises(AuthorizationError, match="FORBIDDEN"):
        face.call("get_request_status", chosen, user + "-other")
    with pytest.raises(NotFoundError, match="REQUEST_NOT_FOUND"):
        face.call("get_request_status", "req_nothing", user)


def test_cancel_request(face: Face, user: str, defects: Defects) -> None:
    def running() -> bool:
        return bool(face.call("get_requests", user)["requests"])

    with face.stream("chat_stream", {"message": "Please explain [[slow:1]]"}, user_id=user) as turn:
        early = str(turn.request_id)
        until(running, bool)
        cancelled = face.call("cancel_request", early, user)
        assert (cancelled["status"], cancelled["cancellation"]) == ("cancelled", "cooperative")
        assert outcome(face, early, user)["status"] == "cancelled"
    defects.met("7", "the stream of a cancelled turn never ends: leave it, which cancels as well")

    with face.stream("chat_stream", {"message": "Please explain [[slow:2]]"}, user_id=user) as turn:
        late = str(turn.request_id)
        first = next(texts := turn.text_deltas())
        assert face.call("cancel_request", late, user)["status"] == "cancelled"
        assert first + "".join(texts) == "Stub answer to: Please explain [[slow:2]]"
    assert outcome(face, late, user)["status"] == "completed"
    defects.met("7", "cancel_request is acknowledged and has no effect once the model answers")
    with pytest.raises(ValidationError, match=r"OPERATION_FAILED: Cannot cancel .* already completed"):
        face.call("cancel_request", late, user)
    with pytest.raises(NotFoundError, match="NOT_FOUND"):
        face.call("cancel_request", "req_nothing", user)
