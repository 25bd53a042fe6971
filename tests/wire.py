"""A plain HTTP server for tests: it hands each request to a function and sends what that returns, byte for byte.

The function ends the connection by raising an OSError after the last piece.
"""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass
class Request:
    """A request as it came."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    hung_up: Callable[[float], bool] = field(default=lambda seconds: False, repr=False)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


Answer = Callable[[Request], Iterable[bytes]]


class Wire(socketserver.ThreadingTCPServer):
    """Serves on a free port of 127.0.0.1 as long as the ``with`` block lasts."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.answer = answer
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Wire:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, Wire)
        try:
            while (request := self._read()) is not None:
                for piece in server.answer(request):
                    self.wfile.write(piece)
                    self.wfile.flush()
                if self._last:
                    return
        except OSError:
            return

    _last = False

    def _read(self) -> Request | None:
        line = self.rfile.readline().decode("latin-1").strip()
        if not line:
            return None
        method, target, _ = line.split(" ")
        headers: list[tuple[str, str]] = []
        while header := self.rfile.readline().decode("latin-1").strip():
            name, _, value = header.partition(":")
            headers.append((name, value.strip()))
        request = Request(method, target, headers, b"", self._hung_up)
        self._last = (request.header("connection") or "").lower() == "close"
        if (request.header("transfer-encoding") or "").lower() == "chunked":
            while size := int(self.rfile.readline(), 16):
                request.body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            request.body = self.rfile.read(int(request.header("content-length") or 0))
        return request

    def _hung_up(self, seconds: float) -> bool:
        """True if the other side closes its connection within that time."""
        self.connection.settimeout(seconds)
        try:
            return self.rfile.read(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True


def signature_is_valid(request: Request, key_id: str, secret: str) -> bool:
    """Check the Authorization header as the real server does (contract/server-api.md section 4)."""
    import base64
    import hashlib
    import hmac

    scheme, _, rest = (request.header("authorization") or "").partition(" ")
    parameters = {name: value for name, _, value in (part.partition("=") for part in rest.split(", "))}
    if scheme != "MUXI-HMAC" or set(parameters) != {"key", "timestamp", "signature"}:
        return False
    message = f"{parameters['timestamp']};{request.method};{unquote(request.path)}"
    expected = base64.b64encode(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()).decode()
    in_time = parameters["timestamp"].isdigit() and abs(time.time() - int(parameters["timestamp"])) <= 300
    return in_time and parameters["key"] == key_id and hmac.compare_digest(parameters["signature"], expected)
