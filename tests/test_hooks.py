"""Log lines, hooks and spans of calls, on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import gc
import json
import logging
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import muxi
import pytest
from muxi.testing import LocalServer
from wire import Request, Wire

KEYS: dict[str, Any] = {"client_key": "fmc_key", "admin_key": "fma_key"}
Call = Callable[..., Any]


def reply(status: int, body: Any, *headers: str) -> bytes:
    data = json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(data)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + data


BUSY = reply(503, {"error": {"code": "SERVICE_UNAVAILABLE", "message": "busy"}}, "retry-after-ms: 10")
HEALTHY = reply(200, {"status": "healthy", "version": "1", "uptime_seconds": 1})
STREAM = (
    b'HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\nevent: done\ndata: {"a": 1}\n\n'
)


@contextlib.contextmanager
def flaky(*answers: bytes) -> Iterator[tuple[str, list[Request]]]:
    """A server with those answers, one for each request."""
    left, seen = list(answers), list[Request]()

    def answer(request: Request) -> Iterator[bytes]:
        seen.append(request)
        yield left.pop(0)

    with Wire(answer) as server:
        yield f"{server.url}/v1", seen


def call(kind: str, url: str, what: str = "health", **settings: Any) -> None:
    """Make a call, or read a stream, with a client of that kind."""
    settings = {"base_url": url, "max_retries": 2, **KEYS, **settings}
    if kind == "sync":
        with muxi.FormationClient(**settings) as client:
            done: Any = getattr(client, what)(*(() if what == "health" else ({"message": "the body"},)))
            if what != "health":
                list(done)
        return

    async def main() -> None:
        async with muxi.AsyncFormationClient(**settings) as client:
            if what == "health":
                await client.health()
            else:
                _ = [event async for event in client.chat_stream({"message": "the body"})]

    asyncio.run(main())


each_kind = pytest.mark.parametrize("kind", ["sync", "async"])


@each_kind
@pytest.mark.parametrize("what", ["health", "chat_stream"])
def test_hooks_see_each_attempt_in_order(kind: str, what: str) -> None:
    seen: list[tuple[str, muxi.Attempt]] = []
    threads = set[int]()

    def note(name: str) -> Callable[[muxi.Attempt], None]:
        def hook(attempt: muxi.Attempt) -> None:
            seen.append((name, attempt))
            threads.add(threading.get_ident())

        return hook

    with flaky(BUSY, HEALTHY if what == "health" else STREAM) as (url, requests):
        hooks = {name: note(name) for name in ("on_request", "on_response", "on_retry")}
        call(kind, url, what, **hooks)
    assert [name for name, _ in seen] == ["on_request", "on_response", "on_retry", "on_request", "on_response"]
    attempts = [attempt for _, attempt in seen]
    assert [attempt.attempt for attempt in attempts] == [1, 1, 1, 2, 2]
    assert [attempt.status for attempt in attempts] == [None, 503, 503, None, 200]
    assert [attempt.error_code for attempt in attempts] == [None, *["SERVICE_UNAVAILABLE"] * 2, None, None]
    assert attempts[2].retry_in == 0.01
    assert [attempt.duration is None for attempt in attempts] == [True, False, False, True, False]
    assert {attempt.path for attempt in attempts} == {requests[0].path}
    assert {attempt.method for attempt in attempts} == {requests[0].method}
    assert {attempt.idempotency_key for attempt in attempts} == {requests[0].header("X-Muxi-Idempotency-Key")}
    assert threads == {threading.get_ident()}
    if what == "chat_stream":
        assert all((attempt.request_id or "").startswith("req_") for attempt in attempts)
    assert not any(secret in repr(seen) for secret in ("fmc_key", "fma_key", "the body"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        attempts[0].attempt = 5  # type: ignore[misc]


LONG = reply(503, {}, "retry-after-ms: 60000")


def test_a_retry_is_told_before_its_wait() -> None:
    def interrupt(attempt: muxi.Attempt) -> None:
        raise KeyboardInterrupt

    with flaky(LONG) as (url, _), pytest.raises(KeyboardInterrupt):
        call("sync", url, on_retry=interrupt)


@pytest.mark.parametrize("what", ["health", "chat_stream"])
def test_a_retry_is_told_to_the_loop_before_its_wait(what: str) -> None:
    async def main(url: str) -> None:
        told = asyncio.Event()
        settings: Any = {"base_url": url, "max_retries": 2, **KEYS}
        async with muxi.AsyncFormationClient(**settings, on_retry=lambda attempt: told.set()) as client:

            async def ask() -> None:
                if what == "health":
                    await client.health()
                else:
                    await client.chat_stream({"message": "Hi"})

            task = asyncio.ensure_future(ask())
            await told.wait()
            assert not task.done()
            task.cancel()

    with flaky(LONG) as (url, _):
        asyncio.run(main(url))


@each_kind
@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError, SystemExit])
def test_an_exception_in_a_hook_is_logged_and_ends_nothing(
    kind: str, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(attempt: muxi.Attempt) -> None:
        raise error("no such dashboard")

    with flaky(BUSY, HEALTHY) as (url, _):
        call(kind, url, on_request=broken, on_response=broken, on_retry=broken)
    errors = [record for record in caplog.records if record.name == "muxi" and record.levelno == logging.ERROR]
    assert [record.getMessage().split()[0] for record in errors] == [
        "on_request", "on_response", "on_retry", "on_request", "on_response"
    ]  # fmt: skip
    assert "no such dashboard" in caplog.text


def test_a_hook_that_raises_takes_nothing_from_other_calls(local: LocalServer) -> None:
    seen: list[str] = []

    def broken(attempt: muxi.Attempt) -> None:
        seen.append("request")
        if len(seen) == 1:
            raise asyncio.CancelledError

    async def main() -> None:
        async with local.async_formation(on_request=broken, on_response=lambda _: seen.append("response")) as client:
            await asyncio.gather(*(client.health() for _ in range(50)))

    asyncio.run(main())
    assert (seen.count("request"), seen.count("response")) == (50, 50)


def test_a_hook_may_not_block_the_client_it_belongs_to(caplog: pytest.LogCaptureFixture) -> None:
    clients: list[muxi.FormationClient] = []
    with flaky(HEALTHY) as (url, _):
        client = muxi.FormationClient(base_url=url, on_request=lambda attempt: clients[0].health(), **KEYS)
        clients.append(client)
        assert client.health()["status"] == "healthy"
        client.close()
    assert "use the async client" in caplog.text


def test_ctrl_c_in_a_hook_ends_the_call() -> None:
    def interrupted(attempt: muxi.Attempt) -> None:
        raise KeyboardInterrupt

    def answer(request: Request) -> Iterator[bytes]:
        request.hung_up(60)
        yield b""

    with Wire(answer) as server, pytest.raises(KeyboardInterrupt):
        call("sync", f"{server.url}/v1", on_request=interrupted)


def test_a_hook_of_the_object_that_has_the_client_keeps_neither(local: LocalServer) -> None:
    class App:
        def __init__(self) -> None:
            self.seen: list[muxi.Attempt] = []
            self.client = local.formation(on_response=self.seen.append, on_request=self.note)

        def note(self, attempt: muxi.Attempt) -> None:
            self.seen.append(attempt)

    app = App()
    app.client.with_options(timeout=5).health()
    assert [attempt.status for attempt in app.seen] == [None, 200]
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("is_awaited", [False, True])
def test_the_hooks_of_a_stream_outlive_its_client(is_awaited: bool) -> None:
    seen: list[int | None] = []

    async def main(url: str) -> None:
        def hook(attempt: muxi.Attempt) -> None:
            seen.append(attempt.status)

        settings: Any = {"base_url": url, "max_retries": 1, **KEYS}
        stream = muxi.AsyncFormationClient(**settings, on_request=hook, on_response=hook).chat_stream("Hi")
        gc.collect()
        if is_awaited:
            await stream
        assert [event["event"] async for event in stream] == ["done"]

    with flaky(BUSY, STREAM) as (url, _):
        asyncio.run(main(url))
    assert seen == [None, 503, None, 200]


def test_an_open_stream_keeps_no_hooks() -> None:
    class App:
        def note(self, attempt: muxi.Attempt) -> None:
            pass

    async def main(url: str) -> None:
        app = App()
        client = muxi.AsyncFormationClient(base_url=url, on_request=app.note, **KEYS)
        gone = weakref.ref(app)
        stream = await client.chat_stream("Hi")
        del app, client
        gc.collect()
        assert gone() is None
        await stream.aclose()

    with flaky(STREAM) as (url, _):
        asyncio.run(main(url))


def test_a_hook_must_be_callable() -> None:
    for name in ("on_request", "on_response", "on_retry"):
        wrong: Any = {name: 5}
        with pytest.raises(TypeError, match=f"{name} must be callable, not int"):
            muxi.FormationClient(base_url="http://127.0.0.1:1/v1", **wrong)


class Awaited:
    async def __call__(self, *values: Any) -> None:
        pass

    async def each(self, *values: Any) -> AsyncIterator[None]:
        yield


@pytest.mark.parametrize("hook", [Awaited().__call__, Awaited(), functools.partial(Awaited().__call__), Awaited().each])
def test_a_hook_must_be_a_plain_function(hook: Any) -> None:
    for name in ("on_request", "on_response", "on_retry"):
        for cls in (muxi.FormationClient, muxi.AsyncFormationClient):
            with pytest.raises(TypeError, match=f"{name} must be a plain function, not an async one"):
                cls(base_url="http://127.0.0.1:1/v1", **{name: hook})
    with pytest.raises(TypeError, match="on_progress must be a plain function, not an async one"):
        muxi.Upload(b"", hook)


@each_kind
def test_the_level_of_the_logger_decides(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with flaky(*[HEALTHY] * 4) as (url, _):
        for level, lines in ((logging.INFO, 0), (logging.DEBUG, 1), (logging.INFO, 0)):
            caplog.clear()
            with caplog.at_level(level, logger="muxi"):
                call(kind, url)
            assert [record.levelno for record in caplog.records if record.name == "muxi"] == [logging.DEBUG] * lines
        # Also while a client lives.
        with muxi.FormationClient(base_url=url) as client, caplog.at_level(logging.DEBUG, logger="muxi"):
            client.health()
        assert "GET /v1/health -> 200" in caplog.text


@each_kind
def test_a_retry_is_a_warning(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with flaky(BUSY, HEALTHY) as (url, _):
        call(kind, url)
    (line,) = [record for record in caplog.records if record.name == "muxi"]
    assert line.levelno == logging.WARNING
    assert line.getMessage().startswith("GET /v1/health -> 503 SERVICE_UNAVAILABLE (0.")
    assert line.getMessage().endswith("attempt 1): trying again in 0.010 s")


def test_a_clients_own_logger_has_its_own_level(caplog: pytest.LogCaptureFixture) -> None:
    own = logging.getLogger("mine")
    with flaky(HEALTHY) as (url, _), caplog.at_level(logging.DEBUG, logger="mine"):
        call("sync", url, logger=own)
    assert [record.name for record in caplog.records] == ["mine"]


def test_a_program_without_logging_does_not_load_it(local: LocalServer) -> None:
    program = f"""
import sys
from muxi import FormationClient
FormationClient(base_url={local.formation().base_url!r}).health()
print([name for name in ("logging", "opentelemetry", "dataclasses") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


class Spans:
    """The spans of a test."""

    def __init__(self) -> None:
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self.exporter = InMemorySpanExporter()
        provider = trace.get_tracer_provider()
        if not isinstance(provider, TracerProvider):
            provider = TracerProvider()
            trace.set_tracer_provider(provider)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = trace.get_tracer("test")

    def made(self) -> list[Any]:
        made: list[Any] = list(self.exporter.get_finished_spans())
        return [span for span in made if span.instrumentation_scope.name == "muxi"]


@pytest.fixture
def spans() -> Spans:
    return Spans()


@each_kind
@pytest.mark.parametrize(("what", "name"), [("health", "GET /health"), ("chat_stream", "POST /chat")])
def test_a_call_is_a_span_by_the_conventions(kind: str, what: str, name: str, spans: Spans) -> None:
    with flaky(HEALTHY if what == "health" else STREAM) as (url, requests), spans.tracer.start_as_current_span("outer"):
        call(kind, url, what)
    (span,) = spans.made()
    port = int(url.split(":")[2].split("/")[0])
    assert (span.name, span.kind.name, span.status.status_code.name) == (name, "CLIENT", "UNSET")
    assert dict(span.attributes) == {
        "http.request.method": name.split()[0],
        "url.template": name.split()[1],
        "muxi.operation": what,
        "server.address": "127.0.0.1",
        "server.port": port,
        "http.response.status_code": 200,
    }
    trace, parent = f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"
    assert (requests[0].header("traceparent") or "").startswith(f"00-{trace}-{parent}-")
    assert span.parent is not None


@each_kind
@pytest.mark.parametrize("what", ["health", "chat_stream"])
def test_a_failed_call_is_a_failed_span(kind: str, what: str, spans: Spans) -> None:
    with flaky(BUSY, BUSY) as (url, _), pytest.raises(muxi.ServerError):
        call(kind, url, what, max_retries=1)
    (span,) = spans.made()
    assert span.status.status_code.name == "ERROR"
    assert span.attributes["error.type"] == "SERVICE_UNAVAILABLE"
    assert span.attributes["http.response.status_code"] == 503
    assert span.attributes["http.request.resend_count"] == 1
    shown = span.to_json()
    assert not any(secret in shown for secret in ("fmc_key", "fma_key", "the body"))


@each_kind
def test_telemetry_can_be_turned_off(kind: str, spans: Spans) -> None:
    with flaky(HEALTHY) as (url, requests):
        call(kind, url, telemetry=False)
    assert spans.made() == []
    assert requests[0].header("traceparent") is None
    wrong: Any = {"telemetry": "no"}
    with pytest.raises(TypeError, match="telemetry must be a bool"):
        muxi.FormationClient(base_url="http://127.0.0.1:1/v1", **wrong)


def test_raw_replies_and_own_routes_have_spans(spans: Spans) -> None:
    with flaky(HEALTHY, HEALTHY) as (url, _), muxi.FormationClient(base_url=url, **KEYS) as client:
        assert client.with_raw_response.health().status_code == 200
        client.request("get", "/health", headers={"traceparent": "mine"})
    assert [span.name for span in spans.made()] == ["GET /health", "GET"]


@each_kind
@pytest.mark.parametrize("what", ["health", "chat_stream"])
@pytest.mark.parametrize("place", ["client", "options", "call", "wait"])
def test_a_traceparent_of_the_program_counts(kind: str, what: str, place: str, spans: Spans) -> None:
    mine = {"Traceparent": "00-mine"}
    if place == "wait" and what != "health":
        return

    async def main(url: str) -> None:
        settings: Any = {"base_url": url, **KEYS, **({"headers": mine} if place in ("client", "wait") else {})}
        client: Any = (muxi.FormationClient if kind == "sync" else muxi.AsyncFormationClient)(**settings)
        client = client.with_options(headers=mine) if place == "options" else client
        method = client.wait_until_healthy if place == "wait" else getattr(client, what)
        more: Any = {"headers": mine} if place == "call" else {}
        done = method(**more) if what == "health" else method("Hi", **more)
        if kind != "sync":
            await done
        client.close()

    with flaky(HEALTHY if what == "health" else STREAM) as (url, requests):
        asyncio.run(main(url))
    assert [value for name, value in requests[0].headers if name.lower() == "traceparent"] == ["00-mine"]
    assert len(spans.made()) == 1


BROKEN = {
    "blocked": "for name in ('opentelemetry', 'opentelemetry.trace'): sys.modules[name] = None",
    "a stub": "sys.modules['opentelemetry'] = sys.modules['opentelemetry.trace'] = types.ModuleType('opentelemetry')",
    "raising": """
import opentelemetry.trace
class Provider(opentelemetry.trace.TracerProvider):
    def get_tracer(self, *values, **more): raise KeyError("no tracer")
opentelemetry.trace.set_tracer_provider(Provider())""",
    "raising at its end": """
import opentelemetry.trace
class Span(opentelemetry.trace.NonRecordingSpan):
    def end(self, *values): raise KeyError("no end")
class Tracer(opentelemetry.trace.NoOpTracer):
    def start_span(self, *values, **more): return Span(opentelemetry.trace.INVALID_SPAN_CONTEXT)
class Provider(opentelemetry.trace.TracerProvider):
    def get_tracer(self, *values, **more): return Tracer()
opentelemetry.trace.set_tracer_provider(Provider())""",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_telemetry_fails_no_call(broken: str) -> None:
    program = f"""
import asyncio, sys, types
{BROKEN[broken]}
import muxi

settings = {{"base_url": sys.argv[1], "client_key": "k", "admin_key": "k"}}
client = muxi.FormationClient(**settings)
print(client.health()["status"], client.with_raw_response.health().status_code)
print([event["event"] for event in client.chat_stream("Hi")])
try:
    client.get_agents()
except muxi.ServerError as error:
    print(error.code)


async def main():
    async with muxi.AsyncFormationClient(**settings) as client:
        print((await client.health())["status"], [event["event"] async for event in client.chat_stream("Hi")])


asyncio.run(main())
"""
    with flaky(HEALTHY, HEALTHY, STREAM, BUSY, HEALTHY, STREAM) as (url, _):
        done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True)
    expected = "healthy 200\n['done']\nSERVICE_UNAVAILABLE\nhealthy ['done']\n"
    assert (done.returncode, done.stdout) == (0, expected), done.stderr
    assert done.stderr.count("OpenTelemetry failed: calls go on without it") == 1


def test_the_interpreter_ends_after_a_hook_of_a_daemon_thread() -> None:
    program = """
import sys, threading, time
import muxi

entered = threading.Event()


def hook(attempt):
    entered.set()
    time.sleep(0.5)


client = muxi.FormationClient(base_url=sys.argv[1], on_request=hook)
threading.Thread(target=client.health, daemon=True).start()
entered.wait()
"""
    with flaky(HEALTHY) as (url, _):
        done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
