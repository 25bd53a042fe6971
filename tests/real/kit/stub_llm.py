#!/usr/bin/env python3
"""OpenAI-compatible stand-in for the LLM provider (standard library only): stub_llm.py PORT LOG.

Under /v1: chat/completions (JSON and SSE), embeddings, models, audio/transcriptions.
For tests: POST /sign signs bytes with the key of a distillery (this one needs `cryptography`). GET
/calls?match=TEXT counts the model calls that have TEXT in the prompt, and how many of them
worded a final answer; POST /webhooks records what the runtime posts there, GET /webhooks lists it.
Every model call is logged to LOG as a line of JSON.
Steering marks in a chat message, such as [[slow:3]], are listed in README.md.
"""

import base64
import hashlib
import json
import math
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SOUL = "You are a helpful, professional assistant."  # of formation.afs: opens every call that words the final answer
DIMENSIONS = {"e5": 384, "nomic": 768}
lock = threading.Lock()
webhooks = []


# --- what the user wrote -------------------------------------------------------------------------


def text_of(message):
    content = message.get("content") or ""
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content


def last_user(messages):
    users = [m for m in messages if m.get("role") == "user"]
    return text_of((users or messages or [{}])[-1])


def is_final(body):
    return any(text_of(m).startswith(SOUL) for m in body.get("messages", [])[:1])


def request_in(prompt):
    """The user's current words in one of the runtime's prompts; marks of earlier turns must not stick."""
    for lead in ('The user said: "', "=== CURRENT REQUEST ===", "User request:", "Analyze this request:", "Request:"):
        if lead in prompt:
            prompt = prompt.split(lead)[-1]
            break
    return re.split(r'\n===|\n## |\nAgent response:|"\n', prompt)[0].removeprefix("\nUser:").strip()


def mark(name, request):
    found = re.search(rf"\[\[{name}(?::([\w.]+))?\]\]", request)
    return found and (found.group(1) or True)


# --- what the model answers ----------------------------------------------------------------------

TOOLS = {
    "add": ("toolbox__add", {"a": 2, "b": 3}),
    "card": ("toolbox__card", {}),
    "link": ("toolbox__link", {}),
    "file": ("generate_file", {"filename": "hello.txt", "code": "open('hello.txt','w').write('hi there')"}),
}


def answer(body):
    """The text of the completion; JSON where the runtime's prompt asks for JSON."""
    messages = body.get("messages", [])
    prompt = "\n".join(map(text_of, messages))
    user = last_user(messages)
    request = request_in(user)
    schema = (body.get("response_format") or {}).get("json_schema")
    if schema and '"complexity_score"' not in prompt:
        return json.dumps(from_schema(schema.get("schema", {}), request))
    reply = scripted(prompt, user, request)
    if reply is not None:
        return reply if isinstance(reply, str) else json.dumps(reply)
    words = mark("long", request)
    if words:
        return " ".join(f"word{i}" for i in range(int(words)))
    return "Stub answer to: " + re.sub(r"\s+", " ", request)[:160]


def scripted(prompt, user, request):
    """Replies to the runtime's own prompts, known by a phrase in them; None for everything else."""
    low = prompt.lower()
    if "you are a planning assistant" in low[:200]:
        tool, parameters = TOOLS.get(mark("tool", request), (None, None))
        step = {"action": "use a tool", "tool_name": tool, "parameters": parameters, "output_placeholder": "{{RESULT}}"}
        return {"steps": [], "my_steps": [step] if tool else [], "delegate_steps": [], "data_flow": "none"}
    if "enhances user messages for clarity" in low:
        return request
    if "reformat the agent's response to match your persona" in low:
        return user.partition("Agent response: ")[2].strip() or "ok"
    if "determine if clarification is needed" in low:
        unasked = "which region" not in low.split("=== current request")[0]
        if mark("clarify", request) and unasked:
            return {
                "needs_clarification": True,
                "reason": "ambiguous",
                "mode": "direct",
                "question": "Which region? Options: US, EU",
                "confidence": 0.95,
                "mcp_service": None,
            }
        return {
            "needs_clarification": False,
            "reason": "clear",
            "mode": "direct",
            "question": None,
            "confidence": 0.95,
            "mcp_service": None,
        }
    if '"complexity_score"' in low:
        return {
            "is_security_threat": False,
            "threat_type": None,
            "complexity_score": 2,
            "implicit_subtasks": [],
            "required_capabilities": ["general"],
            "acceptance_criteria": ["answered"],
            "confidence_score": 0.95,
            "is_scheduling_request": False,
            "is_scheduler_query_request": False,
            "is_explicit_approval_request": False,
            "explicit_sop_request": None,
            "topics": ["general"],
            "reasoning": "stub",
        }
    if '"extracted_info"' in low:
        return {"extracted_info": []}
    if "extract a knowledge graph" in low:
        return {"entities": [], "relationships": []}
    return None


def from_schema(schema, text):
    """The simplest value that fits a JSON schema."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return from_schema(schema["anyOf"][0], text)
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return {name: from_schema(value, text) for name, value in schema.get("properties", {}).items()}
    return {"array": [], "number": 1, "integer": 1, "boolean": False, "null": None}.get(kind, text[:80])


def vector(text, size):
    """A bag of words and trigrams, hashed: texts that share words are near each other."""
    text = re.sub(
        r"\[\[.*?\]\]", " please write a detailed report and explain the results ", text
    )  # a task, not small talk
    values = [0.0] * size
    for word in re.findall(r"[a-z0-9']+", text.lower()):
        for piece in [word] + [word[i : i + 3] for i in range(max(1, len(word) - 2))]:
            bits = int.from_bytes(hashlib.md5(piece.encode()).digest()[:8], "big")
            values[bits % size] += 1.0 if bits >> 60 & 1 else -1.0
    norm = math.sqrt(sum(v * v for v in values))
    return [v / norm for v in values] if norm else [1.0, *values[1:]]


def signed(data):
    """The Ed25519 signature of the bytes, and the key to check it with."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"distillery").digest())
    parts = key.public_key().public_bytes_raw(), key.sign(data)
    public, signature = (base64.b64encode(raw).decode() for raw in parts)
    return {"public_key": "ed25519:" + public, "signature": signature}


# --- HTTP ----------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status, value, **headers):
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(text))
        self.end_headers()
        self.wfile.write(data)

    def record(self, body, output):
        with lock, open(LOG, "a") as log:
            entry = {"time": time.time(), "path": self.path, "final": is_final(body), "body": body, "output": output}
            print(json.dumps(entry), file=log)

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/v1/models":
            names = ("gpt-4o", "gpt-4o-mini", "text-embedding-3-small", "whisper-1")
            self.send(
                200,
                {
                    "object": "list",
                    "data": [{"id": n, "object": "model", "created": 1, "owned_by": "stub"} for n in names],
                },
            )
        elif url.path == "/calls":
            text = json.dumps(parse_qs(url.query).get("match", [""])[0])[1:-1]
            with lock, open(LOG, "a+") as log:
                log.seek(0)
                found = [json.loads(line) for line in log if text in line]
            self.send(200, {"count": len(found), "final": sum(call["final"] for call in found)})
        elif url.path == "/webhooks":
            self.send(200, webhooks)
        else:
            self.send(404, {"error": {"message": "no such route: " + url.path}})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/webhooks":
            webhooks.append({"headers": dict(self.headers), "body": raw.decode()})
            self.send(200, {"ok": True})
        elif self.path == "/sign":
            self.send(200, signed(raw))
        elif self.path == "/v1/audio/transcriptions":
            self.record({"bytes": len(raw)}, "transcript")
            self.send(200, {"text": "hello from the voice note", "language": "en", "duration": 1.0, "segments": []})
        elif self.path == "/v1/embeddings":
            self.embeddings(json.loads(raw))
        elif self.path == "/v1/chat/completions":
            self.chat(json.loads(raw))
        else:
            self.send(404, {"error": {"message": "no such route: " + self.path}})

    def embeddings(self, body):
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        size = int(body.get("dimensions") or DIMENSIONS.get(body.get("model"), 1536))
        data = [{"object": "embedding", "index": i, "embedding": vector(str(t), size)} for i, t in enumerate(texts)]
        self.send(
            200,
            {
                "object": "list",
                "model": body.get("model"),
                "data": data,
                "usage": {"prompt_tokens": 1, "total_tokens": 1},
            },
        )

    def chat(self, body):
        messages = body.get("messages", [])
        request = request_in(last_user(messages))
        status = mark("fail", request)
        if status:
            self.record(body, "failed " + status)
            headers = {"Retry_After": 7} if status == "429" else {}
            return self.send(
                int(status), {"error": {"message": "stub failure", "type": "server_error", "code": "stub"}}, **headers
            )
        text = answer(body)
        self.record(body, text)
        seconds = float(mark("slow", request) or 0) if is_final(body) else 0.0
        usage = {
            "prompt_tokens": sum(len(text_of(m)) for m in messages) // 4 + 1,
            "completion_tokens": len(text) // 4 + 1,
        }
        usage["total_tokens"] = sum(usage.values())
        common = {"id": "chatcmpl-stub", "created": int(time.time()), "model": body.get("model")}
        try:
            if body.get("stream"):
                self.stream(common, text, seconds, usage)
            else:
                time.sleep(seconds)
                message = {"role": "assistant", "content": text}
                self.send(
                    200,
                    {
                        **common,
                        "object": "chat.completion",
                        "usage": usage,
                        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    },
                )
        except ConnectionError:
            self.record({"model": body.get("model")}, "client went away")

    def stream(self, common, text, seconds, usage):
        def event(delta, finish=None, **extra):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            chunk = {**common, "object": "chat.completion.chunk", "choices": [choice], **extra}
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        event({"role": "assistant", "content": ""})
        pieces = re.findall(r"\S+\s*", text)
        for piece in pieces:
            time.sleep(seconds / len(pieces))
            event({"content": piece})
        event({}, "stop", usage=usage)
        self.wfile.write(b"data: [DONE]\n\n")


if __name__ == "__main__":
    LOG = sys.argv[2]
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
