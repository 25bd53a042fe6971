"""Waits for health, requests and ingestions, on the wire."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import muxi
import pytest
from muxi.testing import LocalServer
from wire import Request, Wire

each_kind = pytest.mark.parametrize("kind", ["sync", "async"])


def reply(status: int, body: Any) -> bytes:
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


def error(status: int, code: str) -> bytes:
    return reply(status, {"success": False, "error": {"code": code, "message": "no"}})


def wait(kind: str, which: str, settings: dict[str, Any], name: str, *values: Any, **more: Any) -> Any:
    """Call a wait of a client of that kind."""
    cls = getattr(muxi, f"{'Async' if kind == 'async' else ''}{which}Client")
    if kind == "sync":
        with cls(**settings) as client:
            return getattr(client, name)(*values, **more)

    async def main() -> Any:
        async with cls(**settings) as client:
            return await getattr(client, name)(*values, **more)

    return asyncio.run(main())


class Answers:
    """The answers of a server, one after another, and then the last for ever."""

    def __init__(self, *answers: bytes) -> None:
        self.left = list(answers)
        self.seen: list[Request] = []

    def __call__(self, request: Request) -> Iterator[bytes]:
        self.seen.append(request)
        answer = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if not answer:
            raise OSError("the connection breaks")
        yield answer


HEALTHY = reply(200, {"status": "healthy", "version": "1", "uptime_seconds": 1})


@each_kind
def test_a_formation_becomes_healthy(kind: str) -> None:
    unhealthy = reply(200, {"status": "unhealthy", "version": "1", "uptime_seconds": 1})
    answers = Answers(error(502, "BAD_GATEWAY"), error(503, "SERVICE_UNAVAILABLE"), b"", unhealthy, HEALTHY)
    with Wire(answers) as server:
        settings = {"base_url": f"{server.url}/v1"}
        healthy = wait(kind, "Formation", settings, "wait_until_healthy", deadline=30)
    assert healthy["status"] == "healthy"
    assert {request.path for request in answers.seen} == {"/v1/health"}


@each_kind
@pytest.mark.parametrize("which", ["Formation", "Server"])
def test_a_refused_connection_is_not_yet(kind: str, which: str) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{place.getsockname()[1]}"
        settings: dict[str, Any] = {"url": url} | ({"key_id": "a", "secret_key": "b"} if which == "Server" else {})
        with pytest.raises(muxi.TimeoutError, match=r"is not healthy within the deadline of 0.3 s: the last error was"):
            wait(kind, which, settings, "wait_until_healthy", 0.3)


@each_kind
@pytest.mark.parametrize(("status", "expected"), [(401, muxi.AuthenticationError), (404, muxi.NotFoundError)])
def test_other_errors_come_at_once(kind: str, status: int, expected: type[Exception]) -> None:
    answers = Answers(error(status, "NO"))
    with Wire(answers) as server, pytest.raises(expected):
        wait(kind, "Formation", {"base_url": f"{server.url}/v1"}, "wait_until_healthy")
    assert len(answers.seen) == 1


@each_kind
def test_clients_of_muxi_local_wait_for_it(kind: str, local: LocalServer) -> None:
    server = {"url": local.url, "key_id": local.key_id, "secret_key": local.secret_key}
    assert wait(kind, "Server", server, "wait_until_healthy")["success"] is True
    formation = {"server_url": local.url, "formation_id": "nobody-has-this"}
    with pytest.raises(muxi.NotFoundError):
        wait(kind, "Formation", formation, "wait_until_healthy")


UNFIT = [b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n"]
UNFIT += [reply(200, {"success": True, "data": data}) for data in ([1], {"ok": 1}, {"status": ["completed"]}, "text")]


@each_kind
@pytest.mark.parametrize("unfit", UNFIT)
def test_a_reply_without_a_status_is_not_yet(kind: str, unfit: bytes) -> None:
    answers = Answers(unfit, HEALTHY)
    with Wire(answers) as server:
        settings = {"base_url": f"{server.url}/v1"}
        assert wait(kind, "Formation", settings, "wait_until_healthy", deadline=60)["status"] == "healthy"
    assert len(answers.seen) == 2


@each_kind
def test_an_empty_reply_of_a_server_is_not_yet(kind: str) -> None:
    with Wire(Answers(UNFIT[0], reply(200, {"success": True, "status": "ok", "version": "1"}))) as server:
        settings = {"url": server.url, "key_id": "a", "secret_key": "b"}
        assert wait(kind, "Server", settings, "wait_until_healthy", deadline=60)["success"] is True


@each_kind
def test_a_wait_that_never_finds_a_status_says_so(kind: str) -> None:
    with Wire(Answers(UNFIT[0])) as server:
        settings = {"base_url": f"{server.url}/v1"}
        with pytest.raises(muxi.TimeoutError, match=r"deadline of 0.3 s: the last reply has no status"):
            wait(kind, "Formation", settings, "wait_until_healthy", 0.3)


@each_kind
@pytest.mark.parametrize("unfit", UNFIT)
@pytest.mark.parametrize(("name", "values"), [("wait_for_request", ("req_1", "ada")), ("wait_for_ingestion", ("p_1",))])
def test_a_reply_without_a_state_is_an_error(kind: str, name: str, values: tuple[str, ...], unfit: bytes) -> None:
    answers = Answers(unfit)
    with Wire(answers) as server:
        settings = {"base_url": f"{server.url}/v1", "client_key": "k"}
        with pytest.raises(muxi.MuxiError, match="the reply has no status") as caught:
            wait(kind, "Formation", settings, name, *values, deadline=60)
    assert (caught.value.code, caught.value.status_code) == ("INVALID_REPLY", 200)
    assert len(answers.seen) == 1


@each_kind
def test_a_deadline_is_what_any_call_takes(kind: str) -> None:
    with Wire(Answers(HEALTHY)) as server:
        settings = {"base_url": f"{server.url}/v1"}
        for endless in (10**400, float("inf"), Decimal(60)):
            assert wait(kind, "Formation", settings, "wait_until_healthy", deadline=endless)["status"] == "healthy"
        for wrong in ("5", True, [5]):
            because = f"deadline must be a number of seconds, not {type(wrong).__name__}"
            for name in ("wait_until_healthy", "health"):
                with pytest.raises(TypeError, match=because):
                    wait(kind, "Formation", settings, name, deadline=wrong)
        with pytest.raises(TypeError, match="deadline must be a number of seconds, not NoneType"):
            wait(kind, "Formation", settings, "wait_until_healthy", deadline=None)
        with pytest.raises(ValueError, match="deadline must be a number of seconds above 0"):
            wait(kind, "Formation", settings, "wait_until_healthy", deadline=-(10**400))


def state(word: str, **more: Any) -> bytes:
    body = {"request_id": "req_1", "processing_id": "p_1", "status": word, "created_at": 1.0, **more}
    return reply(200, {"success": True, "data": body})


@each_kind
@pytest.mark.parametrize("end", ["completed", "failed", "cancelled", "awaiting_clarification"])
def test_a_request_is_polled_until_its_end(kind: str, end: str) -> None:
    answers = Answers(state("pending"), state("processing"), state("running"), state(end, error="why"))
    with Wire(answers) as server:
        settings = {"base_url": f"{server.url}/v1", "client_key": "k"}
        ended = wait(kind, "Formation", settings, "wait_for_request", "req_1", "ada")
    assert (ended["status"], ended["error"]) == (end, "why")
    assert [request.path for request in answers.seen] == ["/v1/requests/req_1"] * 4
    assert {request.header("X-Muxi-User-ID") for request in answers.seen} == {"ada"}


@each_kind
def test_a_request_may_be_unknown_to_the_first_polls(kind: str) -> None:
    """As in the shipped runtime, for 100 ms."""
    answers = Answers(*[error(404, "REQUEST_NOT_FOUND")] * 3, state("running"), state("completed"))
    with Wire(answers) as server:
        settings = {"base_url": f"{server.url}/v1", "client_key": "k"}
        ended = wait(kind, "Formation", settings, "wait_for_request", "req_1", "ada")
    assert (ended["status"], len(answers.seen)) == ("completed", 5)


@each_kind
@pytest.mark.parametrize(("known", "polls"), [([], 4), ([state("running")], 2)])
def test_a_request_that_is_not_there_is_an_error(kind: str, known: list[bytes], polls: int) -> None:
    answers = Answers(*known, error(404, "REQUEST_NOT_FOUND"))
    with Wire(answers) as server:
        settings = {"base_url": f"{server.url}/v1", "client_key": "k"}
        with pytest.raises(muxi.NotFoundError):
            wait(kind, "Formation", settings, "wait_for_request", "req_1", "ada")
    assert len(answers.seen) == polls


@each_kind
def test_an_ingestion_is_polled_until_its_end(kind: str) -> None:
    answers = Answers(state("queued"), state("completed"))
    with Wire(answers) as server:
        settings = {"base_url": f"{server.url}/v1", "client_key": "k"}
        ended = wait(kind, "Formation", settings, "wait_for_ingestion", "p_1", user_id="ada")
    assert ended["status"] == "completed"
    assert [request.path for request in answers.seen] == ["/v1/memories/ingestion/p_1"] * 2


@each_kind
def test_a_deadline_tells_the_last_state(kind: str) -> None:
    with Wire(Answers(state("running"))) as server:
        settings = {"base_url": f"{server.url}/v1", "client_key": "k"}
        because = r"request 'req_1' has not ended within the deadline of 0.3 s: the last status was 'running'"
        with pytest.raises(muxi.TimeoutError, match=because) as caught:
            wait(kind, "Formation", settings, "wait_for_request", "req_1", "ada", deadline=0.3)
        assert caught.value.code == "TIMEOUT"
        for wrong in (0, -1, float("nan")):
            with pytest.raises(ValueError, match="deadline must be a number of seconds above 0"):
                wait(kind, "Formation", settings, "wait_for_request", "req_1", "ada", deadline=wrong)


@each_kind
def test_a_poll_that_hangs_ends_with_the_deadline(kind: str) -> None:
    def answer(request: Request) -> Iterator[bytes]:
        request.hung_up(60)
        yield b""

    with Wire(answer) as server:
        settings = {"base_url": f"{server.url}/v1", "client_key": "k"}
        with pytest.raises(muxi.TimeoutError, match=r"has not ended within the deadline of 0\.3 s"):
            wait(kind, "Formation", settings, "wait_for_request", "req_1", "ada", deadline=0.3)


def test_closing_the_client_ends_the_wait() -> None:
    polled = threading.Event()

    def answer(request: Request) -> Iterator[bytes]:
        polled.set()
        yield state("running")

    with Wire(answer) as server:
        client = muxi.FormationClient(base_url=f"{server.url}/v1", client_key="k")

        def close() -> None:
            polled.wait()
            client.close()

        closing = threading.Thread(target=close)
        closing.start()
        with pytest.raises(RuntimeError, match="client is closed"):
            client.wait_for_request("req_1", "ada", deadline=float("inf"))
        closing.join()


def test_cancelling_the_task_ends_the_wait() -> None:
    async def main(url: str) -> None:
        async with muxi.AsyncFormationClient(base_url=url, client_key="k") as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.wait_for_request("req_1", "ada"), 0.2)

    with Wire(Answers(state("running"))) as server:
        asyncio.run(main(f"{server.url}/v1"))


def test_real_turns_and_ingestions_are_waited_for(local: LocalServer) -> None:
    formation = local.formation()
    with formation.chat_stream({"message": "Hi", "request_id": "req_waited_for"}, user_id="waiter") as turn:
        turn.final_text()
    assert formation.wait_for_request("req_waited_for", "waiter")["status"] == "completed"
    assert formation.with_raw_response.wait_for_request("req_waited_for", "waiter")["status"] == "completed"
