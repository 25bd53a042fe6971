import json

from muxi import FormationClient

formation = FormationClient(server_url="http://localhost:7890", formation_id="demo", client_key="<client_key>")

while True:
    line = input("You: ")
    if line.lower() == "quit":
        break

    print("Assistant: ", end="")
    for event in formation.chat_stream({"message": line}, user_id="bot_user"):
        if event.get("event") == "message":
            data = json.loads(event.get("data", "{}"))
            token = data.get("token", {})
            content = token.get("content")
            if content:
                print(content, end="", flush=True)
        elif event.get("event") == "done":
            break
    print()
