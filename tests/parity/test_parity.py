"""The official SDK and this package side by side; see docs/differences.md. Run by ``make parity``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from parity.compare import Difference, Row, assign, compare, rows
from parity.plan import OPERATIONS, calls

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "differences.md"
PROGRAMS = ROOT / ".venv-official" / ("Scripts" if os.name == "nt" else "bin")
OFFICIAL = Path(os.environ.get("MUXI_OFFICIAL_PYTHON", PROGRAMS / "python"))


def drive(python: str, plan: list[dict[str, Any]]) -> dict[str, Any]:
    done = subprocess.run(
        [python, "-W", "ignore", "-m", "parity.driver"],
        input=json.dumps({"calls": plan}),
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@dataclass
class Both:
    """The results of both packages, their differences, and the page's text about them."""

    official: dict[str, Any]
    ours: dict[str, Any]
    differences: dict[str, Difference]
    page: list[Row]


@pytest.fixture(scope="module")
def both() -> Both:
    assert OFFICIAL.exists(), "no official SDK: run `make parity`"
    plan = calls()
    with ThreadPoolExecutor(2) as pool:
        official, ours = pool.map(drive, (str(OFFICIAL), sys.executable), (plan, plan))
    return Both(official, ours, compare(plan, official, ours), rows(PAGE))


def test_all_official_operations_are_compared(both: Both) -> None:
    for area, ops in OPERATIONS.items():
        for prefix in ("", "Async"):
            assert sorted(op.name for op in ops) == sorted(both.official["signatures"][f"{prefix}{area.title()}Client"])


# The results of this package in a family's row, held for every operation: the exception for a reply, and its code.
RAISED = {
    "success-false": ("MuxiError", "FAILED"),
    "redirect": ("MuxiError", "REDIRECT"),
    "400": ("ValidationError", "BAD"),
    "401-server": ("AuthenticationError", "UNAUTHORIZED"),
    "403": ("AuthorizationError", "FORBIDDEN"),
    "404": ("NotFoundError", "AGENT_NOT_FOUND"),
    "405-empty": ("MuxiError", "METHOD_NOT_ALLOWED"),
    "409": ("ConflictError", "SECRET_IN_USE"),
    "413": ("ValidationError", "TOO_LARGE"),
    "422": ("ValidationError", "VALIDATION_ERROR"),
    "429": ("RateLimitError", "RATE_LIMITED"),
    "429-fraction": ("RateLimitError", "RATE_LIMITED"),
    "500": ("ServerError", "INTERNAL_ERROR"),
    "500-html": ("ServerError", "SERVER_ERROR"),
    "503-list": ("ServerError", "SERVER_ERROR"),
    "cut": ("ConnectionError", "CONNECTION_ERROR"),
    "no-reply": ("ConnectionError", "CONNECTION_ERROR"),
    "sse-error": ("ServerError", "INTERNAL_ERROR"),
    "sse-server-error": ("NotFoundError", "NOT_FOUND"),
    "sse-401-server": ("AuthenticationError", "UNAUTHORIZED"),
    "sse-404": ("NotFoundError", "NOT_FOUND"),
    "sse-500-html": ("ServerError", "SERVER_ERROR"),
    "sse-429": ("RateLimitError", "RATE_LIMITED"),
    "sse-redirect": ("MuxiError", "REDIRECT"),
    "sse-no-reply": ("ConnectionError", "CONNECTION_ERROR"),
}
# They return the text as it is, without an envelope.
TEXT = {"ping", "get_server_logs"}


def test_this_package_raises_the_same_for_every_operation(both: Both) -> None:
    wrong = []
    for face, outcomes in both.ours["results"].items():
        for call, outcome in zip(calls(), outcomes, strict=True):
            expected = RAISED.get(call["about"])
            raised = outcome.get("raised", {})
            found = (raised.get("type"), raised.get("code"))
            if expected and found != expected and not (call["about"] == "success-false" and call["op"] in TEXT):
                wrong.append(f"{face} {call['area']}.{call['op']}:{call['about']} {found}")
    assert wrong == []


def test_the_page_is_held_to_the_differences() -> None:
    differences = {id: Difference(id) for id in ("a.x:404.code", "a.y:404.code", "a.y:path", "b:new")}
    page = [
        Row(["*:404.code"], ["family"]),
        Row(["a.y:404.code", "a.y:p*"], ["own"]),
        Row(["*:path", "c:gone"], ["stale"]),
    ]
    covered, missing, wrong = assign(differences, page)
    assert covered == {"family": ["a.x:404.code"], "own": ["a.y:404.code", "a.y:path"], "stale": []}
    assert missing == ["b:new"]
    assert wrong == ["no difference is *:path", "no difference is c:gone"]
    _, _, wrong = assign({"a:x": Difference("a:x")}, [Row(["a:*"], ["one"]), Row(["a:?"], ["two"])])
    assert wrong[0] == "a:x is in 2 rows: one, two"


def test_every_difference_is_one_row_and_every_row_a_difference(both: Both, capsys: pytest.CaptureFixture[str]) -> None:
    covered, missing, wrong = assign(both.differences, both.page)
    about = "\n".join(f"{id}: {next(iter(both.differences[id].seen.values()))}" for id in missing)
    assert not missing, f"without a row in {PAGE.name}:\n{about}"
    assert not wrong, "\n".join(wrong)
    assert all(all(row.cells) for row in both.page), "a row has an empty cell"
    places = sum(len(ids) for ids in covered.values())
    operations = sum(len(ops) for ops in OPERATIONS.values())
    with capsys.disabled():
        print(f"\n{places} places where the packages differ fall under {len(covered)} rows.")
        print(f"{operations} of 88 operations compared, {len(covered)} differences = {len(both.page)} rows")
    assert len(covered) == len(both.page)
    assert operations == 88
