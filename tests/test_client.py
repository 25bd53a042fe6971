"""The parts that only Python has: threads, forks, signals, tasks, loops, pickles, logs."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import logging
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import muxi
import pytest
from muxi.testing import LocalServer

WAIT = {"message": "[[wait 30000]]"}


def status_of(formation: muxi.FormationClient, request_id: str) -> str:
    """The status of a request, which changes a moment after its connection is gone."""
    end = time.monotonic() + 5
    while True:
        status = formation.get_request_status(request_id, "")["status"]
        if status != "processing" or time.monotonic() > end:
            return status
        time.sleep(0.01)


def test_threads_share_a_client(local: LocalServer) -> None:
    with local.formation() as formation, ThreadPoolExecutor(8) as pool:
        texts = [f"message {n}" for n in range(64)]
        answers = pool.map(lambda text: formation.chat({"message": text}, user_id=text)["message"]["content"], texts)
        assert list(answers) == [f"Echo: {text}" for text in texts]


def test_threads_read_streams_at_once(local: LocalServer) -> None:
    with local.formation() as formation, ThreadPoolExecutor(6) as pool:

        def read(n: int) -> str:
            return formation.chat_stream({"message": f"[[slow]] one two three {n}"}).final_text()

        assert [text.rsplit(" ", 1)[1] for text in pool.map(read, range(6))] == list("012345")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_gets_a_fresh_engine(local: LocalServer) -> None:
    formation, other = local.formation(), local.async_formation()
    formation.health()
    asyncio.run(other.health())
    child = os.fork()
    if child == 0:
        ok = False
        try:
            ok = formation.health()["status"] == "healthy" and asyncio.run(other.health())["status"] == "healthy"
        finally:
            os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert formation.health()["status"] == "healthy"
    assert asyncio.run(other.health())["status"] == "healthy"


def ask(formation: muxi.FormationClient) -> str:
    return formation.health()["status"]


def test_a_spawned_process_gets_the_client_by_pickle(local: LocalServer) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(ask, (local.formation(),)) == "healthy"


def test_clients_and_errors_pickle(local: LocalServer) -> None:
    for client in (local.server(), local.async_server(), local.formation(), local.async_formation()):
        same = pickle.loads(pickle.dumps(client.with_options(timeout=3, headers={"x-a": "b"})))
        assert (type(same), same.base_url) == (type(client), client.base_url)
    with pytest.raises(muxi.NotFoundError) as caught:
        local.formation().get_agent("nobody")
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.code, error.status_code, str(error)) == ("AGENT_NOT_FOUND", 404, str(caught.value))


def pickled(protocol: int, value: Any) -> Any:
    return pickle.loads(pickle.dumps(value, protocol))


COPIES: dict[str, Callable[[Any], Any]] = {"copy": copy.copy, "deepcopy": copy.deepcopy}
COPIES |= {f"pickle {protocol}": partial(pickled, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)}


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_of_a_raw_client_is_raw(local: LocalServer, way: str) -> None:
    raw = COPIES[way](local.formation().with_options(headers={"x-a": "b"}).with_raw_response)
    assert isinstance(raw.health(), muxi.RawResponse)
    assert isinstance(COPIES[way](raw.with_options(timeout=3)).health(), muxi.RawResponse)
    other = COPIES[way](local.async_formation().with_raw_response)
    assert isinstance(asyncio.run(other.health()), muxi.RawResponse)


class Tenant(muxi.FormationClient):
    """A subclass with a constructor and attributes of its own."""

    def __init__(self, tenant: str, server: LocalServer) -> None:
        super().__init__(**server.formation()._settings)
        self.tenant, self.seen = tenant, [tenant]


class Slotted(Tenant):
    """A subclass with slots."""

    __slots__ = ("__hidden", "unset")

    def __init__(self, server: LocalServer) -> None:
        super().__init__("slotted", server)
        self.__hidden = 5

    @property
    def hidden(self) -> int:
        return self.__hidden

    def __setattr__(self, name: str, value: Any) -> None:
        assert not hasattr(self, name) or name.startswith("_"), "it is set once"
        super().__setattr__(name, value)


class AsyncTenant(muxi.AsyncServerClient):
    """An async one."""

    def __init__(self, tenant: str, server: LocalServer) -> None:
        super().__init__(**server.async_server()._settings)
        self.tenant = tenant


@pytest.mark.parametrize("way", [*COPIES, "with_options"])
def test_a_copy_of_a_subclass_keeps_its_attributes(local: LocalServer, way: str) -> None:
    def derived(client: Any) -> Any:
        return client.with_options(timeout=3)

    made = COPIES.get(way, derived)
    tenant = made(Tenant("ada", local))
    assert (type(tenant), tenant.tenant, tenant.seen, tenant.health()["status"]) == (Tenant, "ada", ["ada"], "healthy")
    slotted = made(Slotted(local))
    assert (slotted.tenant, slotted.hidden, hasattr(slotted, "unset")) == ("slotted", 5, False)
    assert slotted.with_raw_response.tenant == "slotted"
    assert slotted.health()["status"] == "healthy"
    assert made(AsyncTenant("ada", local)).tenant == "ada"


def test_keys_are_never_shown(local: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server, formation = local.server(debug=True), local.formation(debug=True)
    server.status()
    formation.chat({"message": "the body"})
    with pytest.raises(muxi.AuthenticationError) as caught:
        local.formation(client_key="wrong-key-of-ada").get_sessions("ada")
    config = muxi.FormationConfig(client_key=local.client_key, admin_key=local.admin_key)
    shown = f"{server!r} {formation!r} {caught.value!r} {config!r} {caplog.text}"
    for secret in (local.secret_key, local.client_key, local.admin_key, "wrong-key-of-ada", "signature", "the body"):
        assert secret not in shown


def test_debug_logs_one_line_for_each_attempt(local: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="muxi")
    formation = local.formation(debug=True)
    formation.health()
    with pytest.raises(muxi.NotFoundError):
        formation.get_agent("nobody")
    first, second = [record.getMessage() for record in caplog.records if record.name == "muxi"]
    assert first.startswith("GET /api/demo/v1/health -> 200 (0.")
    assert first.endswith(" s, attempt 1)")
    assert "-> 404 AGENT_NOT_FOUND" in second
    assert "request req_" in second


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send SIGINT to one process")
@pytest.mark.parametrize("call", ["formation.chat(WAIT)", "list(formation.chat_stream(WAIT))"])
def test_ctrl_c_interrupts_a_blocking_call(muxi_server: LocalServer, call: str) -> None:
    program = f"""
from muxi import FormationClient
WAIT = {WAIT}
formation = FormationClient()
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    environment = os.environ | muxi_server.environment()
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
    while not muxi_server.requests:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    # Well before the answer comes, which takes 30 s.
    output, _ = process.communicate(timeout=20)
    assert output == "interrupted\n"


def test_leaving_a_stream_cancels_the_turn(local: LocalServer) -> None:
    formation = local.formation()
    for _ in (stream := formation.chat_stream({"message": "[[slow]] one two three four five"}, user_id="leaver")):
        break
    assert stream.request_id is not None
    stream.close()
    assert status_of(formation, stream.request_id) == "cancelled"
    ids = {"request_id": "req_left_by_break", "message": "[[slow]] one two three four five"}
    for _ in formation.chat_stream(ids, user_id="leaver"):
        break
    assert status_of(formation, "req_left_by_break") == "cancelled"
    with formation.chat_stream(ids | {"request_id": "req_left_by_with"}, user_id="leaver") as turn:
        next(turn)
    assert status_of(formation, "req_left_by_with") == "cancelled"


def test_cancelling_a_task_aborts_its_request(local: LocalServer) -> None:
    async def main() -> None:
        async with local.async_formation() as formation:
            ids = {"request_id": "req_cancelled_task", "message": "[[slow]] one two three four five"}

            async def read() -> None:
                async for _ in formation.chat_stream(ids):
                    pass

            for wait in (read(), formation.chat(WAIT)):
                task = asyncio.ensure_future(wait)
                await asyncio.sleep(0.2)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    asyncio.run(main())
    assert status_of(local.formation(), "req_cancelled_task") == "cancelled"


def test_leaving_an_async_stream_cancels_the_turn(local: LocalServer) -> None:
    async def main() -> None:
        async with local.async_formation() as formation:
            ids = {"message": "[[slow]] one two three four five"}
            async for _ in formation.chat_stream(ids | {"request_id": "req_async_break"}):
                break
            async with formation.chat_stream(ids | {"request_id": "req_async_with"}) as turn:
                async for _ in turn:
                    break
            opened = await formation.chat_stream(ids | {"request_id": "req_async_dropped"})
            assert opened.request_id == "req_async_dropped"
            del opened
            await asyncio.sleep(0.1)

    asyncio.run(main())
    for request in ("req_async_break", "req_async_with", "req_async_dropped"):
        assert status_of(local.formation(), request) == "cancelled"


def test_asyncio_timeout_works(local: LocalServer) -> None:
    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(local.async_formation().chat(WAIT), 0.1)

    asyncio.run(main())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_async_streams_in_every_form(local: LocalServer, loop: str) -> None:
    async def main() -> None:
        async with local.async_formation() as formation:
            payload = {"message": "hello"}
            plain = [event["event"] async for event in formation.chat_stream(payload)]
            awaited = [event["event"] async for event in await formation.chat_stream(payload)]
            assert plain == awaited
            assert plain[-1] == "done"
            async with formation.chat_stream(payload) as turn:
                assert "".join([text async for text in turn.text_deltas()]) == "Echo: hello"
                assert turn.session_id
            assert await formation.chat_stream({"message": "[[workflow]]"}).final_text()
            results = await asyncio.gather(*(formation.chat_stream(payload).final_text() for _ in range(50)))
            assert results == ["Echo: hello"] * 50
            unused = formation.chat_stream(payload)
            await unused.aclose()

    if loop == "uvloop":
        uvloop = pytest.importorskip("uvloop", reason="uvloop is not made for this system")
        uvloop.run(main())
    else:
        asyncio.run(main())


def test_a_client_serves_one_event_loop_after_another(local: LocalServer) -> None:
    formation = local.async_formation()
    for _ in range(3):
        assert asyncio.run(formation.health())["status"] == "healthy"


def test_async_methods_are_coroutines(local: LocalServer) -> None:
    async def main() -> None:
        task = asyncio.create_task(local.async_formation().health())
        assert (await task)["status"] == "healthy"

    asyncio.run(main())
    assert inspect.iscoroutinefunction(muxi.AsyncFormationClient.health)
    assert inspect.iscoroutinefunction(muxi.AsyncServerClient.deploy_formation)


def test_the_event_loop_stays_free(local: LocalServer) -> None:
    async def main() -> float:
        async with local.async_formation() as formation:
            waiting = asyncio.create_task(formation.chat({"message": "[[wait 500]]"}))
            longest = 0.0
            while not waiting.done():
                before = time.perf_counter()
                await asyncio.sleep(0.005)
                longest = max(longest, time.perf_counter() - before)
            return longest

    assert asyncio.run(main()) < 0.25


def test_closing(local: LocalServer) -> None:
    formation = local.formation()
    formation.close()
    formation.close()
    with pytest.raises(RuntimeError, match="client is closed"):
        formation.health()
    with pytest.raises(RuntimeError, match="client is closed"):
        formation.with_options(timeout=1).chat_stream({"message": "hi"})

    async def main() -> None:
        async with local.async_formation() as client:
            pass
        await client.aclose()
        with pytest.raises(RuntimeError, match="client is closed"):
            await client.health()

    asyncio.run(main())


def test_options_and_raw_replies(local: LocalServer) -> None:
    formation = local.formation()
    with pytest.raises(muxi.TimeoutError, match=r"within 0\.2 s"):
        formation.with_options(timeout=0.2).chat(WAIT)
    with pytest.raises(TimeoutError):
        formation.chat(WAIT, timeout=0.2)
    raw = formation.with_raw_response.chat({"message": "hi"}, idempotency_key="key-of-mine")
    assert (raw.status_code, raw.idempotency_key) == (200, "key-of-mine")
    assert raw.headers["content-type"].startswith("application/json")
    assert raw.json()["data"]["message"]["content"] == raw.parse()["message"]["content"] == "Echo: hi"
    assert raw.json()["request"]["idempotency_key"] == "key-of-mine"

    async def main() -> None:
        raw = await local.async_formation().with_raw_response.health()
        assert raw.parse()["status"] == "healthy"

    asyncio.run(main())


def test_routes_that_have_no_method(local: LocalServer) -> None:
    formation = local.formation()
    assert formation.request("GET", "/agents")["count"] >= 1
    sessions = formation.request("get", "/sessions", params={"limit": 3}, headers={"X-Muxi-User-ID": "ada"})
    assert "sessions" in sessions
    with pytest.raises(muxi.NotFoundError):
        formation.request("GET", "/no/such/route")
    with pytest.raises(ValueError, match="path must start with one /"):
        formation.request("GET", "agents")
    body = {"message": "hi", "stream": True}
    events = [event["event"] for event in formation.stream("POST", "/chat", body=body)]
    assert events[-1] == "done"
    assert local.server().request("GET", "/rpc/server/status")["server"]


def test_numbers_are_exact(local: LocalServer) -> None:
    formation = local.formation()
    metadata: dict[str, Any] = {"big": 2**80, "negative": -(2**70), "small": 1e-320, "float": 0.1, "int": 1}
    metadata |= {"text": "\u2028 ü \U0001f600", "nested": {"deep": [None, True, [1.5]]}}
    formation.add_memory("exact", "note", "numbers", metadata=metadata)
    stored = formation.get_memories("exact")["memories"][0]["metadata"]
    assert {name: stored[name] for name in ("float", "int", "text", "nested")} == {
        name: metadata[name] for name in ("float", "int", "text", "nested")
    }
    assert type(stored["int"]) is int


def test_what_json_cannot_hold_is_named(local: LocalServer) -> None:
    formation = local.formation()
    loop: list[Any] = []
    loop.append(loop)
    wrong: list[tuple[Any, str]] = [
        ({"extra": b"x"}, r'payload\["extra"\] is bytes, which JSON cannot hold: encode it with base64'),
        ({"threshold_seconds": float("nan")}, r'payload\["threshold_seconds"\] is NaN'),
        ({"files": [{"a": object()}]}, r'payload\["files"\]\[0\]\["a"\] is object'),
        ({(1,): "x"}, r"has the key \(1,\), but keys must be str"),
        ({"extra": loop}, "contains itself"),
        ({"message": "\ud800"}, "no valid Unicode"),
        (3, "payload must be a str or a dict, not int"),
    ]
    for payload, message in wrong:
        with pytest.raises((TypeError, ValueError), match=message):
            formation.chat(payload)


def test_keys_are_written_as_the_json_module_does_it(local: LocalServer) -> None:
    formation = local.formation()
    metadata: dict[Any, Any] = {1: "int", None: "none", False: "false", 1.5: "float", "text": "text"}
    formation.add_memory("keys", "fact", "x", metadata=metadata)
    stored = formation.get_memories("keys")["memories"][0]["metadata"]
    assert {name: stored[name] for name in json.loads(json.dumps(metadata))} == json.loads(json.dumps(metadata))


def test_nothing_is_left_behind(local: LocalServer) -> None:
    """Threads and open files stay as few as they were."""

    async def one() -> None:
        async with local.async_formation() as formation:
            await asyncio.gather(*(formation.health() for _ in range(20)))
            async for _ in formation.chat_stream({"message": "hi"}):
                break

    def files() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    asyncio.run(one())
    before = (files(), threading.active_count())
    for _ in range(20):
        asyncio.run(one())
        with local.formation() as formation:
            formation.health()
    end = time.monotonic() + 5
    while files() > before[0] + 3 and time.monotonic() < end:
        time.sleep(0.05)
    assert files() <= before[0] + 3
    assert threading.active_count() <= before[1]
