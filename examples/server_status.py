"""Print what a server runs. URL and keys come from MUXI_SERVER_URL, MUXI_KEY_ID and MUXI_SECRET_KEY."""

from muxi import ServerClient

with ServerClient() as server:
    status = server.status()
    print(f"server {status['server']['id']}, version {status['server']['version']}")
    for formation in server.list_formations()["formations"]:
        print(f"{formation['id']:20} {formation['status']:10} port {formation['port']}")
