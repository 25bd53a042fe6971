"""Settings: arguments, then configuration objects, then the environment."""

from __future__ import annotations

import inspect
import logging
import math
import os
import pickle
import pydoc
import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import muxi
import pytest
from muxi import FormationClient, FormationConfig, Retry, ServerClient, ServerConfig
from muxi.testing import LocalServer


@pytest.mark.parametrize(
    ("settings", "base_url"),
    [
        ({"base_url": "http://h:1/any/where/"}, "http://h:1/any/where"),
        ({"url": "http://h:1"}, "http://h:1/v1"),
        ({"url": "http://h:1/v1/"}, "http://h:1/v1"),
        ({"server_url": "http://h:1/", "formation_id": "f"}, "http://h:1/api/f/v1"),
        ({"server_url": "http://h/prefix", "formation_id": "f", "mode": "draft"}, "http://h/prefix/draft/f/v1"),
        ({"server_url": "http://h", "formation_id": "a/b ?"}, "http://h/api/a%2Fb%20%3F/v1"),
        ({"base_url": "http://first", "url": "http://second", "server_url": "http://third"}, "http://first"),
        ({"url": "http://[::1]:8001"}, "http://[::1]:8001/v1"),
        ({"url": " http://h:1/ "}, "http://h:1/v1"),
    ],
)
def test_base_urls(settings: dict[str, Any], base_url: str) -> None:
    assert FormationClient(**settings).base_url == base_url
    assert FormationClient(FormationConfig(**settings)).base_url == base_url


SECONDS = ["timeout", "connect_timeout", "stream_idle_timeout", "deadline", "pool_idle_timeout"]


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.parametrize("name", [*SECONDS, "max_retries", "max_reply_bytes"])
def test_a_bool_is_no_number(name: str, truth: bool) -> None:
    given: dict[str, Any] = {name: truth}
    expected = f"{name} must be {'a number of seconds' if name in SECONDS else 'an int'}, not bool"
    uses: list[Any] = [lambda: ServerClient(url="http://h", **given), lambda: FormationClient(url="http://h", **given)]
    if name in ("timeout", "deadline", "max_retries"):
        uses.append(lambda: ServerClient(url="http://h").with_options(**given))
    if name in ("timeout", "deadline"):
        uses += [lambda: FormationClient(url="http://h").health(**given)]
        uses += [lambda: FormationClient(url="http://h").chat_stream({}, **given)]
    for use in uses:
        with pytest.raises(TypeError, match=expected):
            use()


def test_a_rule_for_retries_is_a_value() -> None:
    assert Retry() == Retry(3, 0.5, 30, [408, 429, 500, 502, 503, 504])
    assert hash(Retry()) == hash(Retry(3))
    assert pickle.loads(pickle.dumps(Retry(1))) == Retry(1)
    assert Retry(statuses=(status for status in (429, 503))).statuses == (429, 503)  # type: ignore[arg-type]


FACES: list[Any] = [ServerClient, FormationClient, muxi.AsyncServerClient, muxi.AsyncFormationClient]


@pytest.mark.parametrize("client", FACES)
def test_a_rule_for_retries_is_taken_everywhere(client: Any) -> None:
    config = ServerConfig if "Server" in client.__name__ else FormationConfig
    rule = Retry(max_retries=1, base=0, statuses=[409])
    for made in [client(url="http://h", retry=rule), client(config(url="http://h", retry=rule))]:
        copy = pickle.loads(pickle.dumps(made.with_options(retry=rule).with_options(max_retries=2)))
        assert copy._options == {"retry": rule, "max_retries": 2}
        assert copy.with_options(retry=rule)._options == {"retry": rule}
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"retry": rule, "max_retries": 1}, ValueError, "max_retries and retry are given"),
        ({"retry": 3}, TypeError, "retry must be a Retry, not int"),
    ]
    for settings, error, message in wrong:
        with pytest.raises(error, match=message):
            client(url="http://h", **settings)
        with pytest.raises(error, match=message):
            client(config(url="http://h", **settings))
        with pytest.raises(error, match=message):
            client(url="http://h").with_options(**settings)


def test_a_rule_for_retries_beats_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUXI_MAX_RETRIES", "5")
    with LocalServer() as local:
        local.fail("chat", status=409, times=2)
        with local.formation(retry=Retry(max_retries=1, base=0, statuses=[409])) as formation:
            with pytest.raises(muxi.ConflictError) as caught:
                formation.chat({"message": "hi"})
            assert caught.value.attempts == 2
            local.fail("chat", status=409, times=3)
            assert formation.with_options(max_retries=3).chat({"message": "hi"})["message"]["content"] == "Echo: hi"


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"max_retries": -1}, ValueError, "max_retries must be from 0"),
        ({"max_retries": True}, TypeError, "max_retries must be an int, not bool"),
        ({"base": -1}, ValueError, "base must be a number of seconds from 0, got -1"),
        ({"base": math.nan}, ValueError, "base must be a number of seconds from 0, got NaN"),
        ({"cap": math.nan}, ValueError, "cap must be a number of seconds from 0, got NaN"),
        ({"cap": "1"}, TypeError, "cap must be a number of seconds, not str"),
        ({"base": 2, "cap": 1}, ValueError, "base must not be above cap, got 2 s and 1 s"),
        ({"base": math.inf}, ValueError, "base must not be above cap"),
        ({"statuses": [99]}, ValueError, "statuses must be from 100 to 599, got 99"),
        ({"statuses": [600]}, ValueError, "statuses must be from 100 to 599, got 600"),
        ({"statuses": [70000]}, ValueError, "statuses must be from 100 to 599, got 70000"),
        ({"statuses": [-1]}, ValueError, "statuses must be from 0"),
        ({"statuses": ["429"]}, TypeError, "statuses must be an int, not str"),
        ({"statuses": 429}, TypeError, "statuses must be ints, not int"),
    ],
)
def test_wrong_values_of_a_rule_for_retries(values: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Retry(**values)
    assert Retry(base=0, cap=math.inf, statuses=[]).cap == math.inf


@pytest.mark.parametrize("name", SECONDS)
def test_a_number_that_no_float_can_hold(name: str) -> None:
    assert FormationClient(url="http://h", **{name: 10**400})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"{name} must be a number of seconds above 0, got -inf"):
        FormationClient(url="http://h", **{name: -(10**400)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give server_url and formation_id .* or url .* or base_url"),
        ({"server_url": "http://h"}, "server_url needs formation_id"),
        ({"server_url": "http://h", "formation_id": ".."}, 'formation_id must be an identifier, got "\\.\\."'),
        ({"server_url": "http://h", "formation_id": "f", "mode": "Draft"}, 'mode must be "live" or "draft"'),
        ({"server_url": "http://h", "formation_id": " "}, "server_url needs formation_id"),
        ({"url": "http://h", "mode": "drafft"}, 'mode must be "live" or "draft"'),
        ({"url": "http://h", "mode": "draft"}, 'mode "draft" needs server_url'),
        ({"base_url": "http://h", "mode": "draft"}, 'mode "draft" needs server_url'),
        ({"url": "localhost:7890"}, 'url must be a URL like http://localhost:7890, got "localhost:7890'),
        ({"url": "ftp://h"}, "it lacks http:// or https://"),
        ({"url": "http://user:secret@h"}, "url must not have a user or a password"),
        ({"url": "http://h/?key=secret"}, "url must not have a query or a fragment$"),
        ({"base_url": "http://h:0"}, "base_url must .* the port must be a number from 1 to 65535"),
        ({"url": "http://h", "timeout": -1}, "timeout must be a number of seconds above 0, got -1"),
        ({"url": "http://h", "timeout": 0}, "timeout must be a number of seconds above 0, got 0"),
        ({"url": "http://h", "timeout": math.nan}, "timeout must be a number"),
        ({"url": "http://h", "connect_timeout": -1}, "connect_timeout must be"),
        ({"url": "http://h", "headers": {"a b": "c"}}, 'headers: "a b" is no header name'),
        ({"url": "http://h", "headers": {"a": "b\nc"}}, "a must not have control characters"),
        ({"url": "http://h", "headers": {"content-LENGTH": "0"}}, 'headers: "content-LENGTH" cannot be given'),
        ({"url": "http://h", "admin_key": "schlüssel"}, "admin_key must be printable ASCII text$"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FormationClient(**settings)


def test_wrong_server_settings() -> None:
    with pytest.raises(ValueError, match="ServerClient needs a URL: give url, or set MUXI_SERVER_URL"):
        ServerClient()
    with pytest.raises(ValueError, match="key_id is given without secret_key"):
        ServerClient(url="http://h", key_id="k")
    with pytest.raises(TypeError, match="either cfg or keywords, not both: url"):
        ServerClient(ServerConfig(url="http://h"), url="http://i")
    with pytest.raises(TypeError, match="timeout must be a number of seconds, not str"):
        ServerClient(url="http://h", timeout="5")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"secret_key must be a str, not bytes$"):
        ServerClient(url="http://h", key_id="k", secret_key=b"hush")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="verify must be a bool, not str"):
        ServerClient(url="http://h", verify="ca.pem")  # type: ignore[arg-type]
    for times in (-1, 2**32):
        with pytest.raises(ValueError, match=f"max_retries must be from 0 to 4294967295, got {times}"):
            ServerClient(url="http://h", max_retries=times)
        with pytest.raises(ValueError, match=f"max_retries must be from 0 to 4294967295, got {times}"):
            ServerClient(url="http://h").with_options(max_retries=times)
    with pytest.raises(TypeError, match="max_retries must be an int, not str"):
        ServerClient(url="http://h").with_options(max_retries="5")  # type: ignore[arg-type]
    others: list[Any] = ["http://h", {"url": "http://h"}, 5, b"", ServerConfig, FormationConfig(url="http://h")]
    for other in others:
        with pytest.raises(TypeError, match=r"cfg must be a ServerConfig, not .*: give settings by keyword"):
            ServerClient(other)
    with pytest.raises(TypeError, match="cfg must be a FormationConfig, not ServerConfig"):
        FormationClient(ServerConfig(url="http://h"))  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match="status needs key_id and secret_key: give it to the client, or set MUXI_KEY_ID"
    ):
        ServerClient(url="http://h").status()


def test_the_environment_fills_in(local: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in local.environment().items():
        monkeypatch.setenv(name, value)
    assert ServerClient().status()["server"]
    assert FormationClient().get_agents()["count"] >= 1
    assert FormationClient(url="http://other").base_url == "http://other/v1"
    monkeypatch.setenv("MUXI_FORMATION_URL", "http://direct:1")
    assert FormationClient().base_url == "http://direct:1/v1"
    monkeypatch.delenv("MUXI_FORMATION_URL")
    monkeypatch.setenv("MUXI_TIMEOUT", "0.2")
    with pytest.raises(muxi.TimeoutError):
        FormationClient().chat({"message": "[[wait 3000]]"})
    assert FormationClient(timeout=20).chat({"message": "[[wait 300]]"})["message"]["content"]
    monkeypatch.setenv("MUXI_TIMEOUT", "soon")
    with pytest.raises(ValueError, match='MUXI_TIMEOUT must be a number of seconds, got "soon"'):
        FormationClient()
    monkeypatch.delenv("MUXI_TIMEOUT")
    monkeypatch.setenv("MUXI_MAX_RETRIES", "-1")
    with pytest.raises(ValueError, match='MUXI_MAX_RETRIES must be a whole number from 0, got "-1"'):
        FormationClient()


@pytest.mark.parametrize(
    ("cls", "given", "message"),
    [
        (FormationClient, {"max_retry": 3}, "FormationClient() got an unexpected keyword argument 'max_retry': "
         "did you mean max_retries?"),
        (muxi.AsyncServerClient, {"urll": "x"}, "AsyncServerClient() got an unexpected keyword argument 'urll': "
         "did you mean url?"),
        (FormationClient, {"apikey": "x"}, "did you mean admin_key or client_key?"),
        (ServerClient, {"api_key": "x"}, "did you mean key_id or secret_key?"),
        (FormationClient, {"key_id": "x"}, "it is a setting of the server clients"),
        (ServerClient, {"formation_id": "x"}, "it is a setting of the formation clients"),
        (FormationClient, {"colour": "x"}, "FormationClient() got an unexpected keyword argument 'colour'"),
        (FormationClient, {"settings": {}}, "FormationClient() got an unexpected keyword argument 'settings'"),
    ],
)  # fmt: skip
def test_an_unknown_setting_is_named_with_the_near_one(cls: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message) + "$"):
        cls(url="http://h", **given)


def test_other_mistakes_name_the_class(local: LocalServer) -> None:
    class Mine(FormationClient):
        def __init__(self, tenant: str) -> None:
            super().__init__(tenent=tenant)  # type: ignore[call-arg]

    with pytest.raises(TypeError, match=r"^FormationClient.__init__\(\) got an unexpected keyword argument 'tenent'"):
        Mine("ada")
    wrong: Any = local.formation()
    with pytest.raises(TypeError, match=r"^with_options\(\) got an unexpected keyword argument 'max_retry'"):
        wrong.with_options(max_retry=3)
    assert str(inspect.signature(FormationClient)).startswith("(cfg: ")
    assert list(inspect.signature(Mine).parameters) == ["tenant"]


def test_retries_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="muxi")
    monkeypatch.setenv("MUXI_MAX_RETRIES", "1")
    monkeypatch.setenv("MUXI_DEBUG", "1")
    with pytest.raises(muxi.ConnectionError):
        ServerClient(url="http://127.0.0.1:9").health()
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.DEBUG]
    assert [line.rsplit(" ", 1)[1] for line in lines] == ["1)", "2)"]
    assert all(line.startswith("GET /health -> CONNECTION_ERROR (") for line in lines)


@pytest.mark.parametrize(("given", "lines"), [({}, 2), ({"debug": False}, 0), ({"debug": None}, 2)])
def test_debug_that_is_given_beats_the_environment(given: dict[str, Any], lines: int) -> None:
    program = f"""
import muxi
for client in (
    muxi.ServerClient(url="http://127.0.0.1:9", **{given}),
    muxi.FormationClient(muxi.FormationConfig(base_url="http://127.0.0.1:9", **{given})),
):
    try:
        client.health()
    except muxi.ConnectionError:
        pass
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | {"MUXI_DEBUG": "1"}
    )
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == lines


@pytest.mark.parametrize(("given", "attempts"), [({}, 2), ({"max_retries": 0}, 1), ({"max_retries": None}, 2)])
def test_given_beats_the_environment_even_when_it_is_the_default(
    given: dict[str, Any], attempts: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="muxi")
    monkeypatch.setenv("MUXI_MAX_RETRIES", "1")
    monkeypatch.setenv("MUXI_DEBUG", "1")
    url = "http://127.0.0.1:9"
    clients: list[Any] = [
        ServerClient(url=url, **given),
        ServerClient(ServerConfig(url=url, **given)),
        FormationClient(FormationConfig(base_url=url, **given)),
        # Any object with these attributes is a configuration.
        ServerClient(SimpleNamespace(url=url, **given)),  # type: ignore[arg-type]
    ]
    for client in clients:
        caplog.clear()
        for one in (client, pickle.loads(pickle.dumps(client))):
            with pytest.raises(muxi.ConnectionError):
                one.health()
        assert len([record for record in caplog.records if record.levelno == logging.DEBUG]) == 2 * attempts


def test_a_formation_that_is_given_is_not_another_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUXI_FORMATION_URL", "http://other")
    monkeypatch.setenv("MUXI_SERVER_URL", "http://s")
    monkeypatch.setenv("MUXI_FORMATION_ID", "theirs")
    assert FormationClient().base_url == "http://other/v1"
    assert FormationClient(formation_id="own").base_url == "http://s/api/own/v1"
    assert FormationClient(FormationConfig(mode="draft")).base_url == "http://s/draft/theirs/v1"


@pytest.mark.parametrize("name", ["url", "base_url"])
def test_the_url_of_one_formation_takes_no_other_id(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: Any = {name: "http://h", "formation_id": "own"}
    for make in (FormationClient, muxi.AsyncFormationClient, lambda **kw: FormationClient(FormationConfig(**kw))):
        with pytest.raises(ValueError, match=f"{name} names one formation.*give server_url and formation_id"):
            make(**given)
    monkeypatch.setenv("MUXI_FORMATION_ID", "theirs")
    alone: Any = {name: "http://h"}
    assert FormationClient(**alone).base_url in ("http://h", "http://h/v1")


def test_a_config_may_have_attributes_of_its_own() -> None:
    @dataclass
    class Mine(ServerConfig):
        region: str = "eu"

    assert ServerClient(Mine(url="http://h")).base_url == "http://h"
    assert ServerClient(SimpleNamespace(url="http://h", _cache={})).base_url == "http://h"  # type: ignore[arg-type]


def test_a_config_leaves_the_mode_out() -> None:
    place: dict[str, Any] = {"server_url": "http://h", "formation_id": "f"}
    assert FormationClient(FormationConfig(**place)).base_url == "http://h/api/f/v1"
    assert FormationClient(FormationConfig(**place, mode="draft")).base_url == "http://h/draft/f/v1"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"MUXI_FORMATION_URL": "localhost"}, "MUXI_FORMATION_URL must be a URL like"),
        ({"MUXI_TIMEOUT": "-1"}, "MUXI_TIMEOUT must be a number of seconds above 0, got -1"),
        ({"MUXI_ADMIN_KEY": "schlüssel"}, "MUXI_ADMIN_KEY must be printable ASCII text$"),
        ({"MUXI_FORMATION_URL": "http://me:hush@h"}, "MUXI_FORMATION_URL must not have a user or a password"),
    ],
)
def test_wrong_variables_are_named(variables: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ({"MUXI_FORMATION_URL": "http://h"} | variables).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=message):
        FormationClient()


def test_the_documentation_names_every_keyword() -> None:
    for kind in (ServerClient, FormationClient, muxi.AsyncServerClient, muxi.AsyncFormationClient):
        text = pydoc.render_doc(kind)
        names = list(inspect.signature(kind).parameters)
        assert names[0] == "cfg"
        assert names[-1] == "_app"
        for name in names[:-1]:
            assert f"     {name}: " in text
        assert "Default: 30. Environment variable: ``MUXI_TIMEOUT``." in " ".join(text.replace("|", "").split())


class Newer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-Muxi-SDK-Latest", "999.10.0")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_newer_version_is_told_once() -> None:
    server = HTTPServer(("127.0.0.1", 0), Newer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    program = (
        "import muxi\n"
        f"client = muxi.ServerClient(url='http://127.0.0.1:{server.server_port}')\n"
        "for _ in range(3): client.health()\n"
    )

    def told(**variables: str) -> list[str]:
        environment = os.environ | variables
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")
        return done.stderr.splitlines()

    assert told() == [f"muxi-client 999.10.0 is available (this is {muxi.__version__})"]
    assert told(MUXI_SDK_VERSION_NOTIFICATION="0") == []
    shown = told(MUXI_SDK_VERSION_NOTIFICATION="0", MUXI_DEBUG="true")
    assert len(shown) == 3
    assert shown[0].startswith("muxi: GET /health -> 200 (")
    server.shutdown()
    server.server_close()


def test_a_synchronous_program_loads_little() -> None:
    program = "import sys, muxi; muxi.FormationClient(url='http://h'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"asyncio", "ssl", "json", "dataclasses", "typing", "http", "socket", "logging", "muxi._formation_async"}
    assert not heavy & set(loaded)


def test_what_belongs_to_one_call_is_no_option_of_a_client() -> None:
    client = FormationClient(url="http://h")
    with pytest.raises(TypeError, match="idempotency_key"):
        client.with_options(idempotency_key="k")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="idempotency_key"):
        FormationClient(url="http://h", idempotency_key="k")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"X-Muxi-Idempotency-Key.* a key belongs to one call"):
        client.with_options(headers={"X-Muxi-Idempotency-Key": "k"})
    with pytest.raises(ValueError, match=r"Transfer-Encoding.* cannot be given"):
        client.with_options(headers={"Transfer-Encoding": "chunked"})
