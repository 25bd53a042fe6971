"""Scripts: the types of their parts, and the text that the server reads."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict


class When(TypedDict, total=False):
    """Conditions of a rule, which must all hold."""

    text: str
    """Regular expression that is found in the message, whatever the case."""
    agent: str
    """Id of the agent that the turn goes to."""
    user: str
    """Id of the user."""
    session: str
    """Id of the session."""
    trigger: str
    """Name of the trigger."""
    channel: Literal["chat", "audio", "trigger", "job"]
    """Way by which the message came."""
    turn: int
    """Number of the turn in its session, from 1."""


class Reply(TypedDict, total=False):
    """Answer of a rule: ``text``, ``deltas``, ``clarify`` or ``error``, and what else happens in the turn."""

    text: str
    """Answer."""
    deltas: Sequence[str]
    """Slices of the answer in a stream; the answer is their sum unless ``text`` is given."""
    pace_ms: int
    """Milliseconds between slices."""
    wait_ms: int
    """Milliseconds before the answer."""
    agent: str
    """Id of the agent that answers."""
    events: Sequence[Mapping[str, Any]]
    """Events of the stream before the answer, each with ``type``, ``content`` and other fields."""
    tools: Sequence[Mapping[str, str]]
    """Tool calls that the stream shows, each with ``server`` and ``name``."""
    widgets: Sequence[Mapping[str, Any]]
    """Widgets that come with the answer."""
    artifacts: Sequence[Mapping[str, str]]
    """Files that the turn makes, each with ``filename``, ``content`` or ``base64``, and ``content_type``."""
    clarify: str
    """Question with which the turn ends."""
    workflow: bool
    """Workflow in place of a plain turn."""
    fast: bool
    """Answer without an agent, as to small talk."""
    status: str
    """Status of the event ``completed``: ``success``, ``error``, ``awaiting_clarification`` or ``escalated``."""
    error: str | Mapping[str, str]
    """Exception of the engine: its message, or ``type`` and ``message``."""
    cut: bool
    """End of the stream half way."""
    mute: bool
    """Stream without the event ``completed``."""
    discontinuity: bool
    """Slices of another answer, which ``completed`` replaces."""
    memories: Sequence[str]
    """Facts that are stored for the user."""
    metadata: Mapping[str, Any]
    """Further metadata of the reply."""


class Rule(TypedDict, total=False):
    """Rule of a script, with ``reply`` or ``replies``."""

    when: When
    """Conditions; the rule fits every message without them."""
    reply: str | Reply
    """Answer."""
    replies: Sequence[str | Reply]
    """Answers in turn, one for each time that the rule fits; the last one stays."""
    times: int
    """Number of times that the rule fits."""


class Script(TypedDict, total=False):
    """Script with more than rules."""

    rules: Sequence[Rule]
    """Rules; the first that fits answers."""
    otherwise: Literal["echo", "explain"]
    """Answer to a message that no rule fits: its echo, or a text that says so."""
    transcribe: Sequence[Mapping[str, Any]]
    """Texts of voice notes: ``text``, and ``when`` with ``filename`` or ``content_type``."""


# Mappings and lists of them are for scripts in variables without a type.
AnyScript: TypeAlias = (
    str | os.PathLike[str] | Sequence[Rule] | Sequence[Mapping[str, Any]] | Script | Mapping[str, Any]
)


class Source(NamedTuple):
    """Script as the server takes it."""

    text: str
    """Rules in YAML."""
    file: str | None = None
    """File that holds them."""
    is_text: bool = True
    """Text that the user has written, so that line and column tell something."""


def as_path(script: Any) -> Path | None:
    """Return the file that a script is given by, if it is.

    A path in a string is told from rules by its suffix: rules that end like a file have more than one line.
    """
    if isinstance(script, os.PathLike):
        return Path(script)
    is_path = isinstance(script, str) and "\n" not in script and script.endswith((".yaml", ".yml"))
    return Path(script) if is_path else None


def source(script: AnyScript) -> Source:
    """Return a script as the server takes it.

    Raises:
        TypeError: It is no script.
        ValueError: It is a string that is neither rules nor the path of a YAML file, or a file that is not UTF-8.
        OSError: The file cannot be read.
    """
    if path := as_path(script):
        return Source(_read(path), str(path))
    if isinstance(script, str):
        # A list, a mapping, or a comment before them.
        if not re.match(r"\s*([-\[{#%]|[\w\"']+\s*:(\s|$))", script):
            raise ValueError(
                "script must be a list of rules, a mapping, YAML text with one of them, or the path of a file that "
                f"ends in .yaml or .yml (a pathlib.Path may have any name), not {script!r}"
            )
        return Source(script)
    if not isinstance(script, Mapping | Sequence) or isinstance(script, bytes | bytearray):
        raise TypeError(
            "script must be a list of rules, a mapping, YAML text or the path of a YAML file, "
            f"not {type(script).__name__}"
        )
    # JSON is YAML.
    return Source(json.dumps(script, default=_plain), is_text=False)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"script: expected texts, numbers, booleans, lists and mappings, not {value!r}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        words = f"cannot read the script: {error.strerror}"
        raise type(error)(error.errno, words, str(path.absolute())) from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8: {error.reason} at byte {error.start}") from None
