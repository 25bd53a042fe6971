"""From what both packages did to a list of differences, each with a stable id."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

Found = Iterator[tuple[str, Any, Any]]
FACES = {"sync": "", "async": "Async"}
ODD = {"path", "query.x", "header.authorization"}
OPTIONS = {"timeout", "headers", "idempotency_key"}


@dataclass
class Difference:
    """One difference: where, and what either package does in each of the faces where they differ."""

    id: str
    seen: dict[str, tuple[Any, Any]] = field(default_factory=dict)


def compare(plan: list[dict[str, Any]], official: dict[str, Any], ours: dict[str, Any]) -> dict[str, Difference]:
    """Return every difference by its id. One that only one face has ends in ``@sync`` or ``@async``."""
    seen: dict[str, dict[str, tuple[Any, Any]]] = defaultdict(dict)
    for face, prefix in FACES.items():
        found = [*_calls(plan, official["results"][face], ours["results"][face])]
        for area in ("server", "formation"):
            cls = f"{prefix}{area.title()}Client"
            found += _signatures(area, official["signatures"][cls], ours["signatures"][cls])
        for id, theirs, own in found:
            seen[id].setdefault(face, (theirs, own))
    for id, theirs in official["probes"].items():
        if theirs != ours["probes"][id]:
            seen[id] = dict.fromkeys(FACES, (theirs, ours["probes"][id]))
    named = {id if len(faces) == 2 else f"{id}@{next(iter(faces))}": faces for id, faces in seen.items()}
    return {id: Difference(id, faces) for id, faces in named.items()}


def _signatures(area: str, official: dict[str, Any], ours: dict[str, Any]) -> Found:
    for name, theirs in official.items():
        own = ours.get(name)
        at = f"{area}.{name}:signature"
        if own is None:
            yield f"{at}.missing", name, None
            continue
        more = [one for one in own["parameters"] if one not in theirs["parameters"]]
        added = {one[0] for one in more if one[1] == "KEYWORD_ONLY" and one[2] == "None"}
        if added >= OPTIONS:
            yield f"{at}.options", None, sorted(OPTIONS)
        if extra := added - OPTIONS:
            yield f"{at}.more", None, sorted(extra)
        rest = [one for one in own["parameters"] if one[0] not in added]
        if rest != theirs["parameters"]:
            yield f"{at}.arguments", theirs["parameters"], own["parameters"]
        for what in ("coroutine", "returns"):
            if theirs[what] != own[what]:
                yield f"{at}.{what}", theirs[what], own[what]


def _calls(plan: list[dict[str, Any]], official: list[Any], ours: list[Any]) -> Found:
    for call, theirs, own in zip(plan, official, ours, strict=True):
        at = f"{call['area']}.{call['op']}:"
        about = call["about"]
        if about in ("ok", "sse-done", "full"):
            yield from ((at + id, a, b) for id, a, b in _requests(theirs["requests"], own["requests"]))
        elif about == "odd-id":
            same = [one for one in _requests(theirs["requests"], own["requests"]) if one[0] in ODD]
            yield from ((f"{at}odd-id.{id}", a, b) for id, a, b in same)
        elif about != "empty-id" and len(theirs["requests"]) != len(own["requests"]):
            yield f"{at}{about}.requests", len(theirs["requests"]), len(own["requests"])
        if about != "odd-id":
            about = "ok" if about == "full" else about
            yield from ((f"{at}{about}.{id}", a, b) for id, a, b in _outcomes(theirs, own))


def _outcomes(theirs: dict[str, Any], own: dict[str, Any]) -> Found:
    error, mine = theirs.get("raised"), own.get("raised")
    first, second = theirs.get("value"), own.get("value")
    if (error is None) != (mine is None):
        yield "raises", error or first, mine or second
        # Results before the exception are not lost.
        if isinstance(first, list) and isinstance(second, list) and first[: len(second)] != second:
            yield "result", first, second
    elif first != second:
        yield "result", first, second
    elif error is not None and mine is not None and error["muxi"] != mine["muxi"]:
        yield "type", error, mine
    elif error is not None and mine is not None:
        names = ("type", "code", "message", "status_code", "details", "retry_after")
        yield from ((name, error.get(name), mine.get(name)) for name in names if error.get(name) != mine.get(name))


def _requests(theirs: list[Any], own: list[Any]) -> Found:
    if len(theirs) != len(own):
        yield "requests", theirs, own
    for first, second in zip(theirs, own, strict=False):
        for name in ("method", "path"):
            if first[name] != second[name]:
                yield name, first[name], second[name]
        query = [dict(part.partition("=")[::2] for part in one["query"]) for one in (first, second)]
        yield from _keys("query", *query)
        yield from _keys("header", first["headers"], second["headers"])
        a, b = first["body"], second["body"]
        if isinstance(a, dict) and isinstance(b, dict):
            yield from _keys("body", a, b)
        elif a != b:
            yield "body", a, b
        break


def _keys(what: str, theirs: dict[str, Any], own: dict[str, Any]) -> Found:
    for key in sorted(theirs.keys() | own.keys()):
        if (key in theirs) != (key in own) or theirs.get(key) != own.get(key):
            yield f"{what}.{key}", theirs.get(key), own.get(key)


@dataclass
class Row:
    """A row of docs/differences.md."""

    patterns: list[str]
    cells: list[str]

    def rank(self, id: str) -> int:
        """The rank of an id: 3 if this row names it, 2 by a pattern of its operation, 1 by a family, 0 not at all."""
        matching = [pattern for pattern in self.patterns if fnmatchcase(id, pattern)]
        ranks = (3 if pattern == id else 1 if "*" in pattern.partition(":")[0] else 2 for pattern in matching)
        return max(ranks, default=0)


def rows(page: Path) -> list[Row]:
    found = []
    for line in page.read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if line.startswith("| `") and len(cells) == 5:
            found.append(Row(re.findall(r"`([^`]+)`", cells[0]), cells))
    return found


def assign(differences: dict[str, Difference], rows: list[Row]) -> tuple[dict[str, list[str]], list[str], list[str]]:
    """Return the ids of each row, what no row covers, and what is wrong with the rows.

    The row that names an id most closely covers it; two that do so equally are wrong.
    """
    covered: dict[str, list[str]] = {row.cells[0]: [] for row in rows}
    missing, wrong = [], []
    used: set[str] = set()
    for id in sorted(differences):
        ranks = [row.rank(id) for row in rows]
        matching = [row for row, rank in zip(rows, ranks, strict=True) if rank == max(ranks)]
        if not max(ranks):
            missing.append(id)
            continue
        if len(matching) > 1:
            wrong.append(f"{id} is in {len(matching)} rows: {', '.join(row.cells[0] for row in matching)}")
        for row in matching[:1]:
            covered[row.cells[0]].append(id)
            used |= {pattern for pattern in row.patterns if fnmatchcase(id, pattern)}
    for row in rows:
        wrong += [f"no difference is {pattern}" for pattern in row.patterns if pattern not in used]
    return covered, missing, wrong
