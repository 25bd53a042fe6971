import sys

from muxi import webhook

WEBHOOK_SECRET = "<admin_key>"


def handle(payload: bytes, headers: dict[str, str]) -> int:
    signature = headers.get("X-Muxi-Signature")

    if not webhook.verify_signature(payload, signature, WEBHOOK_SECRET):
        return 401

    event = webhook.parse(payload)

    if event.status == "completed":
        for item in event.content:
            if item.type == "text":
                print(event.request_id, item.text)
    elif event.status == "failed":
        print(f"Error: {event.error.message}" if event.error else "Error")
    elif event.status == "awaiting_clarification":
        print(f"Question: {event.clarification.question}" if event.clarification else "Question")
    return 200


for line in sys.stdin:
    signature, _, payload = line.rstrip("\n").partition(" ")
    print(handle(payload.encode(), {"X-Muxi-Signature": signature}))
