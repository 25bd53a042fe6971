"""A TCP proxy that treats each connection badly, at random: delays, trickles, cuts, resets, silence.

``python tests/chaos/proxy.py PORT SEED`` relays to that port of 127.0.0.1, and prints its own port.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import sys
from dataclasses import dataclass

FORWARD = 65536


@dataclass
class Fate:
    """The treatment of one connection."""

    delay: float = 0.0
    """Seconds before each piece."""
    piece: int = FORWARD
    """Most bytes of a piece."""
    request_bytes: int | None = None
    """Bytes from the client after which the connection ends; for ever without."""
    answer_bytes: int | None = None
    """Bytes from the server after which the connection ends."""
    resets: bool = False
    """The connection ends by a reset, not in good order."""
    life: float | None = None
    """Seconds after which it ends, whatever it does."""
    is_silent: bool = False
    """Nothing is relayed; the client has to give up."""


def fate(choice: random.Random) -> Fate:
    """Choose what becomes of a connection."""
    resets = choice.random() < 0.5
    # As often within the first bytes as within the first hundred kilobytes.
    many = int(10 ** choice.uniform(0, 5))
    kind = choice.choices(
        ["well", "late", "trickle", "request", "answer", "life", "silent"], [40, 10, 10, 12, 18, 8, 2]
    )[0]
    if kind == "late":
        return Fate(delay=choice.uniform(0, 0.2))
    if kind == "trickle":
        return Fate(delay=0.001, piece=choice.randint(1, 200))
    if kind == "request":
        return Fate(request_bytes=many, resets=resets)
    if kind == "answer":
        return Fate(answer_bytes=many, resets=resets)
    if kind == "life":
        return Fate(life=choice.uniform(0, 2), resets=resets)
    return Fate(is_silent=kind == "silent")


class Connection:
    """A client's connection and the one to the server."""

    def __init__(self, choice: random.Random, server: int) -> None:
        self.fate = fate(choice)
        self.server = server

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay until the connection's fate, or either side, ends it."""
        try:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                await asyncio.wait_for(self._relay(reader, writer), self.fate.life)
        finally:
            if self.fate.resets:
                linger = struct.pack("ii", 1, 0)
                with contextlib.suppress(OSError):
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fate.is_silent:
            while await reader.read(FORWARD):
                pass
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.server)
        try:
            ways = [
                asyncio.create_task(self._pass(reader, back, self.fate.request_bytes)),
                asyncio.create_task(self._pass(there, writer, self.fate.answer_bytes)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            back.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> None:
        while data := await reader.read(self.fate.piece if most is None else min(self.fate.piece, most)):
            if self.fate.delay:
                await asyncio.sleep(self.fate.delay)
            writer.write(data)
            await writer.drain()
            if most is not None:
                most -= len(data)
                if not most:
                    return


async def main(server: int, seed: str) -> None:
    """Relay until the process is ended."""
    choice = random.Random(seed)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(choice, server).serve(reader, writer)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
