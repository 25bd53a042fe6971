"""Triggers, standard operating procedures and skills."""

from __future__ import annotations

import json
from typing import Any

import pytest
from muxi import NotFoundError, ServerError, ValidationError, webhook

from real.faces import Face, until
from real.support import Defects, Runtime, outcome


def test_get_triggers(face: Face) -> None:
    listed = face.call("get_triggers")
    assert (listed["triggers"], listed["count"]) == (["hooked", "order-created"], 2)


def test_get_trigger(face: Face) -> None:
    trigger = face.call("get_trigger", "order-created")
    assert trigger["content"].startswith("New order ${{ data.order.id }}")
    assert trigger["data_fields"] == ["customer", "order.id"]
    with pytest.raises(NotFoundError, match="TRIGGER_NOT_FOUND"):
        face.call("get_trigger", "nothing")


def test_fire_trigger(face: Face, user: str, runtime: Runtime, defects: Defects) -> None:
    order = {"order": {"id": 7}, "customer": user}
    done = face.call("fire_trigger", "order-created", order, user_id=user, session_id=f"{user}-s")
    assert done["status"] == "completed"
    assert done["content"]
    [said] = [m["text"] for m in face.call("get_session_messages", f"{user}-s", user)["messages"][:1]]
    assert said == f"New order 7 from {user}. Say thanks.\n"

    hooked = face.call("fire_trigger", "hooked", {"x": user}, async_mode=True, user_id=user)
    assert hooked["status"] == "processing"
    result = outcome(face, hooked["request_id"], user)
    assert (result["status"], user in result["result"]) == ("completed", True)
    _webhook_is_signed(runtime, hooked["request_id"], defects)

    with pytest.raises(ValidationError, match=r"INVALID_REQUEST: .*'data.order.id' not found"):
        face.call("fire_trigger", "order-created", {})
    with defects.error("14", "fire_trigger shows a file path", NotFoundError, 404, "RESOURCE_NOT_FOUND", "/nothing.md"):
        face.call("fire_trigger", "nothing", {})


def _webhook_is_signed(runtime: Runtime, request_id: str, defects: Defects) -> None:
    def deliveries() -> list[Any]:
        return [hook for hook in runtime.llm("/webhooks") if request_id in hook["body"]]

    [delivery] = until(deliveries, bool)
    signature, body = delivery["headers"]["X-Muxi-Signature"], delivery["body"]
    assert webhook.verify_signature(body, signature, runtime.keys["admin_key"])
    assert not webhook.verify_signature(body.replace("completed", "failed"), signature, runtime.keys["admin_key"])
    event = webhook.parse(json.loads(body))
    assert (event.request_id, event.status) == (request_id, "completed")
    defects.met("10", "a webhook's body is not the text that was signed")


def test_get_sops(face: Face) -> None:
    [sop] = face.call("get_sops")["sops"]
    assert (sop["name"], sop["steps"]) == ("refund", 2)


def test_get_sop(face: Face) -> None:
    assert "**Look up the order** [agent:assistant]" in face.call("get_sop", "refund")["content"]
    with pytest.raises(NotFoundError, match="SOP_NOT_FOUND"):
        face.call("get_sop", "nothing")


def test_list_skills(face: Face, defects: Defects) -> None:
    with defects.error("2", "list_skills", ServerError, 500, "INTERNAL_ERROR", "runtime's own defect"):
        face.call("list_skills")


def test_get_skill(face: Face, defects: Defects) -> None:
    with defects.error("2", "get_skill", ServerError, 500, "INTERNAL_ERROR", "runtime's own defect"):
        face.call("get_skill", "greeting")


def test_list_agent_skills(face: Face, defects: Defects) -> None:
    with defects.error("2", "list_agent_skills", ServerError, 500, "INTERNAL_ERROR", "runtime's own defect"):
        face.call("list_agent_skills", "assistant")
