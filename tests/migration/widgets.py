from muxi import FormationClient, parse_ui_widgets

formation = FormationClient(server_url="http://localhost:7890", formation_id="demo", client_key="<client_key>")

for chunk in formation.chat_stream({"message": "[[options]] Which region?"}, user_id="widget_user"):
    for widget in parse_ui_widgets(chunk):
        if widget["type"] == "options":
            print("options:", widget["prompt"])
