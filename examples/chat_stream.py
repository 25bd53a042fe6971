"""Print an answer as it arrives."""

import sys

from muxi import FormationClient

question = " ".join(sys.argv[1:]) or "What can you do for me?"

with FormationClient() as formation, formation.chat_stream({"message": question}, user_id="ada") as turn:
    for text in turn.text_deltas():
        print(text, end="", flush=True)
    print()
    print(f"(session {turn.session_id})")
