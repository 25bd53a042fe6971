"""Scheduled jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from muxi import NotFoundError, ValidationError

from real.faces import Face
from real.support import Defects


@pytest.fixture
def job(face: Face, user: str) -> Iterator[Any]:
    """A job of that user."""
    made = face.call("create_scheduler_job", "recurring", "0 9 * * *", "Water the plants", user)
    face.called.clear()
    yield made
    for left in face.call("get_scheduler_jobs", user)["jobs"]:
        face.call("delete_scheduler_job", left["id"], user_id=user)


def test_create_scheduler_job(face: Face, user: str, job: dict[str, Any]) -> None:
    assert (job["user_id"], job["cron_expression"], job["status"]) == (user, "0 9 * * *", "ACTIVE")
    once = face.call("create_scheduler_job", "one_time", "2099-01-01T00:00:00Z", "Once", user, idempotency_key=user)
    assert (once["is_recurring"], once["scheduled_for"]) == (False, "2099-01-01T00:00:00Z")
    again = face.call("create_scheduler_job", "one_time", "2099-01-01T00:00:00Z", "Once", user, idempotency_key=user)
    assert again["id"] == once["id"]
    assert face.call("get_scheduler_jobs", user)["count"] == 2
    with pytest.raises(ValidationError, match="VALIDATION_ERROR: Invalid job type 'daily'"):
        face.call("create_scheduler_job", "daily", "0 9 * * *", "x", user)
    with pytest.raises(ValidationError, match="Invalid cron expression") as caught:
        face.call("create_scheduler_job", "recurring", "soon", "x", user)
    assert (caught.value.details["field"], caught.value.details["value"]) == ("schedule", "soon")


def test_get_scheduler_jobs(face: Face, user: str, job: dict[str, Any]) -> None:
    assert [found["id"] for found in face.call("get_scheduler_jobs", user)["jobs"]] == [job["id"]]
    assert face.call("get_scheduler_jobs", user + "-other")["jobs"] == []
    assert job["id"] in [found["id"] for found in face.call("get_scheduler_jobs", "")["jobs"]]


def test_get_scheduler_job(face: Face, job: dict[str, Any]) -> None:
    assert face.call("get_scheduler_job", job["id"])["original_prompt"] == "Water the plants"
    with pytest.raises(NotFoundError, match="RESOURCE_NOT_FOUND"):
        face.call("get_scheduler_job", "job_nothing")


def test_update_scheduler_job(face: Face, user: str, job: dict[str, Any], defects: Defects) -> None:
    titled = face.call("update_scheduler_job", job["id"], title="Plants", user_id=user)
    assert (titled["id"], titled["title"]) == (job["id"], "Plants")
    moved = face.call("update_scheduler_job", job["id"], message="Water all", schedule="0 8 * * *", user_id=user)
    assert (moved["original_prompt"], moved["cron_expression"]) == ("Water all", "0 8 * * *")
    assert moved["user_id"] == user
    assert moved["id"] != job["id"]
    with defects.error(
        "13", "update_scheduler_job changes the id", NotFoundError, 404, "RESOURCE_NOT_FOUND", "not found"
    ):
        face.call("get_scheduler_job", job["id"])


def test_pause_scheduler_job(face: Face, user: str, job: dict[str, Any], defects: Defects) -> None:
    assert face.call("pause_scheduler_job", job["id"], user_id=user)["status"] == "PAUSED"
    assert face.call("get_scheduler_job", job["id"])["status"] == "PAUSED"
    with defects.error(
        "13", "pausing twice is a 404", NotFoundError, 404, "RESOURCE_NOT_FOUND", "not found or not in ACTIVE state"
    ):
        face.call("pause_scheduler_job", job["id"], user_id=user)


def test_resume_scheduler_job(face: Face, user: str, job: dict[str, Any]) -> None:
    face.call("pause_scheduler_job", job["id"], user_id=user)
    assert face.call("resume_scheduler_job", job["id"], user_id=user)["status"] == "ACTIVE"
    assert face.call("get_scheduler_job", job["id"])["status"] == "ACTIVE"


def test_delete_scheduler_job(face: Face, user: str, job: dict[str, Any]) -> None:
    assert "removed" in face.call("delete_scheduler_job", job["id"], user_id=user)["message"]
    assert face.call("get_scheduler_jobs", user)["jobs"] == []
    with pytest.raises(NotFoundError, match="RESOURCE_NOT_FOUND"):
        face.call("delete_scheduler_job", job["id"], user_id=user)
