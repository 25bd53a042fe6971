import json

from muxi import FormationClient

formation = FormationClient(server_url="http://localhost:7890", formation_id="demo", client_key="<client_key>")

session_id = None

while True:
    line = input("You: ")
    if line.lower() == "quit":
        break

    print("Assistant: ", end="")
    for event in formation.chat_stream({"message": line, "session_id": session_id}, user_id="session_user"):
        if event.get("event") == "message":
            data = json.loads(event.get("data", "{}"))
            token = data.get("token", {})
            content = token.get("content")
            if content:
                print(content, end="", flush=True)
            if session_id is None:
                session_id = token.get("session_id")
        elif event.get("event") == "done":
            break
    print()

sessions = formation.get_sessions(user_id="session_user")
for session in sessions["sessions"]:
    print(session["session_id"] == session_id)
assert session_id is not None
messages = formation.get_session_messages(session_id=session_id, user_id="session_user")
print([message["text"] for message in messages["messages"]])
