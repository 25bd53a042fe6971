"""TLS and proxies."""

from __future__ import annotations

import asyncio
import pickle
import socketserver
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import muxi
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
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


def test_a_self_signed_certificate(serve: Serve, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(9))
    # As `openssl req -x509` makes it.
    builder = builder.add_extension(x509.BasicConstraints(True, None), True)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "own.pem"
    path.write_bytes(certificate + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    url = f"https://localhost:{serve(Server, context)}"
    path.write_bytes(certificate)
    assert muxi.ServerClient(url=url, ca_file=path).health()["status"] == "ok"
    assert asyncio.run(muxi.AsyncFormationClient(base_url=url, ca_file=path).health())["status"] == "ok"
    with pytest.raises(muxi.ConnectionError, match=r"give the certificate of the server .* as ca_file"):
        muxi.ServerClient(url=url).health()
    with pytest.raises(muxi.ConnectionError, match="not valid for name"):
        muxi.ServerClient(url=url.replace("localhost", "127.0.0.1"), ca_file=path).health()


def test_a_variable_that_leads_to_no_certificate_is_named(
    serve: Serve, authority: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, ca_file = authority
    url = f"https://localhost:{serve(Server, context)}"
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    assert muxi.ServerClient(url=url).health()["status"] == "ok"
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")
    with pytest.raises(muxi.ConnectionError, match=r'SSL_CERT_FILE is "/no/such/file.pem", where nothing can be read'):
        muxi.ServerClient(url=url).health()


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
    assert muxi.ServerClient(url=f"http://127.0.0.1:{serve(Server)}", proxy=False).health()["status"] == "ok"
    monkeypatch.delenv("NO_PROXY")
    direct = muxi.AsyncServerClient(url=f"http://127.0.0.1:{serve(Server)}", proxy=False)
    assert asyncio.run(direct.health())["status"] == "ok"
    assert pickle.loads(pickle.dumps(direct))._settings["proxy"] is False
    assert len(seen) == 3
    for wrong in ("socks4://127.0.0.1:1", "not a url", ""):
        with pytest.raises(ValueError, match=r"proxy must be a URL like .* proxy=False"):
            muxi.ServerClient(url="http://nowhere.invalid", proxy=wrong)
    for kind in (True, 5, b"http://p"):
        with pytest.raises(TypeError, match=f"proxy must be a str, or False for none, not {type(kind).__name__}"):
            muxi.ServerClient(url="http://nowhere.invalid", proxy=kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_proxies_of_the_environment(variable: str, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    port = serve(type("Noting", (Proxy,), {"seen": seen}))
    monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")
    url = f"http://127.0.0.1:{serve(Server)}"
    assert muxi.FormationClient(base_url=url).health()["status"] == "ok"
    assert seen == [f"{url}/health None"]
    # One of a CGI program's request.
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    assert muxi.FormationClient(base_url=url).health()["status"] == "ok"
    assert len(seen) == (1 if variable == "HTTP_PROXY" else 2)
    for entry in ("*", "x, 127.0.0.1", "127.0.0.0/8", url.removeprefix("http://")):
        monkeypatch.setenv("NO_PROXY", entry)
        assert muxi.FormationClient(base_url=url).health()["status"] == "ok"
    assert len(seen) == (1 if variable == "HTTP_PROXY" else 2)


def test_what_is_wrong_with_a_proxy_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://nowhere.invalid"
    for value in ("socks4://me:hush@127.0.0.1:1", "http://me:hush@127.0.0.1:99999", "garbage value", "http://[::1"):
        monkeypatch.setenv("all_proxy", value)
        with pytest.raises(ValueError, match="all_proxy must be a URL like") as caught:
            muxi.FormationClient(url=url)
        assert "hush" not in str(caught.value)
        monkeypatch.setenv("no_proxy", "nowhere.invalid")
        muxi.FormationClient(url=url)
        monkeypatch.delenv("no_proxy")
        muxi.FormationClient(url=url, proxy=False)
    for value in ("http://me:hush@127.0.0.1:9", "127.0.0.1:9", "socks5h://me:hush@127.0.0.1:9"):
        monkeypatch.setenv("all_proxy", value)
        with pytest.raises(muxi.ConnectionError, match=r"through the proxy 127.0.0.1:9 \(all_proxy\)") as failed:
            muxi.FormationClient(url=url).health()
        assert "hush" not in str(failed.value)


class Socks(socketserver.StreamRequestHandler):
    """A SOCKS5 proxy that answers itself, and notes user, password and target."""

    seen: list[str]

    def handle(self) -> None:
        methods = self.rfile.read(self.rfile.read(2)[1])
        self.wfile.write(bytes([5, 2 if 2 in methods else 0]))
        if 2 in methods:
            user = self.rfile.read(self.rfile.read(2)[1])
            self.seen.append(f"{user.decode()} {self.rfile.read(self.rfile.read(1)[0]).decode()}")
            self.wfile.write(b"\1\0")
        kind = self.rfile.read(4)[3]
        host = self.rfile.read(self.rfile.read(1)[0]).decode() if kind == 3 else f"{list(self.rfile.read(4))}"
        self.seen.append(f"{host} {int.from_bytes(self.rfile.read(2), 'big')}")
        self.wfile.write(b"\5\0\0\1" + bytes(6))
        while self.rfile.readline().strip():
            pass
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(HEALTH)}\r\n\r\n"
        self.wfile.write(head.encode() + HEALTH)


def test_socks_proxies() -> None:
    seen: list[str] = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), type("Noting", (Socks,), {"seen": seen})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        url = "http://nowhere.invalid:81"
        client = muxi.ServerClient(url=url, proxy=f"socks5h://user:w%6frd@127.0.0.1:{port}")
        assert client.health()["status"] == "ok"
        other = muxi.AsyncServerClient(url="http://127.0.0.1:7", proxy=f"socks5://127.0.0.1:{port}")
        assert asyncio.run(other.health())["status"] == "ok"
        server.shutdown()
    assert seen == ["user word", "nowhere.invalid 81", "[127, 0, 0, 1] 7"]


def test_fixtures_use_no_proxy(local: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert local.server().ping() == 4
    assert local.formation().health()["status"]
    assert asyncio.run(local.async_formation().health())["status"]
    assert asyncio.run(local.async_server().ping()) == 4


PASSWORDS = [
    "S3CRET",
    "S3CRET x",
    "S3CRET#x",
    "x#S3CRET",
    "S3CRET/x",
    "1/S3CRET",
    "80?S3CRET",
    "x@S3CRET",
    "S3CRET@",
    "S3CRET:x",
    "80:S3CRET",
    "S3CRET[x",
    "S3CRET%zz",
    "S3CRET\\x",
    'S3CRET"<x>',
    "S3CRETß\u2028",
    "S3CRET\n",
]
SHAPES = [
    "http://me:PW@127.0.0.1:1",
    "http://:PW@127.0.0.1:1",
    "http://me:PW@127.0.0.1:1:2",
    "http://me:PW@127.0.0.1:99999/v1",
    "http://me:PW@",
    "http:/me:PW@127.0.0.1",
    "http:\\\\me:PW@127.0.0.1",
    "me:PW@127.0.0.1:1",
    "//me:PW@127.0.0.1:1",
    "ftp://me:PW@127.0.0.1:1",
    "https://me:PW@[::1",
    "socks4://me:PW@127.0.0.1:1",
    "://me:PW@127.0.0.1",
]


@pytest.mark.parametrize("name", ["base_url", "url", "server_url", "proxy", "http_proxy", "MUXI_FORMATION_URL"])
def test_a_password_in_a_malformed_url_is_not_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for shape in SHAPES:
        for password in PASSWORDS:
            url = shape.replace("PW", password)
            given: dict[str, Any] = {"url": "http://127.0.0.1:1"} if name.endswith("proxy") else {}
            if name == "server_url":
                given["formation_id"] = "f"
            if name.islower() and name != "http_proxy":
                given[name] = url
            else:
                monkeypatch.setenv(name, url)
            with pytest.raises((ValueError, muxi.ConnectionError)) as caught:
                muxi.FormationClient(**given).health()
            shown = "".join(traceback.format_exception_only(caught.value)) + repr(caught.value)
            assert "S3CRET" not in shown, url
            assert name in shown, url


def test_a_password_in_a_proxy_is_not_shown() -> None:
    client = muxi.ServerClient(url="http://nowhere.invalid", proxy="http://user:hidden@127.0.0.1:9")
    with pytest.raises(muxi.ConnectionError) as caught:
        client.health()
    assert "127.0.0.1:9" in str(caught.value)
    assert "hidden" not in str(caught.value)
