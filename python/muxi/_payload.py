"""The payload of a chat turn: a text, a dict, or its fields by keyword; and its files."""

from __future__ import annotations

import os
import stat

from ._async import Pending
from ._muxi import file
from ._shapes import FIELDS

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["Files", "payload_of"]

_FORMS = {
    "ChatRequest": 'chat("Hello!"), chat(message="Hello!") or chat({"message": "Hello!"})',
    "AudioRequest": 'audio_chat(files=[Path("note.wav")]) or audio_chat({"files": [...]})',
}

# Names that are no fields of a turn, and are often given as such.
_ELSEWHERE = {
    "stream": ": call chat_stream",
    "max_retries": ": give it to the client, or to with_options",
    "retry": ": give it to the client, or to with_options",
}


def payload_of(kind: str, payload: Any, fields: Mapping[str, Any]) -> Any:
    """Return the payload of a call that takes it as one argument, by keyword, or both."""
    if not fields and type(payload) is dict and "files" not in payload:
        return payload
    given = {name: value for name, value in fields.items() if value is not None}
    for name in given:
        _check_name(kind, name)
    made: Any = {"message": payload} if isinstance(payload, str) and kind == "ChatRequest" else payload
    if given:
        made = _both(kind, {} if made is None else made, given)
    elif made is None:
        raise TypeError(f"give the turn: {_FORMS[kind]}")
    elif kind == "ChatRequest":  # Of others, the engine says it.
        _check_kind(kind, made)
    files = made.get("files") if isinstance(made, dict) else None
    if isinstance(files, (list, tuple)) and not all(isinstance(one, dict) for one in files):
        return Files(made, files)
    return made


def _check_kind(kind: str, payload: Any) -> None:
    if not hasattr(payload, "keys"):
        either = "a str or a dict" if kind == "ChatRequest" else "a dict"
        raise TypeError(f"payload must be {either}, not {type(payload).__name__}")


def _both(kind: str, payload: Any, given: dict[str, Any]) -> dict[str, Any]:
    _check_kind(kind, payload)
    if twice := sorted(set(payload) & set(given)):
        raise TypeError(f"given twice, in payload and by keyword: {', '.join(twice)}")
    return {**payload, **given}


def _check_name(kind: str, name: str) -> None:
    known = FIELDS[kind].split()
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, [*known, "timeout", "deadline", "headers", "idempotency_key", "user_id"], 1)
        hint = f": did you mean {near[0]!r}?" if near else "; give fields of your own in a dict"
        hint = _ELSEWHERE.get(name, hint)
        raise TypeError(f"unexpected keyword argument {name!r}{hint}")


class Files(Pending):
    """A payload whose files are to be read."""

    __slots__ = ("_files", "_payload")

    def __init__(self, payload: dict[str, Any], files: list[Any] | tuple[Any, ...]) -> None:
        self._payload = payload
        self._files = files
        for at, one in enumerate(files):
            _check_file(at, one)

    def read(self) -> dict[str, Any]:
        """Return the payload, with the files that are paths read."""
        return self._payload | {"files": [_read(at, one) for at, one in enumerate(self._files)]}

    async def make(self, engine: Any, name: str | None, options: Any) -> Any:
        """Read the files, which takes time: not on the event loop."""
        import asyncio

        return await asyncio.to_thread(self.read)


def _check_file(at: int, one: Any) -> None:
    is_named = isinstance(one, tuple) and [type(part) for part in one] in ([str, bytes], [str, bytes, str])
    if not (is_named or hasattr(one, "keys") or hasattr(one, "__fspath__")):
        shown = f"a text: write Path({one!r})" if isinstance(one, str) else type(one).__name__
        forms = "a path, (name, bytes), (name, bytes, media type) or a dict with filename, content and content_type"
        raise TypeError(f"files[{at}] must be {forms}, not {shown}")


def _read(at: int, one: Any) -> Any:
    if hasattr(one, "keys"):
        return one
    name, content, *rest = one if isinstance(one, tuple) else _found(at, one)
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ValueError(f"files[{at}]: the name {name!r} is no text: give (name, bytes)") from None
    return file(name, rest[0] if rest else None, content)


def _found(at: int, one: Any) -> tuple[str, bytes]:
    try:
        path = os.fsdecode(one)
    except TypeError as error:
        raise TypeError(f"files[{at}]: {error}") from None
    with open(path, "rb", opener=_open) as opened:
        # Reading a pipe or a device may take for ever, and no time limit of a call ends that.
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise ValueError(f"files[{at}] is no regular file: {path!r}")
        return os.path.basename(path), opened.read()


def _open(path: str, flags: int) -> int:
    # Without that flag, opening a pipe waits for its writer. Windows has no such pipes.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
