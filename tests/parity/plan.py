"""The plan of the comparison: every official operation with arguments, and the replies that both packages get."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

# The driver puts here what its own package takes as a bundle: a dict (official), the bytes of a .tar.gz file (ours).
BUNDLE = {"$": "bundle"}


@dataclass
class Op:
    """An operation: what is always given, and what may be given."""

    name: str
    args: list[Any] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    data: Any = None
    """The data of a good reply, where any object will not do."""

    @property
    def streams(self) -> bool:
        return self.name.endswith("_stream") or self.name.startswith("stream_")


def _server() -> list[Op]:
    bundle = ["demo-b", BUNDLE]
    lifecycle = ["stop", "start", "restart", "rollback", "delete"]
    return [
        *(Op(name) for name in ("ping", "health", "status", "list_formations")),
        Op("get_formation", ["demo-b"]),
        *(Op(f"{verb}_formation", ["demo-b"]) for verb in lifecycle),
        Op("cancel_update", ["demo-b"]),
        Op("deploy_formation", bundle),
        Op("update_formation", bundle),
        Op("get_formation_logs", ["demo-b"], {"limit": 5}),
        Op("get_server_logs", [], {"limit": 5}),
        Op("deploy_formation_stream", bundle),
        Op("update_formation_stream", bundle),
        *(Op(f"{verb}_formation_stream", ["demo-b"]) for verb in lifecycle[1:4]),
        Op("stream_formation_logs", ["demo-b"]),
    ]


def _formation() -> list[Op]:
    message = {"message": "hello", "session_id": "s-1", "request_id": "r-1"}
    job = {"message": "m", "schedule": "0 9 * * *", "title": "t"}
    user = {"user_id": "ada"}
    plain = "health get_status get_config get_formation_info get_agents get_mcp_servers get_mcp_tools get_secrets"
    plain += " get_memory_config clear_all_buffers get_buffer_stats get_scheduler_config get_async_config"
    plain += " get_a2a_config get_logging_config get_logging_destinations list_credential_services"
    plain += " get_overlord_config get_overlord_soul get_llm_settings get_triggers get_sops get_audit_log"
    plain += " clear_audit_log"
    return [
        *(Op(name) for name in plain.split()),
        Op("get_agent", ["helper"]),
        Op("get_mcp_server", ["files"]),
        Op("get_secret", ["KEY"], data={"secrets": {"KEY": "sk-…"}, "count": 1}),
        Op("set_secret", ["KEY", "value"]),
        Op("delete_secret", ["KEY"]),
        Op("chat", [message], user),
        Op("chat_stream", [message], user),
        Op("audio_chat", [message], user),
        Op("audio_chat_stream", [message], user),
        Op("get_sessions", ["ada"], {"limit": 5}),
        Op("get_session", ["s-1", "ada"]),
        Op("get_session_messages", ["s-1", "ada"]),
        Op("restore_session", ["s-1", "ada", [{"role": "user", "content": "hi"}]]),
        Op("get_requests", ["ada"]),
        Op("get_request_status", ["r-1", "ada"]),
        Op("cancel_request", ["r-1", "ada"]),
        Op("get_memories", ["ada"], {"limit": 5}),
        Op("add_memory", ["ada", "fact", "likes tea"]),
        Op("delete_memory", ["ada", "m-1"]),
        Op("get_user_buffer", ["ada"]),
        Op("clear_user_buffer", ["ada"]),
        Op("clear_session_buffer", ["ada", "s-1"]),
        Op("get_scheduler_jobs", ["ada"]),
        Op("get_scheduler_job", ["j-1"]),
        Op("create_scheduler_job", ["recurring", "0 9 * * *", "do it", "ada"]),
        Op("delete_scheduler_job", ["j-1"]),
        Op("update_scheduler_job", ["j-1"], job),
        Op("pause_scheduler_job", ["j-1"]),
        Op("resume_scheduler_job", ["j-1"]),
        Op("list_credentials", ["ada"]),
        Op("get_credential", ["c-1", "ada"]),
        Op("create_credential", ["ada", {"service": "github", "credential": {"token": "t"}}]),
        Op("delete_credential", ["c-1", "ada"]),
        Op("get_user_identifiers_for_user", ["u-1"]),
        Op("link_user_identifier", ["u-1", ["ada@example.com"]]),
        Op("unlink_user_identifier", ["ada@example.com"]),
        Op("get_trigger", ["report"]),
        Op("fire_trigger", ["report", {"day": "today"}], {"async_mode": True, **user}),
        Op("get_sop", ["review"]),
        Op("stream_events", ["ada"]),
        Op("stream_request", ["ada", "s-1", "r-1"]),
        Op("stream_logs", [{"level": "info"}]),
        Op("resolve_user", ["ada@example.com"], {"create_user": True}),
    ]


OPERATIONS = {"server": _server(), "formation": _formation()}


def reply(status: int, body: Any, *headers: str, kind: str = "application/json", cut: bool = False) -> list[str]:
    """The pieces of a reply: all after the status line ends with the connection."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    length = [] if kind == "text/event-stream" else [f"content-length: {len(text.encode()) + 10 * cut}"]
    head = [f"HTTP/1.1 {status} X", f"content-type: {kind}", "connection: close", *length, *headers]
    return ["\r\n".join([*head, "", ""]), text]


def stream(*events: str) -> list[str]:
    head, _ = reply(200, "", kind="text/event-stream")
    return [head, *events]


def failure(code: str, message: str, details: Any = None) -> dict[str, Any]:
    """The formation's envelope of an error."""
    error = {"code": code, "message": message, "trace": None, "data": details}
    request = {"id": "req-9", "idempotency_key": "key-9"}
    return {"object": "error", "timestamp": 1790000000000, "success": False, "data": None, "error": error} | {
        "request": request
    }


def success(data: Any) -> dict[str, Any]:
    request = {"id": "req-9", "idempotency_key": "key-9"}
    return {"object": "thing", "timestamp": 1790000000000, "success": True, "error": None, "request": request} | {
        "data": data
    }


SOME = {"name": "value", "items": [1, 2.5, None]}
REDIRECT = "location: http://127.0.0.1:1/elsewhere"
UNAUTHORIZED = {"code": 401, "error": "Unauthorized", "message": "Invalid signature"}

# Scenario -> the replies, one for each request; the last one again for further requests. None: the operation's own.
REPLIES: dict[str, list[list[str]] | None] = {
    "ok": None,
    "ok-bare": [reply(200, {"message": "bare", "status": "running"})],
    "ok-list": [reply(200, success([1, 2]))],
    "ok-null-data": [reply(200, success(None))],
    "ok-own-request-id": [reply(200, success({"request_id": None, "timestamp": 5}))],
    "ok-empty": [reply(200, "")],
    "ok-text": [reply(200, "a line\nanother", kind="text/plain")],
    "success-false": [reply(200, failure("FAILED", "it did not work"))],
    "redirect": [reply(307, "", REDIRECT)],
    "400": [reply(400, failure("BAD", "no good"))],
    "401-server": [reply(401, UNAUTHORIZED)],
    "403": [reply(403, failure("FORBIDDEN", "not for you"))],
    "404": [reply(404, failure("AGENT_NOT_FOUND", "Agent not found"))],
    "405-empty": [reply(405, "")],
    "409": [reply(409, failure("SECRET_IN_USE", "in use"))],
    "413": [reply(413, failure("TOO_LARGE", "too large"))],
    "422": [reply(422, failure("VALIDATION_ERROR", "bad field", {"errors": [{"loc": ["body", "x"]}]}))],
    "429": [reply(429, failure("RATE_LIMITED", "slow down"), "retry-after: 2")],
    "429-fraction": [reply(429, failure("RATE_LIMITED", "slow down"), "retry-after: 1.5")],
    "500": [reply(500, failure("INTERNAL_ERROR", "it broke"))],
    "500-html": [reply(500, "<html><h1>Bad</h1></html>", kind="text/html")],
    "503-list": [reply(503, ["not", "an", "object"])],
    "cut": [reply(200, '{"data": ', cut=True)],
    "no-reply": [[]],
}

# The last event of a stream: of a chat turn or of a lifecycle operation.
END = "<end>"
DONE = "event: done\ndata: {}\n\n"
COMPLETE = 'event: complete\ndata: {"status":"running"}\n\n'
TOKEN = 'data: {"token":{"type":"content","content":"Hi"}}\n\n'
STREAMS: dict[str, list[list[str]]] = {
    "sse-done": [stream(TOKEN, ": keepalive\n\n", END)],
    "sse-after-end": [stream(TOKEN, END, TOKEN)],
    "sse-error": [stream(TOKEN, 'event: error\ndata: {"error":"it broke","type":"RuntimeError"}\n\n')],
    "sse-server-error": [stream(TOKEN, 'event: error\ndata: {"error":"NotFound","message":"none","stage":"s"}\n\n')],
    "sse-ends-early": [stream(TOKEN)],
    "sse-half-event": [stream(TOKEN, 'data: {"token":{"ty')],
    "sse-line-separator": [stream('data: {"token":"a\u2028b"}\n\n', END)],
    "sse-byte-order-mark": [stream("\ufeffdata: one\n\n", END)],
    "sse-401-server": [reply(401, UNAUTHORIZED)],
    "sse-404": [reply(404, failure("NOT_FOUND", "no such thing"))],
    "sse-500-html": [reply(500, "<html></html>", kind="text/html")],
    "sse-429": [reply(429, failure("RATE_LIMITED", "slow down"), "retry-after: 2")],
    "sse-redirect": [reply(307, "", REDIRECT)],
    "sse-no-reply": [[]],
}


def scripted(op: Op, scenario: str) -> list[list[str]]:
    if op.streams:
        end = COMPLETE if "formation_stream" in op.name else DONE
        return [[piece.replace(END, end) for piece in pieces] for pieces in STREAMS[scenario]]
    replies = REPLIES[scenario]
    if replies is not None:
        return replies
    return [reply(200, "pong", kind="text/plain")] if op.name == "ping" else [reply(200, success(op.data or SOME))]


ODD = "a b/../ü?x=1#y"


def odd_arguments(op: Op) -> list[Any] | None:
    """The arguments with an odd path value in the place of each id."""
    ids = {"demo-b", "helper", "files", "KEY", "s-1", "r-1", "m-1", "j-1", "c-1", "u-1", "report", "review"}
    ids |= {"ada@example.com"} if op.name == "unlink_user_identifier" else set()
    if (
        op.name != "link_user_identifier"
        and BUNDLE not in op.args
        and any(isinstance(arg, str) and arg in ids for arg in op.args)
    ):
        return [ODD if isinstance(arg, str) and arg in ids else arg for arg in op.args]
    return None


def calls() -> list[dict[str, Any]]:
    """Every call to be made, for one face; both packages and both faces make the same."""
    made = []
    for area, ops in OPERATIONS.items():
        for op in ops:
            first = "sse-done" if op.streams else "ok"
            common = {"area": area, "op": op.name, "streams": op.streams}
            for scenario in STREAMS if op.streams else REPLIES:
                made.append(
                    common | {"about": scenario, "args": op.args, "kwargs": {}, "replies": scripted(op, scenario)}
                )
            if op.more:
                made.append(
                    common | {"about": "full", "args": op.args, "kwargs": op.more, "replies": scripted(op, first)}
                )
            if odd := odd_arguments(op):
                made.append(common | {"about": "odd-id", "args": odd, "kwargs": {}, "replies": scripted(op, first)})
                empty = ["" if arg == ODD else arg for arg in odd]
                made.append(common | {"about": "empty-id", "args": empty, "kwargs": {}, "replies": scripted(op, first)})
    return made
