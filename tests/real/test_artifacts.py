"""Files that turns made."""

from __future__ import annotations

from typing import Any

import pytest
from muxi import NotFoundError

from real.faces import Face, until


@pytest.fixture
def artifact(face: Face, user: str) -> Any:
    """A file that a turn of that user made."""
    with face.stream("chat_stream", {"message": "Please explain [[tool:file]]"}, user_id=user) as turn:
        turn.final_text()
        session = turn.session_id
    [made] = until(lambda: face.call("list_artifacts", user)["artifacts"], bool)
    assert made["conversation_id"] == session
    face.called.clear()
    return made


def test_list_artifacts(face: Face, user: str, artifact: dict[str, Any]) -> None:
    listed = face.call("list_artifacts", user, limit=5)
    assert (listed["count"], listed["total"], listed["artifacts"][0]["name"]) == (1, 1, "hello.txt")
    assert face.call("list_artifacts", user + "-other")["artifacts"] == []


def test_get_artifact(face: Face, user: str, artifact: dict[str, Any]) -> None:
    found = face.call("get_artifact", artifact["id"], user)
    assert (found["content_type"], found["size_bytes"], found["version"]) == ("text/plain", 8, 1)
    with pytest.raises(NotFoundError, match="NOT_FOUND: Artifact"):
        face.call("get_artifact", artifact["id"], user + "-other")


def test_download_artifact_content(face: Face, user: str, artifact: dict[str, Any]) -> None:
    assert face.call("download_artifact_content", artifact["id"], user) == b"hi there"
    assert face.call("download_artifact_content", artifact["id"], user, version=1) == b"hi there"
    with pytest.raises(NotFoundError, match="NOT_FOUND"):
        face.call("download_artifact_content", artifact["id"], user, version=7)


def test_get_artifact_versions(face: Face, user: str, artifact: dict[str, Any]) -> None:
    versions = face.call("get_artifact_versions", artifact["id"], user)
    assert (versions["name"], versions["count"]) == ("hello.txt", 1)
    assert [(one["version"], one["is_latest"]) for one in versions["versions"]] == [(1, True)]
