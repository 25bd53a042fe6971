from muxi import FormationClient, ServerClient

server = ServerClient(url="http://localhost:7890", key_id="<key_id>", secret_key="<secret_key>")
print(server.status())

formation = FormationClient(
    server_url="http://localhost:7890",
    formation_id="demo",
    client_key="<client_key>",
    admin_key="<admin_key>",
)
print(formation.health())
