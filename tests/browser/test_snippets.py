"""Bodies and snippets of the request log. Snippets are run, and must make the same call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import pytest
from muxi import NotFoundError
from muxi.testing import LocalServer
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from browser.looks import too_wide, unreadable
from browser.page import Page

STRANGE = "It's \"quoted\" \\ \\u0041 $HOME `id` $(id) %s {x} \t\n\u0001\b\f\u202e\u2028 ☃ 😀 \"# ''' \\"
NUMBERS = {
    "one": 1.0,
    "large": 12345678901234567890,
    "small": 1e-7,
    "far": -1.5e300,
    "none": None,
    "yes": [True, False],
}


def last(page: Page) -> Any:
    return page.get("/_local/requests")["requests"][-1]


def snippet(page: Page, language: str) -> str:
    """Open the newest request, choose a language and return its snippet."""
    number = last(page)["number"]
    page.wait(lambda: " ms" in (page.rows() or [""])[0] and page.run("return arrivals.has(arguments[0])", number))
    page.run("document.querySelector('#requests details').open = true")
    page.wait(lambda: page.all("#requests .language"))
    Select(page.one("#requests .language")).select_by_value(language)
    return str(page.run("return document.querySelector('#requests .snippet').textContent"))


def call(arrival: Any) -> tuple[Any, ...]:
    """Return all that makes two requests the same call; numbers as they are written."""
    query = parse_qsl(arrival["query"] or "", keep_blank_values=True)
    facts = [arrival[name] for name in ("method", "path", "user", "operation", "status")]
    return *facts, query, json.dumps(arrival["body"], sort_keys=True)


@pytest.mark.parametrize("language", ["python", "curl"])
@pytest.mark.parametrize(
    ("method", "path", "key", "user", "body"),
    [
        ("POST", "/api/demo/v1/chat", "client", "ada", {"message": STRANGE, "stream": False, "session_id": "s"}),
        ("POST", "/api/demo/v1/chat", "client", "ada's", {"message": "hello", "stream": True}),
        ("POST", "/v1/chat", "client", "ada", {"message": "hello"}),
        ("POST", "/v1/memories", "admin", "ada", {"type": "preference", "detail": "tea", "metadata": NUMBERS}),
        ("POST", "/v1/memories", "client", "ada", []),
        ("POST", "/v1/memories", "client", "ada", "a string"),
        ("GET", "/api/demo/v1/memories?limit=5&x=a%20b%26c&y=%27&z=", "client", "ada", None),
        ("GET", "/api/demo/v1/sessions/it%27s%20%7Bone%7D/messages", "client", "ada", None),
        ("DELETE", "/api/demo/v1/memories/none", "client", "ada", None),
        ("GET", "/api/demo/v1/secrets", "admin", None, None),
        ("GET", "/health", None, None, None),
        ("GET", "/nowhere", None, None, None),
    ],
)
def test_a_snippet_makes_the_same_call(
    page: Page,
    local: LocalServer,
    language: str,
    method: str,
    path: str,
    key: str | None,
    user: str | None,
    body: Any,
) -> None:
    headers = {"X_Muxi_User_ID": user} if user else {}
    if key:
        headers[f"X_Muxi_{key.title()}_Key"] = local.client_key if key == "client" else local.admin_key
    page.visit(path, body, method=method, **headers)
    check(page, local, language)


@pytest.mark.parametrize("language", ["python", "curl"])
@pytest.mark.parametrize("path", ["/rpc/formations", "/rpc/formations/a%20b", "/rpc/formations/demo/logs?lines=5"])
def test_a_snippet_is_signed(page: Page, local: LocalServer, language: str, path: str) -> None:
    with local.server() as server:
        route, _, query = path.partition("?")
        with suppress(NotFoundError):
            server.request("GET", route, params=dict(parse_qsl(query)))
    check(page, local, language)


def check(page: Page, local: LocalServer, language: str) -> None:
    """Run the newest request's snippet."""
    wanted = last(page)
    text = snippet(page, language)
    for secret in (local.client_key, local.admin_key, local.secret_key):
        assert secret not in text
    program = [sys.executable, "-c"] if language == "python" else ["sh", "-euc"]
    environment = os.environ | local.environment()
    done = subprocess.run([*program, text], env=environment, capture_output=True, text=True, timeout=60, check=False)
    got = last(page)
    assert got["number"] == wanted["number"] + 1, done.stderr
    assert call(got) == call(wanted), text
    if language == "curl" or wanted["status"] < 400:
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_a_body_that_is_no_json_is_left_to_curl(page: Page, local: LocalServer) -> None:
    page.visit("/v1/chat", b"{broken 'text' @x", X_Muxi_Client_Key=local.client_key, X_Muxi_User_ID="ada")
    assert snippet(page, "python") == "# A body that is not JSON is none that the clients send: see curl.\n"
    check(page, local, "curl")


def test_the_chat_boxs_own_call_has_its_snippet(page: Page, local: LocalServer) -> None:
    page.say("hello")
    page.wait(lambda: page.answers() == ["Echo: hello"] and not page.busy())
    page.wait(lambda: last(page)["duration_ms"] is not None)
    check(page, local, "python")


def test_rust_is_shown_with_its_own_escapes(page: Page, local: LocalServer) -> None:
    body = {"message": 'say "# \u0001', "stream": False}
    page.visit("/api/demo/v1/chat?a=%27%08&a=2", body, X_Muxi_User_ID="ada", X_Muxi_Client_Key=local.client_key)
    text = snippet(page, "rust")
    for part in (
        f'FormationClient::builder().server_url("{page.url}").formation_id("demo").build()?',
        '.request("POST", "/chat")',
        r'.query("a", "\'\u{8}")'.replace("\\'", "'"),
        '.query("a", "2")',
        '.user_id("ada")',
        'r##"{\n  "message": "say \\"# \\u0001",\n  "stream": false\n}"##',
    ):
        assert part in text, text
    assert "curl" in snippet(page, "python"), "the Python client cannot repeat a query parameter"


def test_bodies_are_seen_and_snippets_copied(view: Page, local: LocalServer, name: str) -> None:
    body = {"message": "<i>hi</i> " + "x" * 200, "stream": False}
    view.visit("/api/demo/v1/chat", body, X_Muxi_User_ID="ada", X_Muxi_Client_Key=local.client_key)
    text = snippet(view, "curl")
    assert json.loads(view.run("return document.querySelector('#requests .body').textContent")) == body
    assert view.all("#requests i") == []
    permissions = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": view.url}
    view.browser.execute_cdp_cmd("Browser.grantPermissions", permissions)
    view.one("#requests .copy").send_keys(Keys.ENTER)
    view.wait(lambda: view.text("#requests .again [role=status]") == "Copied")
    copied = view.browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == text
    assert unreadable(view) == []
    assert too_wide(view) == []
    view.run("document.querySelector('#requests').scrollIntoView()")
    view.picture(name)
    # The chosen language stays.
    view.visit("/v1/health")
    assert Select(view.one("#requests .language")).first_selected_option.text == "curl"


def test_without_its_body_a_request_has_no_snippet(page: Page, local: LocalServer) -> None:
    secret = {"key": "TOKEN", "value": "S3CRET"}
    page.visit("/v1/secrets", secret, X_Muxi_Admin_Key=local.admin_key)
    page.wait(lambda: " ms" in (page.rows() or [""])[0])
    page.run("document.querySelector('#requests details').open = true")
    page.wait(lambda: "There is no snippet" in page.text("#requests"))
    assert page.all("#requests .snippet") == []
    assert "S3CRET" not in page.text("#requests")
