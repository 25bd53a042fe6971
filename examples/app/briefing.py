"""A briefing that is written while the reader looks on, by the formation ``research-team``."""

from __future__ import annotations

from collections.abc import AsyncIterator

from muxi import AsyncFormationClient


async def facts(formation: AsyncFormationClient, country: str, reader: str) -> AsyncIterator[str]:
    """Yield the researcher's text as it arrives. Leaving early stops the research."""
    question = {"message": f"What are the rivers of {country}?", "agent_id": "researcher"}
    async with formation.chat_stream(question, user_id=reader) as turn:
        async for text in turn.text_deltas():
            yield text


async def briefing(formation: AsyncFormationClient, reader: str) -> tuple[str, str]:
    """Let the writer make a briefing; returns the name of the file and its text."""
    await formation.chat({"message": "Write the briefing", "agent_id": "writer"}, user_id=reader)
    newest = (await formation.list_artifacts(reader, limit=1))["artifacts"][0]
    content = await formation.download_artifact_content(newest["id"], reader)
    return newest["name"], content.decode()
