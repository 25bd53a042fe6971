import asyncio

from muxi import AsyncFormationClient, AsyncServerClient


async def main() -> None:
    server = AsyncServerClient(url="http://localhost:7890", key_id="<key_id>", secret_key="<secret_key>")
    print(await server.status())

    formation = AsyncFormationClient(
        server_url="http://localhost:7890",
        formation_id="demo",
        client_key="<client_key>",
        admin_key="<admin_key>",
    )
    async for evt in await formation.chat_stream({"message": "hi"}):
        print(evt)
        break


asyncio.run(main())
