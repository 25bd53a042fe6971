"""No operation is without a test."""

from __future__ import annotations

import pytest
from muxi import AsyncFormationClient

from real.support import OPERATIONS


def test_every_operation_has_a_test(request: pytest.FixtureRequest) -> None:
    tested = {item.name for item in request.session.items}
    missing = [f"test_{name}[{face}]" for name in OPERATIONS for face in ("sync", "async")]
    assert [name for name in missing if name not in tested] == []


def test_both_clients_have_the_same_operations() -> None:
    assert [name for name in OPERATIONS if not hasattr(AsyncFormationClient, name)] == []
