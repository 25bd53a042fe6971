"""Receive the webhooks of a formation. They are signed with its admin key (MUXI_ADMIN_KEY)."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from muxi import webhook

SECRET = os.environ["MUXI_ADMIN_KEY"]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        payload = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            event = webhook.unwrap(payload, self.headers, SECRET)
        except webhook.WebhookVerificationError as error:
            self.send_error(401, explain=error.message)
            return
        print(event.request_id, event.status, "".join(item.text or "" for item in event.content), flush=True)
        self.send_response(204)
        self.end_headers()


server = HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Handler)
print(f"listening on port {server.server_port}", flush=True)
server.serve_forever()
