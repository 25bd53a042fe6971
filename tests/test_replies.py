"""Replies by key and by attribute."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import threading
from collections.abc import Callable
from typing import Any

import muxi
import muxi.types
import pydantic
import pytest
from muxi import _classes
from muxi._muxi import Field
from muxi._reply import Reply
from muxi._shapes import SHAPES
from muxi.testing import LocalServer
from muxi.types import (
    ChatMessage,
    ChatResult,
    ContentPart,
    FormationConfigSummary,
    Health,
    MemoryBatch,
    SessionList,
)
from origin import PATIENCE


def class_of(name: str) -> type[muxi.types.Reply]:
    found: type[muxi.types.Reply] = getattr(muxi.types, name)
    return found


def test_keys_give_dicts_and_attributes_give_objects(local: LocalServer) -> None:
    reply = local.formation().chat({"message": "hi"}, user_id="ada")
    assert type(reply) is ChatResult
    assert isinstance(reply, dict)
    assert type(reply["message"]) is dict
    assert type(reply.message) is ChatMessage
    assert reply.message.content == reply["message"]["content"] == "Echo: hi"
    assert reply.message.metadata is not None
    assert reply.message.metadata.session_id == reply.session_id
    assert reply.message is reply.message is reply["message"]
    formations = local.server().list_formations()
    assert {type(row) for row in formations["formations"]} == {dict}
    assert [row.id for row in formations.formations] == [row["id"] for row in formations["formations"]]


def test_agents_and_servers_have_attributes(local: LocalServer) -> None:
    formation = local.formation()
    agents = formation.get_agents().agents
    assert [agent.id for agent in agents] == ["assistant", "researcher"]
    assert formation.get_agent("researcher").name == agents[1].name == "Researcher"
    [server] = formation.get_mcp_servers().servers
    assert (server.id, server.type) == ("demo-tools", "command")
    assert [one.id for one in formation.get_mcp_config().servers or []] == [server.id]
    assert formation.get_mcp_server("demo-tools").command == server.command == "python3"


def test_objects_take_the_place_of_dicts_when_an_attribute_is_read(local: LocalServer) -> None:
    reply: Any = local.server().list_formations()
    row = reply["formations"][0]
    first = reply.formations[0]
    assert type(row) is dict
    assert reply["formations"][0] is first
    row["note"] = 1
    assert "note" not in first
    first["note"] = 2
    assert reply.formations[0]["note"] == 2
    plain = json.loads(json.dumps(reply))
    assert {type(one) for one in (plain, *plain["formations"])} == {dict}


PLACES: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "": ({}, lambda value: value),
    "list": ([{}], lambda value: value[0]),
    "map": ({"a": {}}, lambda value: value["a"]),
}


@pytest.mark.parametrize("place", PLACES)
def test_threads_that_read_an_attribute_at_once_get_the_same_object(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    value, object_in = PLACES[place]
    asked, read = threading.Event(), threading.Event()

    class Inner(Reply):
        pass

    class Outer(Reply):
        inner = Field("inner", True, place, "Inner")

    def class_of(name: str) -> type[Reply]:
        # The first reader is still waiting for the class when the second one has the object.
        if threading.current_thread() is thread:
            asked.set()
            assert read.wait(PATIENCE)
        return Inner

    monkeypatch.setattr(_classes, "class_of", class_of)
    reply: Any = Outer(inner=copy.deepcopy(value))
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(object_in(reply.inner)))
    thread.start()
    assert asked.wait(PATIENCE)
    mine = object_in(reply.inner)
    read.set()
    thread.join(PATIENCE)
    assert type(mine) is Inner
    assert found[0] is mine is object_in(reply["inner"])


def test_async_and_raw_replies_are_the_same_objects(local: LocalServer) -> None:
    async def main() -> None:
        async with local.async_formation() as formation:
            assert (await formation.health()).status == "healthy"

    asyncio.run(main())
    raw = local.formation().with_raw_response.health()
    assert type(raw.parse()) is Health
    assert raw.parse().status == "healthy"
    assert type(raw.json()) is dict


def test_a_reply_passes_for_a_dict(local: LocalServer) -> None:
    reply = local.formation().health()
    plain = dict(reply)
    assert type(plain) is dict
    assert plain == reply
    assert repr(reply) == repr(plain)
    assert json.dumps(reply) == json.dumps(plain)
    assert {**reply} == plain
    for again in (pickle.loads(pickle.dumps(reply)), copy.copy(reply), copy.deepcopy(reply)):
        assert type(again) is Health
        assert again == reply
        assert again.status == reply.status
    match reply:
        case {"status": status}:
            assert status == reply.status
        case _:
            raise AssertionError(reply)


class Model(pydantic.BaseModel):
    health: Health


def test_pydantic_takes_replies() -> None:
    made = Model.model_validate({"health": {"status": "fine"}})
    assert type(made.health) is Health
    assert made.health.status == "fine"
    assert made.model_dump_json() == '{"health":{"status":"fine"}}'
    with pytest.raises(pydantic.ValidationError):
        Model.model_validate({"health": 3})


@pytest.mark.parametrize("name", SHAPES)
def test_every_attribute_reads_its_key(name: str) -> None:
    for text in SHAPES[name].split():
        field, _, kind = text.partition(":")
        attribute, _, key = field.rstrip("?").partition("=")
        place, nested = kind[:1], kind.lstrip("[{")
        inner: Any = {"more": 1} if nested else object()
        value = [inner, inner.copy()] if place == "[" else {"a": inner} if place == "{" else inner
        reply: Any = class_of(name)({key or attribute: value})
        read = getattr(reply, attribute)
        assert read is reply[key or attribute]
        if nested:
            rows = read if place == "[" else read.values() if place == "{" else [read]
            assert {type(row) for row in rows} == {class_of(nested)}
            assert next(iter(rows)) == {"more": 1}
        else:
            assert read is inner
        with pytest.raises(AttributeError, match="read-only"):
            setattr(reply, attribute, 1)
        empty: Any = class_of(name)()
        if field.endswith("?"):
            assert getattr(empty, attribute) is None
        else:
            with pytest.raises(AttributeError, match=f"this {name} has no key for '{attribute}'"):
                getattr(empty, attribute)


def test_values_of_other_shapes_are_left_as_they_are() -> None:
    odd = ChatResult({"message": "a text", "user_id": None})
    assert str(odd.message) == "a text"
    assert odd.user_id is None
    assert ChatMessage({"content": "text", "artifacts": None}).content == "text"
    parts = ChatMessage({"content": [{"type": "text", "text": "hi"}, "odd"]}).content
    assert isinstance(parts, list)
    assert type(parts[0]) is ContentPart
    assert parts[1:] == ["odd"]
    assert MemoryBatch({"items": [], "counts": {}}).items_ == []
    assert FormationConfigSummary({"async": {"enabled": True}}).async_ == {"enabled": True}


def test_rows_that_a_program_adds_become_objects_as_well() -> None:
    reply = SessionList({"sessions": [{"session_id": "one"}]})
    assert reply.sessions[0].session_id == "one"
    reply["sessions"].append({"session_id": "two", "user_id": "ada", "active": True})
    assert [row.session_id for row in reply.sessions] == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mesage", "ChatResult has no attribute 'mesage': did you mean 'message'?"),
        ("undeclared", "ChatResult has no attribute 'undeclared', but a key: use reply['undeclared']"),
        ("xyz", "ChatResult has no attribute 'xyz'"),
    ],
)
def test_unknown_attributes_are_errors_that_help(name: str, said: str) -> None:
    reply = ChatResult({"message": {}, "undeclared": 1})
    with pytest.raises(AttributeError) as caught:
        getattr(reply, name)
    assert str(caught.value) == said
    assert not hasattr(reply, name)
    assert getattr(reply, name, 5) == 5


def test_the_module_has_what_its_stub_declares() -> None:
    for name in dir(muxi.types):
        assert getattr(muxi.types, name) is getattr(muxi.types, name) is not None
    assert {"Content", "ChatRequest", "ChatResult", "ChatResultDict", "Reply", "Role"} <= set(dir(muxi.types))
    for name in ("Nothing", "_nothing"):
        with pytest.raises(AttributeError, match=f"module 'muxi.types' has no attribute '{name}'"):
            getattr(muxi.types, name)
