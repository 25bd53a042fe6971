"""Several users talk to a formation at once, each with a conversation of two turns."""

import asyncio

from muxi import AsyncFormationClient


async def talk(formation: AsyncFormationClient, user: str) -> None:
    session = f"talk-with-{user}"
    await formation.chat(f"My name is {user}.", session_id=session, user_id=user)
    async with formation.chat_stream("Who am I?", session_id=session, user_id=user) as turn:
        print(f"{user}: {(await turn.result()).raise_for_status().text}")
    messages = await formation.get_session_messages(session, user)
    print(f"{user}: {messages.count} messages in the session")


async def main() -> None:
    async with AsyncFormationClient() as formation:
        await asyncio.gather(*(talk(formation, user) for user in ("ada", "grace", "joan")))


asyncio.run(main())
