"""The changes of another version of the runtime, as a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from real.shapes import CONTRACT, ROUTES, Rules, Shapes, unallowed

# The status page, which is HTML, by either of its addresses.
PAGES = ("/v1/", "/v1/v1")

OPERATIONS = [row for row in CONTRACT["endpoint"] if row["api"] == "formation"]

# The words of `shapes.py` for a difference, and their meaning where muxi-local stands for the pinned version.
MEANINGS = (
    ("not seen on real", "no reply came"),
    ("only on real", "new kind of reply"),
    ("only on local", "this kind of reply did not come"),
    ("real (.*), local absent", r"added: \1"),
    ("real absent, local (.*)", r"gone: \1"),
    ("real (.*), local (.*)", r"changed: was \2, is \1"),
)


@dataclass
class Changes:
    """The findings about a version."""

    version: str
    pinned: str
    # Why the suites did not run.
    stopped: str = ""
    # Test of a suite -> the first line of its failure.
    failures: dict[str, str] = field(default_factory=dict)
    # Route -> what is different.
    replies: dict[str, list[str]] = field(default_factory=dict)
    # Allowances that allow nothing any more.
    stale: list[str] = field(default_factory=list)
    # Those that only the runtime, and that only the contract has; none without an OpenAPI document.
    routes: tuple[list[str], list[str]] | None = None

    def failed(self, suite: str, failures: dict[str, str], passed: bool) -> None:
        """Take in the failures of a suite, which may have ended without telling of one."""
        self.failures |= failures if failures or passed else {suite: "the suite failed, and its output says why"}


def rust_failures(output: str) -> dict[str, str]:
    """The failed tests in the output of `cargo test`: the first line of each one's panic."""
    told = re.findall(r"^---- (\S+) stdout ----$.*?panicked at [^\n]*\n([^\n]*)", output, re.MULTILINE | re.DOTALL)
    return {f"Rust {name}": text for name, text in told}


def operation_of(test: str) -> str:
    """The operation that a test is named after; the empty text if it is named after none."""
    name = re.sub(r"\[.*", "", re.split("::| ", test)[-1]).removeprefix("test_")
    return name if any(row["id"] == name for row in OPERATIONS) else ""


def rows_of(route: str) -> list[dict[str, Any]]:
    """The contract of the operations that use a route."""
    return [row for row in OPERATIONS if f"{row['method']} {row['path']}" == route]


def beside_the_contract(real: Shapes) -> Iterator[tuple[str, str, str, str]]:
    """The differences of keys between successful replies and the contract, in the form of `shapes.differences`."""
    for route, outcomes in sorted(real.items()):
        rows = [row for row in rows_of(route) if "keys" in row and "composite" not in row]
        if not rows:
            continue
        base = "$." if rows[0].get("bare") else "$.data."
        known = {key.removesuffix("?") for row in rows for key in row["keys"]}
        required = {key for key in known if all(key in row["keys"] for row in rows)}
        for outcome, shape in sorted(outcomes.items()):
            if not outcome.startswith("2") or "stream:" in outcome or "$" not in shape:
                continue
            found = {path.removeprefix(base): types for path, types in shape.items() if path.startswith(base)}
            for key in sorted(found.keys() - known):
                if re.fullmatch(r"\w+", key):
                    yield route, outcome, base + key, f"real {' or '.join(sorted(found[key]))}, local absent"
            for key in sorted(required - found.keys()):
                yield route, outcome, base + key, "real absent, local required by the contract"


def of_replies(real: Shapes, local: Shapes, rules: Rules) -> tuple[dict[str, list[str]], list[str]]:
    """The differences in the replies of each route, and the allowances that have become stale.

    Args:
        real: The shapes that the version has.
        local: Those of muxi-local, which are the pinned version's.
        rules: The ways in which muxi-local may differ from the pinned version.
    """
    apart, stale = unallowed(real, local, rules)
    # All its kinds are told as new.
    apart = [one for one in apart if one[3] != "not seen on local"]
    # muxi-local knows the type of what is gone.
    told = {one[:3]: one[3] for one in (*beside_the_contract(real), *apart)}
    found: dict[str, list[str]] = {}
    for (route, outcome, path), what in sorted(told.items()):
        meaning = next(re.sub(old, new, what) for old, new in MEANINGS if re.fullmatch(old, what))
        found.setdefault(route, []).append(": ".join(part for part in (outcome, path, meaning) if part))
    return found, stale


def of_routes(openapi: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The routes that an OpenAPI document has and the contract lacks, and the reverse."""

    def by_form(routes: Iterable[str]) -> dict[str, str]:
        """Placeholders may have other names."""
        return {re.sub(r"\{[^}]*\}", "{}", route): route for route in routes}

    theirs = by_form(
        f"{method.upper()} {path.removeprefix('/v1')}"
        for path, methods in openapi["paths"].items()
        if path.startswith("/v1/") and path not in PAGES
        for method in methods
        if method in ("get", "put", "post", "delete", "patch")
    )
    ours = by_form(f"{method} {path}" for method, path in ROUTES)
    return sorted(theirs[one] for one in theirs.keys() - ours), sorted(ours[one] for one in ours.keys() - theirs)


def bullets(lines: Iterable[str]) -> list[str]:
    """A list, or the word that there is nothing."""
    return [f"- {line}" for line in lines] or ["None."]


def quoted(text: str) -> str:
    """A line of a failure, which may have marks of its own."""
    return f"`` {text} ``"


def document(changes: Changes) -> str:
    """Everything that was found out, in Markdown."""
    lines = [f"# muxi-runtime {changes.version}", ""]
    if changes.version == changes.pinned:
        lines += ["`contract/` was measured on this version.", ""]
    else:
        lines += [f"`contract/` was measured on {changes.pinned}.", ""]
    if changes.stopped:
        return "\n".join([*lines, changes.stopped]) + "\n"
    lines += ["## Failed tests", ""]
    lines += bullets(
        f"**{operation_of(test) or 'no operation'}**, {test}: {quoted(text)}"
        for test, text in sorted(changes.failures.items(), key=lambda one: (operation_of(one[0]), one[0]))
    )
    lines += ["", "## Replies", ""]
    lines += ["Compared with `contract/endpoints.toml`, and with muxi-local for nested fields and types.", ""]
    for route, different in changes.replies.items():
        lines += [f"### {', '.join(row['id'] for row in rows_of(route))} ({route})", "", *bullets(different), ""]
    if not changes.replies:
        lines += ["No differences.", ""]
    if changes.stale:
        lines += ["Differences of `tests/real/allowed_differences.toml` that are there no more:", ""]
        lines += [*bullets(changes.stale), ""]
    lines += ["## Routes", ""]
    if changes.routes is None:
        return "\n".join([*lines, "The runtime serves no OpenAPI document."]) + "\n"
    added, gone = changes.routes
    lines += ["Those that the runtime has and the contract lacks:", "", *bullets(added), ""]
    lines += ["Those that the contract has and the runtime lacks:", "", *bullets(gone)]
    return "\n".join(lines) + "\n"
