"""The shapes of replies: of which types what is at which path, and how those of two servers differ."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import tomli

from real.recorder import Exchange

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = tomli.loads((ROOT / "contract" / "endpoints.toml").read_text("utf-8"))
ROUTES = {(row["method"], row["path"]) for row in CONTRACT["endpoint"] if row["api"] == "formation"}
ALLOWED = Path(__file__).with_name("allowed_differences.toml")

# Path -> names of the types seen there.
Shape = dict[str, set[str]]
# Route -> outcome -> its shape.
Shapes = dict[str, dict[str, Shape]]

# The fields of an allowance, each a regular expression over the whole text.
FIELDS = ("route", "outcome", "path", "what")

NAMES = {bool: "bool", int: "int", float: "float", str: "string", type(None): "null", list: "list", dict: "object"}


def routes() -> set[str]:
    """Every route of the contract."""
    return {f"{method} {path}" for method, path in ROUTES}


def route_of(method: str, path: str) -> str | None:
    """The route of a path; one without placeholders comes before one with."""
    parts = path.split("/")
    templates = (template for known, template in ROUTES if known == method)
    for template in sorted(templates, key=lambda template: (template.count("{"), template)):
        wanted = template.split("/")
        if len(wanted) == len(parts) and all(
            want == part or want.startswith("{") for want, part in zip(wanted, parts, strict=True)
        ):
            return f"{method} {template}"
    return None


@dataclass
class Rules:
    """The content of `allowed_differences.toml`."""

    maps: list[tuple[re.Pattern[str], re.Pattern[str]]] = field(default_factory=list)
    open: list[tuple[re.Pattern[str], re.Pattern[str]]] = field(default_factory=list)
    allowed: list[dict[str, str]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path = ALLOWED) -> Rules:
        """Read the rules."""
        text = tomli.loads(path.read_text())

        def pairs(name: str) -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
            return [(re.compile(one["route"]), re.compile(one["path"])) for one in text.get(name, [])]

        return cls(pairs("map"), pairs("open"), text.get("allow", []))

    def kind(self, route: str, path: str) -> str:
        """The kind of the object at a path: a `map` (any keys, values of one shape), `open`, or a `record`."""
        for kind, pairs in (("map", self.maps), ("open", self.open)):
            if any(r.fullmatch(route) and p.fullmatch(path) for r, p in pairs):
                return kind
        return "record"


def add(shape: Shape, value: Any, path: str, route: str, rules: Rules) -> None:
    """Take a value into a shape."""
    shape.setdefault(path, set()).add(NAMES[type(value)])
    if isinstance(value, list):
        for item in value:
            add(shape, item, f"{path}[]", route, rules)
    elif isinstance(value, dict):
        kind = rules.kind(route, path)
        for name, item in value.items() if kind != "open" else ():
            add(shape, item, f"{path}.{'*' if kind == 'map' else name}", route, rules)


def frames(body: bytes) -> Iterator[tuple[str, Any]]:
    """The events of a stream: a name for each, and its data."""
    for frame in body.decode("utf-8", "replace").split("\n\n"):
        lines = frame.split("\n")
        event = next((line[7:] for line in lines if line.startswith("event: ")), "data")
        data = next((line[6:] for line in lines if line.startswith("data: ")), None)
        if data is None:
            if frame.startswith(":"):
                yield "comment", None
            continue
        try:
            value = json.loads(data)
        except ValueError:
            continue  # the last frame of a stream that was left
        token = value.get("token") if isinstance(value, dict) else None
        if isinstance(token, dict):
            mark = token.get("stage") or token.get("status") or ""
            event = f"{token.get('type')} {mark}".strip()
        elif event == "error":
            event = f"error {value.get('type', '')}".strip()
        yield event, value


def shapes_of(exchanges: Iterable[Exchange], base: str, rules: Rules) -> Shapes:
    """The shapes of all replies below a base URL."""
    prefix = urlsplit(base).path
    found: Shapes = {}
    for one in exchanges:
        path = urlsplit(one.path).path
        route = route_of(one.method, path.removeprefix(prefix)) if path.startswith(prefix) else None
        if route is None or unquote(path) == prefix:
            continue
        outcomes = found.setdefault(route, {})
        if one.content_type.startswith("text/event-stream"):
            outcomes.setdefault(f"{one.status} stream", {})
            for event, value in frames(one.body):
                add(outcomes.setdefault(f"{one.status} stream: {event}", {}), value, "$", route, rules)
        elif not one.whole:
            continue
        elif one.content_type.startswith("application/json"):
            value = json.loads(one.body)
            error = value.get("error") or {}
            parts = [one.status, value.get("object"), value.get("type"), error.get("code")]
            outcome = " ".join(str(part) for part in parts if part is not None)
            add(outcomes.setdefault(outcome, {}), value, "$", route, rules)
        else:
            outcomes.setdefault(f"{one.status} {one.content_type}", {})
    return found


def differences(real: Shapes, local: Shapes) -> Iterator[tuple[str, str, str, str]]:
    """Yield the differences between two servers: route, outcome, path and the difference."""
    for route in sorted(routes()):
        for side, shapes in (("real", real), ("local", local)):
            if route not in shapes:
                yield route, "", "", f"not seen on {side}"
        ours, theirs = local.get(route, {}), real.get(route, {})
        for outcome in sorted(set(ours) | set(theirs)):
            if outcome not in ours or outcome not in theirs:
                yield route, outcome, "", f"only on {'real' if outcome in theirs else 'local'}"
                continue
            for path in sorted(set(ours[outcome]) | set(theirs[outcome])):
                mine, other = ours[outcome].get(path, set()), theirs[outcome].get(path, set())
                if mine != other:
                    say = [" or ".join(sorted(types)) or "absent" for types in (other, mine)]
                    yield route, outcome, path, f"real {say[0]}, local {say[1]}"


def unallowed(real: Shapes, local: Shapes, rules: Rules) -> tuple[list[tuple[str, str, str, str]], list[str]]:
    """The differences that nothing allows, and the allowances that allow nothing."""
    used: set[int] = set()
    apart = []
    for difference in differences(real, local):
        fits = [
            index
            for index, allow in enumerate(rules.allowed)
            if all(re.fullmatch(allow[name], part) for name, part in zip(FIELDS, difference, strict=True))
        ]
        used.update(fits)
        if not fits:
            apart.append(difference)
    stale = [allow for index, allow in enumerate(rules.allowed) if index not in used]
    return apart, [", ".join(allow[name] for name in FIELDS) for allow in stale]


def judge(real: Shapes, local: Shapes, rules: Rules) -> list[str]:
    """Return the errors: differences that nothing allows, and allowances that allow nothing."""
    apart, stale = unallowed(real, local, rules)
    told = [": ".join(part for part in difference if part) for difference in apart]
    return told + [f"stale allowance: {allow}" for allow in stale]
