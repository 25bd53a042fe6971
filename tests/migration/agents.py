from muxi import FormationClient

formation = FormationClient(
    server_url="http://localhost:7890", formation_id="demo", client_key="<client_key>", admin_key="<admin_key>"
)

# Adapted: the documentation loops over the reply itself, which is an object with the list in it.
for agent in formation.get_agents()["agents"]:
    print(agent["id"], agent["name"])
print(formation.get_agent("assistant")["name"])
