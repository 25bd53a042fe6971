from muxi import FormationClient

formation = FormationClient(
    server_url="http://localhost:7890", formation_id="demo", client_key="<client_key>", admin_key="<admin_key>"
)

config = formation.get_memory_config()
print("buffer" in config)

formation.add_memory(user_id="memory_user", mem_type="preference", detail="Prefers Rust")
memories = formation.get_memories(user_id="memory_user")
print([memory["content"] for memory in memories["memories"]])

formation.delete_memory(user_id="memory_user", memory_id=memories["memories"][0]["id"])
print(formation.get_memories("memory_user", 5)["count"])

formation.clear_user_buffer(user_id="memory_user")
