"""The fields of requests: of the right type, not misspelt, and sent as they are where they are not declared."""

from __future__ import annotations

import logging
import re
from collections import UserDict
from typing import Any

import pytest
from muxi.testing import LocalServer

WHEN = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("operation", "arguments", "said"),
    [
        ("chat", [{"mesage": "hi"}], 'chat: payload has no "message", but "mesage"'),
        ("chat_stream", [{"msg": "hi"}], 'chat_stream: payload has no "message", but "msg"'),
        ("audio_chat", [{"file": []}], 'audio_chat: payload has no "files", but "file"'),
        ("chat", [{"message": 5}], 'chat: payload["message"] must be str, not int'),
        ("chat", [{"message": None}], 'chat: payload["message"] must be str, not NoneType'),
        ("chat", [{"message": "hi", "files": "a"}], 'chat: payload["files"] must be a list, not str'),
        ("chat", [{"message": "hi", "files": {}}], 'chat: payload["files"] must be a list, not dict'),
        ("chat", [{"message": "hi", "session_id": 5}], 'chat: payload["session_id"] must be str, not int'),
        ("chat", [{"message": "hi", "ui_response": "x"}], 'chat: payload["ui_response"] must be a dict, not str'),
        ("chat", [{"message": "hi", "threshold_seconds": "1"}], '["threshold_seconds"] must be a number, not str'),
        ("chat", [{"message": "hi", "threshold_seconds": True}], '["threshold_seconds"] must be a number, not bool'),
        ("create_credential", ["ada", {"servce": "x", "credential": {}}], 'payload has no "service", but "servce"'),
        ("create_credential", ["ada", {"service": "x", "credential": "y"}], '["credential"] must be a dict, not str'),
        (
            "ingest_memories_batch",
            ["ada", [{"content": "a", "source": "crm"}, {"contents": "a", "source": "crm"}]],
            'items[1] has no "content", but "contents"',
        ),
        (
            "ingest_memories_batch",
            ["ada", [{"content": 5, "source": 5}]],
            'ingest_memories_batch: items[0]["source"] must be str, not int',
        ),
        (
            "restore_session",
            ["sess", "ada", [{"role": "user", "content": "a", "timestamp": 5}]],
            'messages[0]["timestamp"] must be str, not int',
        ),
    ],
)
def test_mistakes_are_named_and_nothing_is_sent(
    muxi_server: LocalServer, operation: str, arguments: list[Any], said: str
) -> None:
    muxi_server.clear_requests()
    with pytest.raises((TypeError, ValueError), match=re.escape(said)):
        getattr(muxi_server.formation(), operation)(*arguments)
    assert not muxi_server.requests


def test_what_is_optional_may_be_none_and_other_fields_are_sent(
    muxi_server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    formation = muxi_server.formation()
    payload = {"message": "hi", "agent_id": None, "threshold_seconds": 3, "sesion_id": "x", "zzz_of_a_test": [1]}
    with caplog.at_level(logging.WARNING, "muxi"):
        muxi_server.clear_requests()
        formation.chat(payload)
        formation.chat(payload)
    body: Any = muxi_server.requests[0].body
    assert {key: body[key] for key in payload} == payload
    told = [record.getMessage() for record in caplog.records if record.name == "muxi"]
    assert told == [
        'ChatRequest has no field "sesion_id"; it is sent as it is: did you mean "session_id"?',
        'ChatRequest has no field "zzz_of_a_test"; it is sent as it is',
    ]


def test_mappings_and_tuples_are_taken(muxi_server: LocalServer) -> None:
    formation = muxi_server.formation()
    assert formation.chat(UserDict(message="hi")).text == "Echo: hi"
    said = ({"role": "user", "content": "hi", "timestamp": WHEN},)
    assert formation.restore_session("sess_restored", "ada", said)
