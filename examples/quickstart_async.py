"""The same with asyncio, and the first event of a chat turn."""

import asyncio
import os

from muxi import AsyncFormationClient, AsyncServerClient

url = os.environ["MUXI_SERVER_URL"]


async def main() -> None:
    server = AsyncServerClient(url=url, key_id=os.environ["MUXI_KEY_ID"], secret_key=os.environ["MUXI_SECRET_KEY"])
    print(await server.status())
    formation = AsyncFormationClient(
        server_url=url,
        formation_id="demo",
        client_key=os.environ["MUXI_CLIENT_KEY"],
        admin_key=os.environ["MUXI_ADMIN_KEY"],
    )
    async for evt in await formation.chat_stream({"message": "hi"}):
        print(evt)
        break


asyncio.run(main())
