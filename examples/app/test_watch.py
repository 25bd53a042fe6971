"""Alerts and reports on a local server, whose clock the test moves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from muxi import FormationClient
from muxi.testing import LocalServer
from watch import is_urgent, report_every_morning, reports

FORMATION = Path(__file__).parent.parent / "formations" / "ops-bot"

pytestmark = pytest.mark.muxi(FORMATION, script=FORMATION / "script.yaml")


def test_only_what_is_urgent_wakes_somebody(muxi_formation: FormationClient) -> None:
    assert not is_urgent(muxi_formation, "db1.example.com", "disk 81% full")
    assert is_urgent(muxi_formation, "db1.example.com", "does not answer")


def test_every_morning_has_a_report(muxi_server: LocalServer, muxi_formation: FormationClient) -> None:
    report_every_morning(muxi_formation, "night-shift")
    assert reports(muxi_formation, "night-shift") == []
    muxi_server.clock.advance(timedelta(days=2))
    assert reports(muxi_formation, "night-shift") == ["All servers are well.", "One server is slow."]
    assert reports(muxi_formation, "day-shift") == []
