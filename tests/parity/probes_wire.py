"""Probes of what happens on the wire beside single calls: failures, retries, streams."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import socket
from functools import partial
from typing import Any

import muxi

from parity import plan
from parity.probes import Lab, attempt, elapsed, probe

OK = plan.reply(200, plan.success(plan.SOME))


def refused() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def caught(function: Any) -> Any:
    try:
        return function()
    except Exception as error:
        names = ("code", "status_code")
        return [
            type(error).__name__,
            isinstance(error, muxi.errors.MuxiError),
            *(getattr(error, name, "-") for name in names),
        ]


@probe("connection:refused")
def _(lab: Lab) -> Any:
    return caught(lab.formation(base_url=refused()).health)


@probe("connection:refused-stream")
def _(lab: Lab) -> Any:
    return caught(lambda: list(lab.formation(base_url=refused()).chat_stream({"message": "m"})))


@probe("connection:timeout")
def _(lab: Lab) -> Any:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        return caught(lab.formation(base_url=url, timeout=0.2).health)


@probe("user:non-ascii")
def _(lab: Lab) -> Any:
    return attempt(lambda: lab.formation().get_session("s", "zoë"))


@probe("user:empty")
def _(lab: Lab) -> Any:
    client = lab.formation()
    calls = [
        partial(client.get_sessions, ""),
        partial(client.add_memory, "", "fact", "x"),
        partial(client.get_requests, ""),
    ]
    return [bool(attempt(call)) if isinstance(attempt(call), dict) else attempt(call) for call in calls]


@probe("user:none")
def _(lab: Lab) -> Any:
    nobody: Any = None
    attempt(lambda: lab.formation().chat({"message": "m"}, user_id=nobody))
    return [request.header("x-muxi-user-id") for request in lab.recorder.seen]


@probe("arguments:int-id")
def _(lab: Lab) -> Any:
    id: Any = 7
    attempt(lambda: lab.formation().get_scheduler_job(id))
    return [request.path for request in lab.recorder.seen]


@probe("arguments:int-user")
def _(lab: Lab) -> Any:
    user: Any = 7
    return attempt(lambda: bool(lab.formation().get_sessions(user)))


@probe("arguments:limit-as-text")
def _(lab: Lab) -> Any:
    limit: Any = "5"
    attempt(lambda: lab.formation().get_sessions("ada", limit))
    return ["limit=5" in request.query for request in lab.recorder.seen]


@probe("arguments:none-value")
def _(lab: Lab) -> Any:
    value: Any = None
    attempt(lambda: lab.formation().set_secret("KEY", value))
    return [request.body.decode().replace(" ", "") for request in lab.recorder.seen]


@probe("arguments:payload-none")
def _(lab: Lab) -> Any:
    payload: Any = None
    return attempt(lambda: bool(lab.formation().chat_stream(payload)))


@probe("logs:no-filter")
def _(lab: Lab) -> Any:
    lab.script(plan.stream(plan.TOKEN))
    return attempt(lambda: len(list(lab.formation().stream_logs())))


@probe("logs:filter-none")
def _(lab: Lab) -> Any:
    lab.script(plan.stream(plan.TOKEN))
    attempt(lambda: list(lab.formation().stream_logs({"level": "info", "user_id": None, "agent_id": "a b"})))
    return [sorted(request.query.replace("%20", "+").split("&")) for request in lab.recorder.seen]


@probe("user:line-break")
def _(lab: Lab) -> Any:
    return attempt(lambda: lab.formation().get_session("s", "a\r\nX-Admin: 1"))


def attempts(lab: Lab, status: int, *headers: str, operation: str = "health") -> int:
    lab.script(plan.reply(status, plan.failure("CODE", "m"), *headers), OK)
    attempt(getattr(lab.formation(max_retries=1), operation))
    return len(lab.recorder.take())


@probe("retry:none-by-default")
def _(lab: Lab) -> Any:
    lab.script(plan.reply(503, plan.failure("CODE", "m")), OK)
    return [attempt(lab.formation().health), len(lab.recorder.take())]


@probe("retry:statuses")
def _(lab: Lab) -> Any:
    return [attempts(lab, status) for status in (400, 401, 404, 409, 422, 429, 500, 501, 502, 503, 504)]


@probe("retry:408")
def _(lab: Lab) -> Any:
    return attempts(lab, 408)


@probe("retry:after")
def _(lab: Lab) -> Any:
    lab.script(plan.reply(503, plan.failure("CODE", "m"), "retry-after: 1"), OK)
    return elapsed(lab.formation(max_retries=1).health) > 0.95


@probe("retry:signature")
def _(lab: Lab) -> Any:
    lab.script(plan.reply(503, plan.failure("CODE", "m"), "retry-after: 1.2"), OK)
    attempt(lab.server(max_retries=1).status)
    return len({request.header("authorization") for request in lab.recorder.seen})


@probe("retry:idempotency-key")
def _(lab: Lab) -> Any:
    lab.script(plan.reply(503, plan.failure("CODE", "m")), OK)
    attempt(lab.formation(max_retries=1).get_config)
    keys = [request.header("x-muxi-idempotency-key") for request in lab.recorder.seen]
    return [len(keys), len(set(keys))]


@probe("retry:stream")
def _(lab: Lab) -> Any:
    lab.script(plan.reply(503, plan.failure("CODE", "m")), plan.stream(plan.TOKEN, plan.DONE))
    attempt(lambda: list(lab.formation(max_retries=1).chat_stream({"message": "m"})))
    return len(lab.recorder.take())


@probe("debug:lines")
def _(lab: Lab) -> Any:
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.levelname)

    logger = logging.Logger("own", logging.DEBUG)
    logger.addHandler(Keep())
    logging.disable(logging.NOTSET)
    try:
        lab.formation(debug=True, logger=logger).health()
        lab.server(debug=True, logger=logger).status()
    finally:
        logging.disable(logging.CRITICAL)
    return lines


@probe("json:numbers")
def _(lab: Lab) -> Any:
    lab.script(
        plan.reply(200, '{"data":{"big":123456789012345678901234567890,"f":0.1,"e":1e400,"text":"\\ud83d\\ude00é"}}')
    )
    return repr(lab.formation().get_config())


@probe("json:payload")
def _(lab: Lab) -> Any:
    odd = {"tuple": (1, 2), "text": "é\u2028😀\x00", "big": 10**30, "float": 1e100, "none": None, "deep": {"a": [{}]}}
    lab.formation().fire_trigger("t", {"data": odd, "use_async": False})
    return lab.recorder.take()[0]["body"]["data"]


@probe("json:payload-keys")
def _(lab: Lab) -> Any:
    payload: Any = {1: "int", None: "none", False: "false", 1.5: "float"}
    lab.formation().create_credential("ada", payload)
    return lab.recorder.take()[0]["body"]


@probe("json:payload-not-json")
def _(lab: Lab) -> Any:
    store = lab.formation().create_credential
    return [attempt(partial(store, "ada", {"x": bad})) for bad in (object(), {1}, b"")]


@probe("json:payload-nan")
def _(lab: Lab) -> Any:
    return attempt(lambda: lab.formation().create_credential("ada", {"x": float("nan")}))


@probe("json:payload-surrogate")
def _(lab: Lab) -> Any:
    return attempt(lambda: lab.formation().create_credential("ada", {"x": "\ud800"}))


@probe("chat:ids-made")
def _(lab: Lab) -> Any:
    """Without ids, and with the null that the official example of session persistence sends in its first turn."""
    made = []
    for payload in ({"message": "m"}, {"message": "m", "session_id": None}):
        lab.script()
        lab.formation().chat(payload)
        body = lab.recorder.take()[0]["body"]
        made.append([body.get("session_id") is not None, body.get("request_id") is not None])
    return made


@probe("chat:payload-untouched")
def _(lab: Lab) -> Any:
    payload = {"message": "m"}
    lab.formation().chat(payload)
    return payload


@probe("chat:own-stream-flag")
def _(lab: Lab) -> Any:
    lab.formation().chat({"message": "m", "stream": True, "session_id": "s", "request_id": "r"})
    return lab.recorder.take()[0]["body"].get("stream")


@probe("deploy:dict-payload")
def _(lab: Lab) -> Any:
    payload: Any = {"bundle": "none"}
    return attempt(lambda: lab.server().deploy_formation("demo-b", payload)["name"])


@probe("deploy:bundle_path")
def _(lab: Lab) -> Any:
    """As in the official documentation."""
    return attempt(lambda: lab.server().deploy_formation(bundle_path="no-such-file.tar.gz"))


def chat(lab: Lab, kind: str = "") -> Any:
    lab.script(plan.stream(plan.TOKEN, plan.DONE))
    return lab.formation(kind).chat_stream({"message": "m"})


@probe("stream:sends-at-the-call")
def _(lab: Lab) -> Any:
    stream = chat(lab)
    return [len(lab.recorder.seen), bool(stream)]


@probe("stream:is-a-generator")
def _(lab: Lab) -> Any:
    return inspect.isgenerator(chat(lab))


@probe("stream:next")
def _(lab: Lab) -> Any:
    stream = chat(lab)
    return [next(stream), list(stream), next(stream, "over")]


@probe("stream:close")
def _(lab: Lab) -> Any:
    stream = chat(lab)
    next(stream)
    return [stream.close(), next(stream, "over")]


@probe("stream:with")
def _(lab: Lab) -> Any:
    with chat(lab) as stream:
        return len(list(stream))


@probe("stream:async-for-without-await")
def _(lab: Lab) -> Any:
    async def read() -> int:
        return len([event async for event in chat(lab, "Async")])

    return asyncio.run(read())


@probe("stream:awaited-anext")
def _(lab: Lab) -> Any:
    async def read() -> Any:
        stream = await chat(lab, "Async")
        first = await stream.__anext__()
        await stream.aclose()
        return [first, [event async for event in stream]]

    return asyncio.run(read())


@probe("stream:event")
def _(lab: Lab) -> Any:
    event = next(iter(chat(lab)))
    return [isinstance(event, dict), event["event"], json.loads(event["data"]), event.get("id"), dict(event) == event]


@probe("stream:event-is-plain-dict")
def _(lab: Lab) -> Any:
    return type(next(iter(chat(lab)))) is dict
