"""The costs of the local server: cold start, small requests, open streams.

    python local.py --command "PATH/muxi-local" [--command "python -m muxi.local"] [--markdown FILE]

Linux only: it pins, and reads processes' figures in /proc. One core is the server's alone, so that its processor time
for a request says how many one core can do, whatever this client's speed is.
"""

import argparse
import json
import os
import resource
import shlex
import socket
import statistics as st
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A local server of its own process, with what it printed about itself."""

    def __init__(self, command):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [*shlex.split(command), "--port", "0", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {0}),
        )
        self.about = json.loads(self.process.stdout.readline())
        self.port = int(self.about["url"].rsplit(":", 1)[1])
        self.base = f"/api/{self.about['formation_id']}/v1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def request(self, path, headers=""):
        return f"GET {self.base}{path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n".encode()

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_kb(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def answer(s):
    """Reads one reply with a content length, and checks that it is a good one."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = s.recv(65536)
        if not more:
            raise SystemExit("the server hung up")
        got += more
    head, body = got.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"unexpected: {head[:60]!r}")
    lengths = [h.split(b":")[1] for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")]
    while len(body) < int(lengths[0]):
        body += s.recv(65536)


def cold_start(command, times):
    """Milliseconds from starting the process to its first answer."""
    took = []
    for _ in range(times):
        with Server(command) as server, server.connect() as s:
            s.sendall(server.request("/health"))
            answer(s)
            took.append((time.perf_counter() - server.started) * 1000)
    return took


def small_requests(command, n):
    """Requests for each second of the server's processor time."""
    with Server(command) as server, server.connect() as s:
        request = server.request("/health")
        for _ in range(100):
            s.sendall(request)
            answer(s)
        before = server.cpu_s()
        for _ in range(n):
            s.sendall(request)
            answer(s)
        return n / max(server.cpu_s() - before, 1 / TICKS)


def open_streams(command, n):
    """KB of the server's memory for each open stream."""
    with Server(command) as server:
        headers = f"x-muxi-client-key: {server.about['client_key']}\r\nx-muxi-user-id: u\r\n"
        request = server.request("/events", headers)
        with server.connect() as s:
            s.sendall(server.request("/health"))
            answer(s)
        before, streams = server.rss_kb(), []
        for _ in range(n):
            s = server.connect()
            s.sendall(request)
            streams.append(s)
        for s in streams:
            head = s.recv(4096)
            if b"text/event-stream" not in head:
                raise SystemExit(f"no stream: {head[:200]!r}")
        used = (server.rss_kb() - before) / n
        for s in streams:
            s.close()
        return used


def in_process(times):
    """Milliseconds to start the server of `muxi.testing` in this process, and to stop it: the fixture's cost."""
    from muxi.testing import LocalServer

    took = []
    for _ in range(times + 1):
        begun = time.perf_counter()
        LocalServer().close()
        took.append((time.perf_counter() - begun) * 1000)
    return took[1:]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--command", action="append", required=True)
    p.add_argument("--reps", type=int, default=5)
    p.add_argument("--n", type=int, default=20000, help="small requests")
    p.add_argument("--streams", type=int, default=1000)
    p.add_argument("--markdown", help="also write the table to this file")
    a = p.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, {1})
    lines = [
        "| local server | start to first answer, ms | requests per core and second | KB per open stream |",
        "| --- | ---: | ---: | ---: |",
    ]
    for command in a.command:
        start = st.median(cold_start(command, a.reps * 2))
        rate = st.median([small_requests(command, a.n) for _ in range(a.reps)])
        streams = st.median([open_streams(command, a.streams) for _ in range(a.reps)])
        name = " ".join(os.path.basename(part) for part in shlex.split(command))
        lines.append(f"| `{name}` | {start:.1f} | {rate:,.0f} | {streams:.1f} |")
    lines += [
        "",
        f"A fresh server in a test's process (`muxi_server`), started and stopped: {st.median(in_process(50)):.1f} ms.",
    ]
    print("\n".join(lines))
    if a.markdown:
        with open(a.markdown, "w") as f:
            head = ["# Figures of the local server", "", "Written by `make bench-local`.", ""]
            f.write("\n".join(head + lines) + "\n")


if __name__ == "__main__":
    main()
