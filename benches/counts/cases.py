"""The hot paths of the Python package, to be run under an instruction counter: ``cases.py URL CASE N``."""

import asyncio
import gc
import os
import sys

import muxi

FORMATION = {"formation_id": "f", "client_key": "ck_bench"}


def body(n: int) -> dict[str, object]:
    """The request for a stream of `n` events from the benchmark's server."""
    return {"message": "hi", "n": n, "mode": "fast"}


def get(url: str, n: int) -> None:
    client = muxi.FormationClient(server_url=url, **FORMATION)
    for _ in range(n):
        client.health()


def signed(url: str, n: int) -> None:
    client = muxi.ServerClient(url=url, key_id="key_bench", secret_key="sk_bench_0123456789abcdef")
    for _ in range(n):
        client.status()


def row(url: str, n: int) -> None:
    client = muxi.FormationClient(server_url=url, **FORMATION)
    assert len(client.get_sessions("u", limit=n)["sessions"]) == n


def sse(url: str, n: int) -> None:
    client = muxi.FormationClient(server_url=url, **FORMATION)
    assert sum(1 for _ in client.chat_stream(body(n), user_id="u")) == n + 1


async def aget(url: str, n: int) -> None:
    client = muxi.AsyncFormationClient(server_url=url, **FORMATION)
    for _ in range(n):
        await client.health()


async def asse(url: str, n: int) -> None:
    client = muxi.AsyncFormationClient(server_url=url, **FORMATION)
    got = 0
    async for _ in client.chat_stream(body(n), user_id="u"):
        got += 1
    assert got == n + 1


def main() -> None:
    url, case, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
    # A collection costs as many steps as the interpreter has objects, and falls into one run of a pair or the other.
    gc.disable()
    work = {"get": get, "signed": signed, "row": row, "sse": sse, "aget": aget, "asse": asse}[case](url, n)
    if work is not None:
        asyncio.run(work)
    # The interpreter's way down is no part of any case.
    os._exit(0)


if __name__ == "__main__":
    main()
