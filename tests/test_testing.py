"""`muxi.testing`: the server in this process, and the pytest plugin."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import muxi
import pytest
from muxi import AsyncFormationClient, FormationClient, webhook
from muxi.testing import LocalServer
from nested import pytest_passes

ROOT = Path(__file__).parent.parent
FORMATIONS = ROOT / "examples" / "formations"


def say(formation: FormationClient, text: str) -> object:
    return formation.chat({"message": text})["message"]["content"]


def test_each_test_has_a_server_of_its_own(muxi_server: LocalServer, muxi_formation: FormationClient) -> None:
    with LocalServer() as other:
        assert other.url != muxi_server.url
        assert other.client_key != muxi_server.client_key
        muxi_formation.add_memory("ada", "general", "likes tea")
        assert other.formation().get_memories("ada")["count"] == 0
        assert muxi_formation.get_memories("ada")["count"] == 1


def test_faults_pass(muxi_server: LocalServer) -> None:
    muxi_server.fail("chat", status=429, retry_after=7)
    formation = muxi_server.formation()
    with pytest.raises(muxi.RateLimitError) as caught:
        say(formation, "hello")
    assert caught.value.retry_after == 7
    assert say(formation, "hello") == "Echo: hello"
    first, second = muxi_server.requests
    assert (first.operation, first.status, second.status) == ("chat", 429, 200)
    assert first.fault is not None
    assert muxi_server.client_key not in repr(muxi_server.requests)


def test_requests_tell_what_was_sent(muxi_server: LocalServer, muxi_formation: FormationClient) -> None:
    muxi_formation.chat({"message": "hello", "session_id": "s1"}, user_id="ada")
    muxi_formation.set_secret("TOKEN", "S3CRET")
    muxi_formation.health()
    chat, *secrets, health = muxi_server.requests
    assert (chat.body["message"], chat.body["session_id"]) == ("hello", "s1")
    assert [request.body for request in (*secrets, health)] == [None] * (len(secrets) + 1)
    assert "hello" not in repr(muxi_server.requests)
    muxi_server.clear_requests()
    assert muxi_server.requests == ()


def test_a_chat_without_stream_is_streamed_and_is_both_operations(muxi_server: LocalServer) -> None:
    def post() -> tuple[int, str | None]:
        connection = HTTPConnection(muxi_server.url.removeprefix("http://"))
        headers = {"Content-Type": "application/json", "X-Muxi-Client-Key": muxi_server.client_key}
        connection.request("POST", "/v1/chat", '{"message": "hello"}', headers)
        with contextlib.closing(connection), connection.getresponse() as response:
            response.read()
            return response.status, response.getheader("Content-Type")

    assert post() == (200, "text/event-stream; charset=utf-8")
    for operation in ("chat", "chat_stream"):
        muxi_server.fail(operation, status=503)
        assert post()[0] == 503
    assert [request.operation for request in muxi_server.requests] == ["chat"] * 3


def test_faults_happen_to_each_nth_request(muxi_server: LocalServer, muxi_formation: FormationClient) -> None:
    muxi_server.fail("health", every=2, status=503)
    for _ in range(2):
        muxi_formation.health()
        with pytest.raises(muxi.ServerError):
            muxi_formation.health()
    muxi_server.clear_faults()
    muxi_server.fail("health", every=2, times=1, status=503)
    muxi_formation.health()
    with pytest.raises(muxi.ServerError):
        muxi_formation.health()
    for _ in range(3):
        muxi_formation.health()
    muxi_server.fail("health", status=503)
    with pytest.raises(muxi.ServerError):
        muxi_formation.health()
    muxi_formation.health()
    with pytest.raises(ValueError, match="rate must be a number from 0 to 1"):
        muxi_server.fail("health", rate=2, status=503)


class Receiver(BaseHTTPRequestHandler):
    """An application that takes webhooks, as the documentation of `muxi.webhook` writes it."""

    key: str
    taken: list[webhook.WebhookEvent]

    def do_POST(self) -> None:
        payload = self.rfile.read(int(self.headers["Content-Length"]))
        fits = webhook.verify_signature(payload, self.headers["X-Muxi-Signature"], self.key)
        if fits:
            self.taken.append(webhook.parse(payload))
        self.send_response(200 if fits else 401)
        self.end_headers()
        self.wfile.write(b"taken" if fits else b"refused")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def app_url(muxi_server: LocalServer) -> Iterator[str]:
    """The address of a receiver."""
    Receiver.key, Receiver.taken = muxi_server.admin_key, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever).start()
        yield f"http://127.0.0.1:{receiver.server_port}/hook"
        receiver.shutdown()


def test_webhooks_are_sent_on_request(muxi_server: LocalServer, app_url: str) -> None:
    assert muxi_server.send_webhook(app_url, text="Done.", times=2) == [(200, "taken")] * 2
    assert muxi_server.send_webhook(app_url, {"id": "req_1", "status": "failed"})[0].status == 200
    muxi_server.send_webhook(app_url, status="failed", text="No model.")
    muxi_server.send_webhook(app_url, status="awaiting_clarification", text="Which?", user_id="ada")
    # The clock of the receiver is not moved.
    muxi_server.clock.advance(86_400)
    assert muxi_server.send_webhook(app_url)[0].status == 200
    assert muxi_server.send_webhook(app_url, signature="wrong") == [(401, "refused")]
    assert muxi_server.send_webhook(app_url, signature="missing") == [(401, "refused")]
    assert muxi_server.send_webhook(app_url, age=600) == [(401, "refused")]
    first, second, own, failed, question, _ = Receiver.taken
    assert first == second
    assert (first.status, first.content[0].text, first.formation_id) == ("completed", "Done.", "demo")
    assert own.request_id == "req_1"
    assert failed.error is not None
    assert failed.error.message == "No model."
    assert question.clarification is not None
    assert (question.clarification.question, question.user_id) == ("Which?", "ada")
    with pytest.raises(OSError, match=r"the webhook to http://127\.0\.0\.1:9/ failed"):
        muxi_server.send_webhook("http://127.0.0.1:9/")
    count = len(Receiver.taken)
    with pytest.raises(ValueError, match="formation_id must be one of demo"):
        muxi_server.send_webhook(app_url, formation_id="other")
    with pytest.raises(ValueError, match=r"^payload must be alone, not beside text"):
        muxi_server.send_webhook(app_url, {"id": "req_2"}, text="x")
    assert len(Receiver.taken) == count


def test_a_formation_that_was_deployed_sends_webhooks(muxi_server: LocalServer, app_url: str, tmp_path: Path) -> None:
    (tmp_path / "formation.afs").write_text('schema: "1.0.0"\nid: later\ndescription: An app\n')
    muxi_server.server().deploy_formation(bundle_path=tmp_path)
    assert muxi_server.send_webhook(app_url, formation_id="later")[0].status == 200
    assert Receiver.taken[-1].formation_id == "later"


def test_a_fault_is_armed_until_it_has_met_its_requests(
    muxi_server: LocalServer, muxi_formation: FormationClient
) -> None:
    muxi_server.fail("health", times=2, status=503)
    for used in range(2):
        [fault] = muxi_server.faults
        assert (fault.parts, fault.used) == ({"path": "health", "status": 503, "times": 2}, used)
        with pytest.raises(muxi.ServerError):
            muxi_formation.health()
        assert muxi_server.requests[-1].fault == fault.text
    assert muxi_server.faults == ()


def test_what_a_server_lists_cannot_be_changed(muxi_server: LocalServer) -> None:
    lists: Any = muxi_server
    with pytest.raises(AttributeError, match="'tuple' object has no attribute"):
        lists.faults.clear()
    with pytest.raises(AttributeError, match="'tuple' object has no attribute"):
        lists.requests.append(None)


def test_a_fault_for_all_lasts_until_it_is_cleared(muxi_server: LocalServer, muxi_formation: FormationClient) -> None:
    muxi_server.fail(times=None, html=502)
    for _ in range(3):
        with pytest.raises(muxi.ServerError):
            muxi_formation.health()
    assert [(fault.parts, fault.used) for fault in muxi_server.faults] == [({"html": 502}, 3)]
    muxi_server.clear_faults()
    assert muxi_server.faults == ()
    assert muxi_formation.health()["status"] == "healthy"


def test_a_cut_stream_is_an_error(muxi_server: LocalServer, muxi_formation: FormationClient) -> None:
    muxi_server.fail("chat_stream", truncate="6 events")
    with pytest.raises(muxi.ConnectionError), muxi_formation.chat_stream({"message": "hello"}) as turn:
        turn.final_text()


def test_there_is_no_such_fault(muxi_server: LocalServer) -> None:
    with pytest.raises(ValueError, match=r"possible are .*retry_after"):
        muxi_server.fail("chat", staus=503)  # type: ignore[call-arg]


def test_the_clock_moves_on(muxi_server: LocalServer, muxi_formation: FormationClient) -> None:
    job = muxi_formation.create_scheduler_job("recurring", "0 7 * * *", "report", "ada")
    muxi_server.clock.advance(timedelta(days=3))
    ran = muxi_formation.get_scheduler_job(job["id"])
    assert (ran.get("total_runs"), ran.get("last_run_status")) == (3, "success")


def test_the_clock_tells_the_time(muxi_server: LocalServer) -> None:
    before = datetime.now(timezone.utc)
    muxi_server.clock.advance(timedelta(days=3))
    ahead = muxi_server.clock.now - timedelta(days=3)
    # Both clocks have microseconds, and one of them rounds.
    assert before - timedelta(microseconds=1) <= ahead <= datetime.now(timezone.utc)
    assert muxi_server.clock.now.tzinfo is timezone.utc
    muxi_server.reset()
    assert muxi_server.clock.now < before + timedelta(days=3)


def test_the_server_can_be_used_while_its_clock_moves(
    muxi_server: LocalServer, muxi_formation: FormationClient
) -> None:
    # Longer than moving the clock waits for it.
    muxi_formation.create_scheduler_job("recurring", "0 * * * *", "[[slow]] " + "word " * 1000, "ada")
    moving = threading.Thread(target=muxi_server.clock.advance, args=(3700,))
    moving.start()
    looks = 0
    while moving.is_alive():
        assert muxi_server.requests[0].operation == "create_scheduler_job"
        looks += 1
    moving.join()
    assert looks > 20


def test_a_server_can_be_closed_while_its_clock_moves() -> None:
    server = LocalServer()
    with server.formation() as formation:
        formation.create_scheduler_job("recurring", "0 * * * *", "[[slow]] " + "word " * 1000, "ada")

    def move() -> None:
        # It may come too late.
        with contextlib.suppress(RuntimeError):
            server.clock.advance(3700)

    moving = threading.Thread(target=move)
    moving.start()
    server.close()
    moving.join()
    with pytest.raises(RuntimeError, match="closed"):
        _ = server.requests


def test_processes_find_the_server_past_any_proxy(muxi_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "internal.example")
    assert muxi_server.environment()["no_proxy"] == "internal.example,127.0.0.1"
    program = "import muxi; print(muxi.FormationClient().health()['status'])"
    proxies = {"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
    told = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | proxies | muxi_server.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout.strip() == "healthy", told.stderr


def test_ctrl_c_ends_the_program_cleanly() -> None:
    # Windows sends Ctrl-C to all programs of a console only, but Ctrl-Break to one with its children.
    given: dict[str, Any] = {}
    interrupt: int = signal.SIGINT
    if sys.platform == "win32":
        given["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
        interrupt = signal.CTRL_BREAK_EVENT
    else:
        given["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
    program = subprocess.Popen(
        [sys.executable, "-m", "muxi.local", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **given,
    )
    assert program.stdout is not None
    assert json.loads(program.stdout.readline())["url"]
    program.send_signal(interrupt)
    _, errors = program.communicate(timeout=60)
    assert (program.returncode, errors) == (0, "")


def test_a_reset_is_a_fresh_start(muxi_server: LocalServer, muxi_formation: FormationClient) -> None:
    muxi_formation.add_memory("ada", "general", "likes tea")
    muxi_server.fail("health", status=503)
    muxi_server.reset()
    assert muxi_server.requests == ()
    assert muxi_formation.health()["status"] == "healthy"
    assert muxi_formation.get_memories("ada")["count"] == 0


def test_several_formations_have_a_client_each(monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in ("DATABASE_URL", "OPENAI_API_KEY"):
        monkeypatch.setenv(f"MUXI_SECRET_{secret}", "unused")
    with LocalServer(FORMATIONS / "support-desk", FORMATIONS / "ops-bot") as server:
        assert server.formation_id == "support-desk"
        assert server.formation().get_agents()["agents"][0]["id"] == "support"
        assert server.formation(formation_id="ops-bot").get_agents()["agents"][0]["id"] == "operator"
        assert server.server().list_formations()["total"] == 2


def test_a_wrong_formation_says_where(tmp_path: Path) -> None:
    (tmp_path / "formation.afs").write_text("id: the-id\nagents: [{id: a}]\nscheduler: {enabled: perhaps}\n")
    with pytest.raises(ValueError, match=r"formation\.afs:3:22: 'scheduler\.enabled': expected") as caught:
        LocalServer(tmp_path)
    assert "description" in str(caught.value)


def test_what_is_odd_about_a_formation_is_a_warning(tmp_path: Path) -> None:
    # A secret that is missing is not odd: a test needs none.
    text = 'schema: "1.0.0"\nid: my-app\ndescription: "${{ secrets.TOKEN }}"\ncolour: blue\n'
    (tmp_path / "formation.afs").write_text(text)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        LocalServer(tmp_path).close()
    (odd,) = warned
    assert str(odd.message).startswith("my-app: formation.afs:4:1: 'colour' is not known here")
    assert odd.filename == __file__
    (tmp_path / "formation.afs").write_text("id: my-app\ndescription: An app\n")
    with pytest.warns(UserWarning, match="'schema' is missing"):
        LocalServer(tmp_path).close()


def test_state_is_kept_in_a_folder(tmp_path: Path) -> None:
    for expected in (0, 1):
        with LocalServer(data=tmp_path / "state") as server:
            formation = server.formation()
            assert formation.get_memories("ada")["count"] == expected
            formation.add_memory("ada", "general", "likes tea")


@pytest.mark.muxi(quirks="real")
def test_defects_of_the_real_one_can_be_had(muxi_formation: FormationClient) -> None:
    with pytest.raises(muxi.ServerError):
        muxi_formation.list_skills()


def test_an_async_client_works(muxi_async_formation: AsyncFormationClient) -> None:
    async def main() -> str:
        async with muxi_async_formation.chat_stream({"message": "hello"}) as turn:
            return await turn.final_text()

    assert asyncio.run(main()) == "Echo: hello"


def test_a_closed_server_says_so(muxi_server: LocalServer) -> None:
    muxi_server.close()
    muxi_server.close()
    with pytest.raises(RuntimeError, match="closed"):
        muxi_server.reset()


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_example_application_passes_its_tests(options: tuple[str, ...]) -> None:
    pytest_passes(ROOT / "examples" / "app", 10, *options)


def test_the_script_of_the_page_works() -> None:
    page = (ROOT / "docs" / "testing.md").read_text()
    script = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0]
    with LocalServer(script=script) as server:
        formation = server.formation()
        refund = formation.chat({"message": "Please refund order 7"}, user_id="ada")
        assert refund["message"]["content"] == "Order 7 is refunded, ada."
        first = formation.chat({"message": "weather?", "session_id": "s"})
        assert first["message"]["content"] == "In which town?"
        assert formation.chat({"message": "weather!", "session_id": "s"})["message"]["content"] == "Sunny."
