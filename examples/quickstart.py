"""Ask a server and a formation for their health."""

import os

from muxi import FormationClient, ServerClient

url = os.environ["MUXI_SERVER_URL"]
server = ServerClient(url=url, key_id=os.environ["MUXI_KEY_ID"], secret_key=os.environ["MUXI_SECRET_KEY"])
print(server.status())
formation = FormationClient(
    server_url=url,
    formation_id="demo",
    client_key=os.environ["MUXI_CLIENT_KEY"],
    admin_key=os.environ["MUXI_ADMIN_KEY"],
)
print(formation.health())
