"""The part of a help desk that talks to MUXI: answers, tickets, and what a customer has told before."""

from __future__ import annotations

from dataclasses import dataclass

from muxi import FormationClient, MuxiError


@dataclass(frozen=True)
class Answer:
    """The desk's answer, and the conversation to go on with."""

    text: str
    session: str
    asks: bool
    """True if the desk needs an answer first."""


class Desk:
    """A help desk on the formation ``support-desk``."""

    def __init__(self, formation: FormationClient) -> None:
        self._formation = formation

    def answer(self, customer: str, text: str, session: str | None = None) -> Answer:
        """Answer a customer, in a new conversation unless one is given."""
        body = {"message": text} | ({"session_id": session} if session else {})
        try:
            turn = self._formation.chat(body, user_id=customer)
        except MuxiError as error:
            # The customer sees a sentence, the log sees the request.
            print(f"desk: {error} (request {error.request_id})")
            return Answer("We cannot answer right now. Please try again in a minute.", session or "", asks=False)
        message = turn["message"]
        metadata = message.get("metadata") or {}
        return Answer(str(message["content"]), turn["session_id"] or "", bool(metadata.get("clarification")))

    def open_ticket(self, ticket: str, customer: str, text: str) -> str:
        """Let the agents sort a ticket; returns its kind."""
        data = {"ticket": {"id": ticket, "text": text}, "customer": customer}
        done = self._formation.fire_trigger("ticket-opened", data, async_mode=False, user_id=customer)
        return str(done.get("content")).rpartition(": ")[2]

    def known_facts(self, customer: str) -> list[str]:
        """Return the memories of a customer, newest first."""
        return [memory["content"] for memory in self._formation.get_memories(customer)["memories"]]
