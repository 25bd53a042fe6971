"""Print an answer as it arrives."""

import sys

from muxi import FormationClient

question = " ".join(sys.argv[1:]) or "What can you do for me?"

with FormationClient() as formation, formation.chat_stream(question, user_id="ada") as turn:
    for text in turn.text_deltas():
        print(text, end="", flush=True)
    print()
    result = turn.result()
    if result.clarification:
        print("(answer in the same session)")
    for artifact in result.artifacts:
        print(f"(made {artifact.filename})")
    print(f"(session {turn.session_id})")
    result.raise_for_status()
