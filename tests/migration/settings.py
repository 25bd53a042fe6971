import asyncio
import logging

from muxi import AsyncFormationClient, AsyncServerClient, FormationClient, FormationConfig, ServerClient, ServerConfig
from muxi.formation import FormationConfig as SameFormationConfig
from muxi.server import ServerConfig as SameServerConfig

server_config = ServerConfig("http://localhost:7890", "<key_id>", "<secret_key>", max_retries=3, timeout=30)
formation_config = FormationConfig(
    formation_id="demo",
    server_url="http://localhost:7890",
    client_key="<client_key>",
    admin_key="<admin_key>",
    debug=True,
    logger=logging.getLogger("my-app"),
)
print(SameServerConfig is ServerConfig, SameFormationConfig is FormationConfig)

with ServerClient(server_config) as server, FormationClient(cfg=formation_config) as formation:
    print(server.ping(), formation.health()["status"])
    print(server.transport.base_url, formation._transport.base_url)

direct = FormationClient(base_url=formation._transport.base_url, client_key="<client_key>", timeout=5)
print(direct.health()["status"])


async def main() -> None:
    async with AsyncServerClient(server_config) as server, AsyncFormationClient(formation_config) as formation:
        answers = await asyncio.gather(
            *(formation.chat({"message": str(n)}, user_id="settings_user") for n in range(5))
        )
        print([answer["message"]["content"] for answer in answers])
        print(await server.ping(), server._transport.base_url)


asyncio.run(main())
