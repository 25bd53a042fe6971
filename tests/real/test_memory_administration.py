"""Rebuilding, forgetting and checking of memories, and distilleries."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from muxi import MuxiError, NotFoundError, ValidationError

from real.faces import Face, until
from real.support import Runtime

PROJECTIONS = {"artifact_metadata", "captains_log", "flat_facts", "knowledge_graph"}


class Distillery:
    """A registered distillery that can sign."""

    def __init__(self, face: Face, runtime: Runtime) -> None:
        self.face = face
        self.runtime = runtime
        self.name = f"still-{uuid.uuid4().hex[:8]}"
        key = runtime.sign(b"")["public_key"]
        self.record = face.call("register_distillery", self.name, key, description="Tests", trust_level="verified")
        self.id: str = self.record["distillery_id"]

    def send(self, *events: dict[str, Any]) -> Any:
        payload = json.dumps({"batch_id": self.name, "events": events}).encode()
        now = str(int(time.time()))
        signed = b"\n".join([b"muxi-distillery-v1", now.encode(), self.id.encode(), payload])
        return self.face.call(
            "ingest_distilled_memories", payload, self.id, now, self.runtime.sign(signed)["signature"]
        )

    def status(self, processing_id: str) -> Any:
        return until(
            lambda: self.face.call("get_distilled_status", processing_id, distillery_id=self.id),
            lambda job: job["status"] in ("completed", "failed"),
        )


@pytest.fixture
def distillery(face: Face, runtime: Runtime) -> Iterator[Distillery]:
    made = Distillery(face, runtime)
    face.called.clear()
    yield made
    face.call("revoke_distillery", made.id)


def log_entry(user: str, number: str = "1") -> dict[str, Any]:
    payload = {"date": "2026-11-20", "summary": f"Planted tree {number}"}
    return {"event_type": "log.entry", "user_id": user, "source_id": f"{user}-{number}", "payload": payload}


def test_register_distillery(face: Face, runtime: Runtime) -> None:
    record = Distillery(face, runtime).record
    assert (record["status"], record["trust_level"], record["revoked_at"]) == ("active", "verified", None)
    assert record["scope"]["max_batch_size"] == 10000
    face.call("revoke_distillery", record["distillery_id"])


def test_list_distilleries(face: Face, distillery: Distillery) -> None:
    listed = face.call("list_distilleries")
    assert listed["count"] == len(listed["distilleries"])
    assert distillery.name in [one["name"] for one in listed["distilleries"]]


def test_revoke_distillery(face: Face, user: str, distillery: Distillery) -> None:
    assert face.call("revoke_distillery", distillery.id)["status"] == "revoked"
    with pytest.raises(MuxiError, match="GONE: This distillery registration has been revoked") as caught:
        distillery.send(log_entry(user))
    assert caught.value.status_code == 410
    with pytest.raises(NotFoundError, match="NOT_FOUND"):
        face.call("revoke_distillery", "nothing")


def test_ingest_distilled_memories(face: Face, user: str, distillery: Distillery) -> None:
    sent = distillery.send(log_entry(user), {"event_type": "rumour"})
    assert (sent["accepted"], sent["rejected"], sent["rejections"][0]["index"]) == (1, 1, 1)
    distillery.status(sent["processing_id"])
    assert distillery.send(log_entry(user))["duplicates"] == 1
    [entry] = face.call("get_history", user)["entries"]
    assert entry["summary"] == "Planted tree 1"
    with pytest.raises(MuxiError, match="UNAUTHORIZED"):
        face.call("ingest_distilled_memories", b"{}", distillery.id, str(int(time.time())), "AAAA")


def test_get_distilled_status(face: Face, user: str, distillery: Distillery) -> None:
    job = distillery.status(distillery.send(log_entry(user))["processing_id"])
    assert (job["status"], job["batch_id"]) == ("completed", distillery.name)
    assert job["counts"] == {"projected": 1, "recorded": 0, "failed": 0}
    assert [(item["event_type"], item["disposition"]) for item in job["items"]] == [("log.entry", "projected")]


def test_get_history(face: Face, user: str, distillery: Distillery) -> None:
    distillery.status(distillery.send(log_entry(user))["processing_id"])
    [entry] = face.call("get_history", user, limit=5, date_from="2026-11-19", date_to="2026-11-21")["entries"]
    assert (entry["date"], entry["summary"]) == ("2026-11-20", "Planted tree 1")
    assert face.call("get_history", user, date_from="2026-11-21")["entries"] == []
    assert face.call("get_history", user, include_sources=True)["entries"][0]["sources"] == []


def test_rebuild_memory(face: Face, user: str, distillery: Distillery) -> None:
    distillery.status(distillery.send(log_entry(user))["processing_id"])
    dry = face.call("rebuild_memory", user, projection="captains_log", dry_run=True, background=False)
    assert dry["projections"] == {"captains_log": {"events": 1, "applied": 0, "failed": 0, "dry_run": True}}
    done = face.call("rebuild_memory", user, background=False, backfill=True)
    assert done["projections"]["captains_log"] == {"events": 1, "applied": 1, "failed": 0}
    assert set(done["projections"]) == PROJECTIONS
    assert face.call("get_history", user)["count"] == 1
    with pytest.raises(ValidationError, match="INVALID_PARAMS"):
        face.call("rebuild_memory", user, projection="everything")


def test_get_memory_rebuild_status(face: Face, user: str) -> None:
    job = face.call("rebuild_memory", user)
    assert job["status"] == "processing"
    done = until(
        lambda: face.call("get_memory_rebuild_status", job["job_id"]), lambda found: found["status"] != "processing"
    )
    assert (done["status"], done["user_id"], set(done["projections"])) == ("completed", user, PROJECTIONS)
    with pytest.raises(NotFoundError, match="NOT_FOUND: Unknown or expired"):
        face.call("get_memory_rebuild_status", "rebuild_nothing")


def test_forget_memory_source(face: Face, user: str) -> None:
    event = face.call("ingest_memory", user, "I bought a bicycle", "notes", source_id="n1")["event_id"]
    forgotten = face.call("forget_memory_source", user, "notes", reason="asked", sync=True)
    assert (forgotten["deleted_events"], set(forgotten["projections"])) == (1, PROJECTIONS)
    assert face.call("get_memory_provenance", user, event_id=event)["event"]["deleted_at"]
    lazily = face.call("forget_memory_source", user, "notes", rebuild=False)
    assert (lazily["deleted_events"], set(lazily["rebuild_required"])) == (0, PROJECTIONS)


def test_get_memory_forget_status(face: Face, user: str) -> None:
    job = face.call("forget_memory_source", user, "notes")
    assert job["job_id"].startswith("forget_")
    done = until(
        lambda: face.call("get_memory_forget_status", job["job_id"]), lambda found: found["status"] != "processing"
    )
    assert (done["status"], set(done["projections"])) == ("completed", PROJECTIONS)
    with pytest.raises(NotFoundError, match="NOT_FOUND: Unknown or expired"):
        face.call("get_memory_forget_status", "forget_nothing")


def test_backfill_memory(face: Face, user: str) -> None:
    face.call("add_memory", user, "hobby", "likes chess")
    first = face.call("backfill_memory", user)["synthesized"]
    assert set(first) == PROJECTIONS
    until(
        lambda: face.call("backfill_memory", user)["synthesized"],
        lambda done: all(one["complete"] for one in done.values()),
    )


def test_lint_memory(face: Face, user: str) -> None:
    face.call("add_memory", user, "hobby", "likes chess")
    assert face.call("lint_memory", user_id=user)["report"]["users"] == 1
    everyone = face.call("lint_memory")
    assert (everyone["user_id"], everyone["report"]["users"] >= 1) == (None, True)
