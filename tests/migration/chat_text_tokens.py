import json

from muxi import FormationClient

formation = FormationClient(server_url="http://localhost:7890", formation_id="demo", client_key="<client_key>")

print("as documented for runtimes whose tokens are texts: [", end="")
for event in formation.chat_stream({"message": "hello"}, user_id="token_user"):
    if event.get("event") == "message":
        token = json.loads(event["data"]).get("token")
        if isinstance(token, str):
            print(token, end="")
print("]")

# Adapted: the token is an object in every runtime of today.
print("adapted: [", end="")
for event in formation.chat_stream({"message": "hello"}, user_id="token_user"):
    print(event.text, end="")
print("]")
