"""The streams that the shipped runtime does not feed."""

from __future__ import annotations

import pytest
from muxi import NotFoundError, ServerError, TimeoutError, ValidationError

from real.faces import Face
from real.support import Defects, ask


def test_stream_events(face: Face, user: str, defects: Defects) -> None:
    with defects.error("1", "stream_events is silent", TimeoutError, 0, "TIMEOUT", "the deadline of 2 s"):
        list(face.stream("stream_events", user, deadline=2))


def test_stream_session_events(face: Face, user: str, defects: Defects) -> None:
    session = ask(face, user, "Hello!")["session_id"]
    with defects.error("1", "stream_session_events is silent", TimeoutError, 0, "TIMEOUT", "the deadline of 2 s"):
        list(face.stream("stream_session_events", session, user, deadline=2))


def test_stream_request(face: Face, user: str, defects: Defects) -> None:
    reply = ask(face, user, "Hello!")
    with defects.error("1", "stream_request", ServerError, 500, "INTERNAL_ERROR", "poll get_request_status"):
        list(face.stream("stream_request", user, reply["session_id"], reply["request_id"]))


def test_stream_logs(face: Face, user: str, defects: Defects) -> None:
    with defects.error("1", "stream_logs is silent", TimeoutError, 0, "TIMEOUT", "the deadline of 2 s"):
        list(face.stream("stream_logs", level="debug", deadline=2))
    with pytest.raises(ValueError, match="user_id"):
        face.stream("stream_logs")
    with pytest.raises((ValidationError, ValueError, NotFoundError)):
        list(face.stream("stream_logs", {"colour": "red"}, deadline=2))
