"""TLS and proxies."""

from __future__ import annotations

import asyncio
import pickle
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import muxi
import pytest
import trustme
from muxi.testing import LocalServer
from tunnel import tunnel

HEALTH = b'{"success":true,"status":"ok","version":"1"}'


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(HEALTH)))
        self.end_headers()
        self.wfile.write(HEALTH)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Proxy(Server):
    """Forwards what it is asked for, and notes it."""

    seen: list[str]

    def do_CONNECT(self) -> None:
        self.seen.append(f"CONNECT {self.headers.get('Proxy-Authorization')}")
        tunnel(self)

    def do_GET(self) -> None:
        self.seen.append(f"{self.path} {self.headers.get('Proxy-Authorization')}")
        super().do_GET()


@pytest.fixture
def serve() -> Iterator[Callable[[type[Server], ssl.SSLContext | None], int]]:
    servers = []

    def start(handler: type[Server], context: ssl.SSLContext | None = None) -> int:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


Serve = Callable[..., int]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return context, path


def test_tls(serve: Serve, authority: tuple[ssl.SSLContext, Path]) -> None:
    context, ca_file = authority
    url = f"https://localhost:{serve(Server, context)}"
    with pytest.raises(muxi.ConnectionError, match=r"(?i)certificate"):
        muxi.ServerClient(url=url).health()
    assert muxi.ServerClient(url=url, ca_file=ca_file).health()["status"] == "ok"
    assert muxi.ServerClient(url=url, verify=False).health()["status"] == "ok"
    assert asyncio.run(muxi.AsyncServerClient(url=url, ca_file=str(ca_file)).health())["status"] == "ok"
    # The certificate is for another name.
    with pytest.raises(muxi.ConnectionError, match=r"(?i)certificate"):
        muxi.ServerClient(url=url.replace("localhost", "127.0.0.1"), ca_file=ca_file).health()


def test_client_certificates(serve: Serve, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    authority.issue_cert("localhost").configure_cert(context)
    own = authority.issue_cert("client")
    ca_file, certificate, key = (tmp_path / name for name in ("ca.pem", "own.pem", "own.key"))
    authority.cert_pem.write_to_path(str(ca_file))
    own.private_key_pem.write_to_path(str(key))
    for blob in own.cert_chain_pems:
        blob.write_to_path(str(certificate), append=True)
    url = f"https://localhost:{serve(Server, context)}"
    with pytest.raises(muxi.ConnectionError):
        muxi.ServerClient(url=url, ca_file=ca_file).health()
    pairs: list[tuple[str | Path, str | Path]] = [(certificate, key), (str(certificate), str(key))]
    for pair in pairs:
        assert muxi.ServerClient(url=url, ca_file=ca_file, client_certificate=pair).health()["status"] == "ok"
        formation = muxi.FormationClient(url=url, ca_file=ca_file, client_certificate=pair)
        assert pickle.loads(pickle.dumps(formation)).health()["status"] == "ok"

    async def both() -> None:
        given: dict[str, Any] = {"url": url, "ca_file": ca_file, "client_certificate": (certificate, key)}
        for client in (muxi.AsyncServerClient(**given), muxi.AsyncFormationClient(**given)):
            async with client:
                assert (await client.health())["status"] == "ok"

    asyncio.run(both())
    with pytest.raises(ValueError, match=f"client_certificate {key}"):
        muxi.ServerClient(url=url, client_certificate=(key, certificate))
    for wrong in (str(certificate), (certificate,), (certificate, key, key), (1, 2)):
        with pytest.raises(TypeError, match=r"client_certificate must be a tuple of two paths, .* not (str|tuple)$"):
            muxi.ServerClient(url=url, client_certificate=wrong)  # type: ignore[arg-type]


def test_wrong_certificate_files(tmp_path: Path) -> None:
    for content in (None, "", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        path = tmp_path / "ca.pem"
        if content is not None:
            path.write_text(content)
        with pytest.raises(ValueError, match=f"ca_file {path}"):
            muxi.ServerClient(url="https://localhost", ca_file=path)


def test_proxies(
    serve: Serve, authority: tuple[ssl.SSLContext, Path], local: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, ca_file = authority
    seen: list[str] = []
    proxy = f"http://user:word@127.0.0.1:{serve(type('Noting', (Proxy,), {'seen': seen}))}"
    monkeypatch.setenv("NO_PROXY", "")
    plain = muxi.ServerClient(url="http://nowhere.invalid:1234", proxy=proxy)
    assert plain.health()["status"] == "ok"
    secure = muxi.ServerClient(url=f"https://localhost:{serve(Server, context)}", proxy=proxy, ca_file=ca_file)
    assert secure.health()["status"] == "ok"
    basic = "Basic dXNlcjp3b3Jk"
    assert seen == [f"http://nowhere.invalid:1234/health {basic}", f"CONNECT {basic}"]
    monkeypatch.setenv("HTTP_PROXY", proxy)
    assert muxi.ServerClient(url="http://nowhere.invalid").health()["status"] == "ok"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert local.server().ping() == 4
    assert len(seen) == 3
    for wrong in ("socks5://127.0.0.1:1", "not a url"):
        with pytest.raises(ValueError, match="proxy must be"):
            muxi.ServerClient(url="http://nowhere.invalid", proxy=wrong)


def test_a_password_in_a_proxy_is_not_shown() -> None:
    client = muxi.ServerClient(url="http://nowhere.invalid", proxy="http://user:hidden@127.0.0.1:9")
    with pytest.raises(muxi.ConnectionError) as caught:
        client.health()
    assert "127.0.0.1:9" in str(caught.value)
    assert "hidden" not in str(caught.value)
