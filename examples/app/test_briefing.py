"""The briefing on a local server, text piece by piece."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from briefing import briefing, facts
from muxi import AsyncFormationClient, FormationClient

FORMATION = Path(__file__).parent.parent / "formations" / "research-team"

pytestmark = pytest.mark.muxi(FORMATION, script=FORMATION / "script.yaml")


def test_facts_arrive_in_pieces(muxi_async_formation: AsyncFormationClient) -> None:
    async def read() -> list[str]:
        return [text async for text in facts(muxi_async_formation, "Peru", "ada")]

    pieces = asyncio.run(read())
    assert len(pieces) > 3
    assert "".join(pieces) == "The longest river of Peru is well documented (source: Atlas, page 12)."


def test_leaving_early_stops_the_research(
    muxi_async_formation: AsyncFormationClient, muxi_formation: FormationClient
) -> None:
    async def read_a_little() -> None:
        research = facts(muxi_async_formation, "Peru", "ada")
        await anext(aiter(research))
        await research.aclose()  # type: ignore[attr-defined]

    asyncio.run(read_a_little())
    end = time.monotonic() + 5
    while (status := muxi_formation.get_requests("ada")["requests"][0]["status"]) == "processing":
        # The server sees the hang-up a moment later.
        assert time.monotonic() < end
        time.sleep(0.01)
    assert status == "cancelled"


def test_a_briefing_is_a_file(muxi_async_formation: AsyncFormationClient) -> None:
    name, text = asyncio.run(briefing(muxi_async_formation, "ada"))
    assert name == "briefing.md"
    assert text.startswith("# Briefing\n")
