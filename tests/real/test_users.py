"""Users, their identifiers and channels, notifications and credentials."""

from __future__ import annotations

import json
from typing import Any

import pytest
from muxi import NotFoundError, ServerError, ValidationError

from real.faces import Face
from real.support import Defects, Runtime


@pytest.fixture
def muxi_user(face: Face, user: str) -> str:
    """The MUXI user behind that user."""
    found: str = face.call("resolve_user", user, create_user=True)["muxi_user_id"]
    face.called.clear()
    return found


def identifiers(face: Face, muxi_user: str) -> dict[str, str]:
    listed = face.call("get_user_identifiers_for_user", muxi_user)
    assert listed["count"] == len(listed["identifiers"])
    return {one["identifier"]: one["type"] for one in listed["identifiers"]}


def test_resolve_user(face: Face, user: str) -> None:
    with pytest.raises(NotFoundError, match="RESOURCE_NOT_FOUND: Identifier not found"):
        face.call("resolve_user", user)
    made = face.call("resolve_user", f"{user}@Example.com", create_user=True, identifier_type="email")
    assert face.call("resolve_user", f"{user}@example.com")["muxi_user_id"] == made["muxi_user_id"]
    assert identifiers(face, made["muxi_user_id"]) == {f"{user}@example.com": "email"}


def test_lookup_user(face: Face, user: str, muxi_user: str) -> None:
    assert face.call("lookup_user", user)["muxi_user_id"] == muxi_user
    with pytest.raises(NotFoundError, match="Identifier not found"):
        face.call("lookup_user", user + "-other")


def test_get_user_identifiers_for_user(face: Face, user: str, muxi_user: str) -> None:
    assert list(identifiers(face, muxi_user)) == [user]
    with pytest.raises(NotFoundError, match="RESOURCE_NOT_FOUND"):
        face.call("get_user_identifiers_for_user", "nobody")


def test_link_user_identifier(face: Face, user: str, muxi_user: str, defects: Defects) -> None:
    more = [f"{user}-1", [f"{user}-2", "slack"], {"identifier": f"{user}-3", "type": "crm"}]
    assert face.call("link_user_identifier", muxi_user, more)["count"] == 3
    linked = {f"{user}-1": "unknown", f"{user}-2": "slack", f"{user}-3": "crm"}
    assert linked.items() <= identifiers(face, muxi_user).items()
    assert face.call("lookup_user", f"{user}-3")["muxi_user_id"] == muxi_user
    with defects.error(
        "2", "link_user_identifier makes no user", ServerError, 500, "INTERNAL_ERROR", "resolve_user with create_user"
    ):
        face.call("link_user_identifier", None, [f"{user}-4"])


def test_unlink_user_identifier(face: Face, user: str, muxi_user: str) -> None:
    face.call("link_user_identifier", muxi_user, [f"{user}-1"])
    assert face.call("unlink_user_identifier", f"{user}-1")["muxi_user_id"] == muxi_user
    assert list(identifiers(face, muxi_user)) == [user]
    with pytest.raises(NotFoundError, match=r"Identifier .* not found"):
        face.call("unlink_user_identifier", f"{user}-1")


def test_get_user_channels(face: Face, user: str) -> None:
    channels = face.call("get_user_channels", user)
    assert (channels["user_id"], channels["preferred_channel"], channels["channels"]) == (user, None, {})


def test_update_user_channels(face: Face, user: str) -> None:
    settings = {"bell": {"channel": "C1"}}
    face.call("update_user_channels", user, preferred_channel="bell", timezone="Europe/Oslo", channels=settings)
    now = face.call("get_user_channels", user)
    assert (now["preferred_channel"], now["timezone"], now["channels"]) == ("bell", "Europe/Oslo", settings)
    face.call("update_user_channels", user, preferred_channel="", channels={"bell": {}})
    then = face.call("get_user_channels", user)
    assert (then["preferred_channel"], then["timezone"], then["channels"]) == (None, "Europe/Oslo", {})
    with pytest.raises(ValidationError, match="INVALID_REQUEST"):
        face.call("update_user_channels", user, timezone="Atlantis")


def test_send_notification(face: Face, user: str, runtime: Runtime, defects: Defects) -> None:
    face.call("update_user_channels", user, channels={"bell": {"channel": user}})
    sent = face.call("send_notification", user, f"Tea for {user}", channels=["bell"])
    assert (sent["delivered"], sent["failed"]) == (["bell"], [])
    bodies = [json.loads(hook["body"]) for hook in runtime.llm("/webhooks")]
    assert {"channel": user, "text": f"Tea for {user}"} in bodies
    with defects.error(
        "17", "send_notification: 502 with success", ServerError, 502, "SERVER_ERROR", "no channel took the message"
    ):
        face.call("send_notification", user, "Lost", channels=["pigeon"])


def test_list_credential_services(face: Face) -> None:
    assert face.call("list_credential_services")["services"] == []  # no MCP server of the formation needs any


def test_list_credentials(face: Face, user: str) -> None:
    assert face.call("list_credentials", user)["credentials"] == []


def test_create_credential(face: Face, user: str, defects: Defects) -> None:
    payload: dict[str, Any] = {"service": "github", "credential": {"token": "x"}}
    with defects.error(
        "2", "create_credential stores nothing", ServerError, 500, "INTERNAL_ERROR", "cannot store credentials"
    ):
        face.call("create_credential", user, payload)
    assert face.call("list_credentials", user)["count"] == 0
    with pytest.raises(ValidationError, match="VALIDATION_ERROR"):
        face.call("create_credential", user, {**payload, "service": "git hub"})


def test_get_credential(face: Face, user: str) -> None:
    with pytest.raises(NotFoundError, match="RESOURCE_NOT_FOUND: Credential not found: c1"):
        face.call("get_credential", "c1", user)


def test_delete_credential(face: Face, user: str) -> None:
    with pytest.raises(NotFoundError, match="RESOURCE_NOT_FOUND: Credential not found: c1"):
        face.call("delete_credential", "c1", user)
