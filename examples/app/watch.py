"""Alerts and the morning report, on the formation ``ops-bot``."""

from __future__ import annotations

from muxi import FormationClient


def is_urgent(formation: FormationClient, host: str, summary: str) -> bool:
    """Let the operator judge an alert."""
    judged = formation.fire_trigger("alert", {"host": host, "summary": summary}, async_mode=False)
    return str(judged.get("content")).startswith("Urgent")


def report_every_morning(formation: FormationClient, team: str) -> str:
    """Schedule the report for seven o'clock; returns the job's id."""
    return formation.create_scheduler_job("recurring", "0 7 * * *", "report", team)["id"]


def reports(formation: FormationClient, team: str) -> list[str]:
    """The reports so far, oldest first."""
    texts: list[str] = []
    # Each report has a session of its own; the newest comes first.
    for session in reversed(formation.get_sessions(team)["sessions"]):
        rows = formation.get_session_messages(session["session_id"], team)["messages"]
        texts += [row["text"] for row in rows if row["metadata"]["role"] == "assistant"]
    return texts
