from muxi import ServerClient

server = ServerClient(url="http://localhost:7890", key_id="<key_id>", secret_key="<secret_key>")

status = server.status()
print(status)

formations = server.list_formations()
print("demo" in [formation["id"] for formation in formations["formations"]])

result = server.deploy_formation(bundle_path="my-bot.tar.gz")
print(f"Deployed: {result['formation_id']}")

server.stop_formation(formation_id="my-bot")
server.start_formation(formation_id="my-bot")
server.restart_formation(formation_id="my-bot")
print(server.get_formation("my-bot")["status"])
print(sorted(server.get_formation_logs("my-bot", limit=5)["logs"]))

for event in server.restart_formation_stream("my-bot"):
    print(event["event"], end=" ")
print()
print(server.delete_formation("my-bot")["id"])
