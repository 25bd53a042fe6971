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
OFFICIAL = Path(os.environ.get("MUXI_OFFICIAL_PYTHON", ROOT / ".venv-official" / "bin" / "python"))


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
    """What both packages did, how they differ, and what the page says."""

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
