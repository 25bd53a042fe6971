from muxi import FormationClient

formation = FormationClient(
    server_url="http://localhost:7890", formation_id="demo", client_key="<client_key>", admin_key="<admin_key>"
)

response = formation.fire_trigger(
    name="order-created",
    data={"customer": "Ada", "order": {"id": 7}},
    async_mode=False,
    user_id="trigger_user",
)
print(response)

later = formation.fire_trigger(
    "order-created", {"customer": "Bob", "order": {"id": 8}}, async_mode=True, user_id="trigger_user"
)
print(formation.get_request_status(later.get("request_id", ""), "trigger_user")["status"])
