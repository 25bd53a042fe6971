"""The help desk on a local server: no deployed server, no language model, no mock."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk
from muxi import FormationClient
from muxi.testing import LocalServer

FORMATION = Path(__file__).parent.parent / "formations" / "support-desk"

pytestmark = pytest.mark.muxi(FORMATION, script=FORMATION / "script.yaml")


@pytest.fixture
def desk(muxi_formation: FormationClient) -> Desk:
    return Desk(muxi_formation)


def test_a_refund_asks_for_the_order_first(desk: Desk) -> None:
    first = desk.answer("ada", "My bell is broken")
    assert (first.text, first.asks) == ("Which order is it?", True)
    second = desk.answer("ada", "It was order 1815, it is broken", first.session)
    assert (second.text, second.asks) == ("I'm sorry, ada. Order 1815 is refunded.", False)
    assert second.session == first.session


def test_what_was_refunded_is_remembered_for_that_customer(desk: Desk) -> None:
    desk.answer("ada", "Please refund order 1815")
    assert desk.known_facts("ada") == ["Order 1815 of ada was refunded"]
    assert desk.known_facts("bob") == []


def test_tickets_are_sorted(desk: Desk) -> None:
    assert desk.open_ticket("T-7", "ada", "I want a refund") == "refund"
    assert desk.open_ticket("T-8", "bob", "How late are you open?") == "question"


def test_a_customer_sees_a_sentence_when_the_server_is_down(desk: Desk, muxi_server: LocalServer) -> None:
    muxi_server.fail("chat", status=503)
    assert desk.answer("ada", "Hello").text.startswith("We cannot answer right now")
    assert desk.answer("ada", "Hello").text == "Hello, ada! How can I help?"


def test_a_short_outage_is_not_seen_by_a_client_that_retries(muxi_server: LocalServer) -> None:
    muxi_server.fail("chat", status=503, retry_after=0, times=2)
    desk = Desk(muxi_server.formation(max_retries=3))
    assert desk.answer("ada", "Hello").text == "Hello, ada! How can I help?"
    attempts = [request for request in muxi_server.requests if request.operation == "chat"]
    assert [request.status for request in attempts] == [503, 503, 200]
    assert len({request.idempotency_key for request in attempts}) == 1
