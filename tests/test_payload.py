"""The payload of a chat turn: a text, a dict, or fields by keyword; and its files."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import muxi
import pytest
from muxi.testing import LocalServer

Send = Callable[..., dict[str, Any]]
PICTURE = b"\x89PNG\xff"


@pytest.fixture(params=["chat", "chat_stream", "async chat", "async chat_stream"])
def send(request: pytest.FixtureRequest, muxi_server: LocalServer) -> Send:
    """Return a function that makes a turn, and returns the body that the server has got."""
    kind, _, name = str(request.param).rpartition(" ")

    async def make(payload: tuple[Any, ...], fields: dict[str, Any]) -> None:
        async with muxi_server.async_formation() as formation:
            if name == "chat":
                await formation.chat(*payload, **fields)
            else:
                await formation.chat_stream(*payload, **fields).final_text()

    def sent(*payload: Any, **fields: Any) -> dict[str, Any]:
        muxi_server.clear_requests()
        if kind:
            asyncio.run(make(payload, fields))
        elif name == "chat":
            muxi_server.formation().chat(*payload, **fields)
        else:
            muxi_server.formation().chat_stream(*payload, **fields).final_text()
        (request,) = muxi_server.requests
        assert isinstance(request.body, dict)
        return {key: value for key, value in request.body.items() if key not in ("stream", "session_id", "request_id")}

    return sent


def test_the_three_forms_are_the_same(send: Send) -> None:
    expected = {"message": "Hello!"}
    assert send("Hello!") == send(message="Hello!") == send({"message": "Hello!"}) == expected
    assert send(MappingProxyType(expected)) == send("Hello!", agent_id=None) == expected
    more = {"message": "Hello!", "agent_id": "assistant"}
    assert send("Hello!", agent_id="assistant") == send({"message": "Hello!"}, agent_id="assistant") == more
    assert send(payload="Hello!", user_id="ada", timeout=9) == expected


def test_files_are_read(send: Send, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Grüße", encoding="utf-8")
    (tmp_path / "cat.png").write_bytes(PICTURE)
    plain = {"filename": "own.bin", "content": "AA==", "content_type": "application/x-own"}
    files = [
        tmp_path / "notes.txt",
        tmp_path / "cat.png",
        ("a.json", b"{}"),
        ("voice", b"\xff\x00", "audio/wav"),
        plain,
    ]
    expected = [
        {"filename": "notes.txt", "content": "Grüße", "content_type": "text/plain", "size": 7},
        {
            "filename": "cat.png",
            "content": base64.b64encode(PICTURE).decode(),
            "content_type": "image/png",
            "size": len(PICTURE),
        },
        {"filename": "a.json", "content": "{}", "content_type": "application/json", "size": 2},
        {"filename": "voice", "content": "/wA=", "content_type": "audio/wav", "size": 2},
        plain,
    ]
    assert send("Look", files=files)["files"] == expected
    assert send({"message": "Look", "files": files})["files"] == expected
    assert send({"message": "Look", "files": [plain]})["files"] == [plain]


@pytest.mark.parametrize(
    ("payload", "fields", "said"),
    [
        ((), {}, 'give the turn: chat("Hello!"), chat(message="Hello!") or chat({"message": "Hello!"})'),
        (("hi",), {"message": "ho"}, "given twice, in payload and by keyword: message"),
        (({"message": "hi"},), {"message": "ho"}, "given twice, in payload and by keyword: message"),
        ((3,), {"message": "ho"}, "payload must be a str or a dict, not int"),
        ((3,), {}, "payload must be a str or a dict, not int"),
        ((b"hi",), {}, "payload must be a str or a dict, not bytes"),
        ((["hi"],), {}, "payload must be a str or a dict, not list"),
        ((), {"mesage": "hi"}, "unexpected keyword argument 'mesage': did you mean 'message'?"),
        (("hi",), {"timout": 3}, "unexpected keyword argument 'timout': did you mean 'timeout'?"),
        (("hi",), {"stream": True}, "unexpected keyword argument 'stream': call chat_stream"),
        (("hi",), {"max_retries": 2}, "unexpected keyword argument 'max_retries': give it to the client"),
        (("hi",), {"colour": "x"}, "unexpected keyword argument 'colour'; give fields of your own in a dict"),
        (("hi",), {"files": ["a.txt"]}, "files[0] must be a path, (name, bytes), (name, bytes, media type) or a dict"),
        (("hi",), {"files": ["a.txt"]}, "not a text: write Path('a.txt')"),
        (({"message": "hi", "files": [{}, ("a", "text")]},), {}, "files[1] must be a path"),
    ],
)
def test_mistakes_are_named_and_nothing_is_sent(
    muxi_server: LocalServer, payload: tuple[Any, ...], fields: dict[str, Any], said: str
) -> None:
    async def main() -> None:
        async with muxi_server.async_formation() as formation:
            with pytest.raises(TypeError) as caught:
                await formation.chat(*payload, **fields)
            assert said in str(caught.value)

    muxi_server.clear_requests()
    asyncio.run(main())
    for method in (muxi_server.formation().chat, muxi_server.formation().chat_stream):
        with pytest.raises(TypeError) as caught:
            method(*payload, **fields)
        assert said in str(caught.value)
    assert not muxi_server.requests


def test_a_file_that_is_not_there_is_an_error_of_files(muxi_server: LocalServer, tmp_path: Path) -> None:
    muxi_server.clear_requests()
    with pytest.raises(FileNotFoundError):
        muxi_server.formation().chat("hi", files=[tmp_path / "none"])

    async def main() -> None:
        async with muxi_server.async_formation() as formation:
            with pytest.raises(FileNotFoundError):
                await formation.chat("hi", files=[tmp_path / "none"])
            with pytest.raises(FileNotFoundError):
                await formation.chat_stream("hi", files=[tmp_path / "none"])

    asyncio.run(main())
    assert not muxi_server.requests


def failing(muxi_server: LocalServer, one: Any) -> list[Exception]:
    """Return the errors of both kinds of clients for a file, and nothing is sent."""
    muxi_server.clear_requests()
    caught = list[Exception]()

    async def main() -> None:
        async with muxi_server.async_formation() as formation:
            try:
                await formation.chat("hi", files=[("a", b"a"), one])
            except Exception as error:
                caught.append(error)

    asyncio.run(main())
    try:
        muxi_server.formation().chat("hi", files=[("a", b"a"), one])
    except Exception as error:
        caught.append(error)
    assert not muxi_server.requests
    return caught


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_pipe_and_a_device_are_no_files(muxi_server: LocalServer, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        errors = failing(muxi_server, path)
        assert [(type(error), str(error)) for error in errors] == [
            (ValueError, f"files[1] is no regular file: {str(path)!r}")
        ] * 2


class Named:
    """A path of another library."""

    def __init__(self, name: Any) -> None:
        self.name = name

    def __fspath__(self) -> Any:
        return self.name


def test_a_path_may_be_bytes(send: Send, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Hi")
    sent = send("Look", files=[Named(os.fsencode(tmp_path / "notes.txt"))])["files"]
    assert [(one["filename"], one["content"]) for one in sent] == [("notes.txt", "Hi")]


def test_names_that_are_none_are_errors_of_their_file(muxi_server: LocalServer, tmp_path: Path) -> None:
    wrong: list[tuple[Any, type[Exception], str]] = [
        (Named(5), TypeError, r"files\[1\]: .*str or bytes"),
        (("a\udcff", b"x"), ValueError, r"files\[1\]: the name 'a\\udcff' is no text: give \(name, bytes\)"),
    ]
    if sys.platform == "linux":
        path = os.fsencode(tmp_path) + b"/b\xff.txt"
        Path(os.fsdecode(path)).write_text("x")
        wrong.append((Path(os.fsdecode(path)), ValueError, r"files\[1\]: the name 'b\\udcff.txt' is no text"))
    for one, kind, because in wrong:
        errors = failing(muxi_server, one)
        assert [type(error) for error in errors] == [kind] * 2
        for error in errors:
            assert re.match(because, str(error))


def test_voice_notes_by_keyword(muxi_server: LocalServer) -> None:
    formation = muxi_server.formation()
    muxi_server.clear_requests()
    formation.audio_chat(files=[("note.wav", b"RIFF\xff", "audio/wav")])
    body: Any = muxi_server.requests[0].body
    assert body["files"][0]["filename"] == "note.wav"
    with pytest.raises(TypeError, match=r"give the turn: audio_chat\(files="):
        formation.audio_chat()
    text: Any = "a text is no voice note"
    with pytest.raises(TypeError, match="payload must be a dict, not str"):
        formation.audio_chat(text)


def test_the_documented_program_of_muxi_runs(muxi_server: LocalServer) -> None:
    async def main() -> str:
        read = ""
        async with muxi_server.async_formation() as client:
            async for chunk in client.chat_stream("Tell me a story"):
                if chunk.type == "content":
                    read += chunk.text
            assert (await client.chat("Hello!")).text == "Echo: Hello!"
            assert (await client.health()).status == "healthy"
        return read

    assert asyncio.run(main()) == "Echo: Tell me a story"
    assert [one.id for one in muxi_server.server().list_formations().formations]
    assert isinstance(muxi_server.formation().chat("hi"), muxi.types.ChatResult)
