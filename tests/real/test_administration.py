"""Secrets, the audit log and tuning."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from muxi import ConflictError, NotFoundError, ValidationError

from real.faces import Face
from real.support import Defects, ask


@pytest.fixture
def secret(face: Face) -> Iterator[str]:
    """A secret that exists."""
    name = f"SECRET_{uuid.uuid4().hex[:8].upper()}"
    face.call("create_secret", name, "first-value-1111")
    face.called.clear()
    yield name
    if name in face.call("get_secrets")["secrets"]:
        face.call("delete_secret", name)


def test_get_secrets(face: Face, secret: str) -> None:
    listed = face.call("get_secrets")
    assert listed["secrets"][secret].startswith("fir")
    assert "first-value-1111" not in str(listed)
    assert listed["count"] == len(listed["secrets"])


def test_get_secret(face: Face, secret: str) -> None:
    found = face.call("get_secret", secret)
    assert (found["key"], found["value"]) == (secret, face.call("get_secrets")["secrets"][secret])
    with pytest.raises(NotFoundError, match='SECRET_NOT_FOUND: there is no secret "NOTHING"'):
        face.call("get_secret", "NOTHING")


def test_create_secret(face: Face) -> None:
    word = uuid.uuid4().hex[:8]
    created = face.call("create_secret", f"odd name {word}!", "value-1234567")
    assert created["message"].endswith("created successfully")
    stored = f"ODD_NAME_{word.upper()}"
    assert stored in face.call("get_secrets")["secrets"]
    with pytest.raises(ConflictError, match="SECRET_EXISTS"):
        face.call("create_secret", stored, "another")
    face.call("delete_secret", stored)


def test_set_secret(face: Face, secret: str) -> None:
    before = face.call("get_secret", secret)["value"]
    assert face.call("set_secret", secret, "other-value-2222")["message"].endswith("updated successfully")
    assert face.call("get_secret", secret)["value"] != before
    face.call("delete_secret", secret)
    assert face.call("set_secret", secret, "other-value-3333")["message"].endswith("created successfully")
    assert secret in face.call("get_secrets")["secrets"]


def test_delete_secret(face: Face, secret: str) -> None:
    assert "deleted" in face.call("delete_secret", secret)["message"]
    assert secret not in face.call("get_secrets")["secrets"]
    with pytest.raises(NotFoundError, match="SECRET_NOT_FOUND"):
        face.call("delete_secret", secret)
    with pytest.raises(ConflictError, match="SECRET_IN_USE"):
        face.call("delete_secret", "OPENAI_API_KEY")


def test_reload_secrets(face: Face, secret: str) -> None:
    reloaded = face.call("reload_secrets")
    assert (reloaded["added"], reloaded["overwritten"]) == ([], [])
    assert reloaded["count"] == face.call("get_secrets")["count"]
    assert secret in face.call("get_secrets")["secrets"]


def test_get_audit_log(face: Face, defects: Defects) -> None:
    face.call("clear_audit_log")
    face.call("set_secret", "AUDITED", "value-1234567")
    face.call("delete_secret", "AUDITED")
    log = face.call("get_audit_log")
    assert [entry["action"] for entry in log["entries"]] == ["audit.cleared"]
    defects.met("15", "the audit log holds only its own clearing")
    assert face.call("get_audit_log", limit=1, action="audit.cleared")["total_entries"] == 1
    assert face.call("get_audit_log", resource_type="secret")["entries"] == []
    assert face.call("get_audit_log", since="2999-01-01T00:00:00Z")["entries"] == []
    with pytest.raises(ValidationError, match="INVALID_PARAMETER: Invalid timestamp format: yesterday"):
        face.call("get_audit_log", since="yesterday")
    with defects.error(
        "21", "get_audit_log refuses the only resource type that occurs", ValidationError, 422, "INVALID_PARAMS"
    ):
        face.call("get_audit_log", resource_type="audit_log")


def test_clear_audit_log(face: Face) -> None:
    face.call("clear_audit_log")
    cleared = face.call("clear_audit_log")
    assert (cleared["previous_entries_count"], cleared["cleared_by"]) == (1, "admin")
    [entry] = face.call("get_audit_log")["entries"]
    assert (entry["request_id"], entry["data"]) == (cleared["request_id"], {"previous_entries_count": 1})


@pytest.fixture
def tuning(face: Face) -> Iterator[Path]:
    """A suggestion that waits for a decision: the file it lies in."""
    pending = Path(face.call("get_tuning_pending")["path"])
    pending.write_text("# Learned\n\n- Prefer short answers.\n")
    face.called.clear()
    yield pending
    pending.unlink(missing_ok=True)
    pending.with_name("MUXI.md").unlink(missing_ok=True)


def test_get_tuning(face: Face, tuning: Path) -> None:
    none = face.call("get_tuning")
    assert (none["content"], none["path"]) == (None, None)
    face.call("replace_tuning", "Be kind.")
    now = face.call("get_tuning")
    assert (now["content"], now["path"]) == ("Be kind.", str(tuning.with_name("MUXI.md")))


def test_replace_tuning(face: Face, tuning: Path) -> None:
    assert face.call("replace_tuning", "Être gentil.")["bytes"] == 13
    assert tuning.with_name("MUXI.md").read_text().strip() == "Être gentil."
    with pytest.raises(ValidationError, match="TUNING_CONTENT_TOO_LARGE"):
        face.call("replace_tuning", "x" * 32769)


def test_run_tuning(face: Face, tuning: Path, user: str) -> None:
    ask(face, user, "Hello!")  # a run reads what was said since the last one
    run = face.call("run_tuning")
    assert run["trigger"] == "manual"
    assert run["events_read"] > 0
    assert run["duration_ms"] > 0


def test_get_tuning_pending(face: Face, tuning: Path) -> None:
    pending = face.call("get_tuning_pending")
    assert (pending["content"], pending["path"]) == ("# Learned\n\n- Prefer short answers.", str(tuning))


def test_apply_tuning_pending(face: Face, tuning: Path) -> None:
    applied = face.call("apply_tuning_pending")
    assert applied["path"] == str(tuning.with_name("MUXI.md"))
    assert "Prefer short answers" in face.call("get_tuning")["content"]
    with pytest.raises(NotFoundError, match="TUNING_NO_PENDING"):
        face.call("apply_tuning_pending")


def test_dismiss_tuning_pending(face: Face, tuning: Path) -> None:
    assert face.call("dismiss_tuning_pending")["learnings_dismissed"] == 0
    assert face.call("get_tuning_pending")["content"] is None
    with pytest.raises(NotFoundError, match="TUNING_NO_PENDING"):
        face.call("dismiss_tuning_pending")
