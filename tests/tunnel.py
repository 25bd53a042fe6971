"""The CONNECT method of an HTTP proxy."""

from __future__ import annotations

import select
import socket
from http.server import BaseHTTPRequestHandler


def tunnel(handler: BaseHTTPRequestHandler) -> None:
    """Connect the handler's client with the host that it asked for, until one side ends."""
    host, port = handler.path.rsplit(":", 1)
    handler.close_connection = True
    with socket.create_connection((host, int(port))) as other:
        handler.send_response(200)
        handler.end_headers()
        ends = [handler.connection, other]
        while True:
            for end in select.select(ends, [], [])[0]:
                data = end.recv(65536)
                if not data:
                    return
                ends[end is handler.connection].sendall(data)
