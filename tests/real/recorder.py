"""A relay that writes down what passes: every request with its reply, for `shapes.py` to compare.

Bytes go through as they are and a hang-up at either end is one at the other, so that the tests see no difference.
Traffic is read once a connection has closed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit

import h11


@dataclass
class Exchange:
    """One request and its reply. The body of a reply that was cut off is what came of it."""

    method: str
    path: str
    status: int
    content_type: str
    body: bytes
    whole: bool


def exchanges(asked: bytes, answered: bytes) -> Iterator[Exchange]:
    """Return the requests of one connection, with their replies."""
    listener, speaker = h11.Connection(h11.SERVER), h11.Connection(h11.CLIENT)
    listener.receive_data(asked)
    speaker.receive_data(answered)
    speaker.receive_data(b"")
    while isinstance(request := listener.next_event(), h11.Request):
        speaker.send(request)
        while isinstance(part := listener.next_event(), h11.Data):
            speaker.send(part)
        if not isinstance(part, h11.EndOfMessage):
            return
        speaker.send(part)
        head = speaker.next_event()
        if not isinstance(head, h11.Response):
            return
        body = bytearray()
        try:
            while isinstance(event := speaker.next_event(), h11.Data):
                body += event.data
            whole = isinstance(event, h11.EndOfMessage)
        except h11.RemoteProtocolError:
            whole = False
        kind = dict(head.headers).get(b"content-type", b"").decode()
        yield Exchange(request.method.decode(), request.target.decode(), head.status_code, kind, bytes(body), whole)
        if not whole or listener.our_state is not h11.SEND_RESPONSE:
            return
        listener.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
        listener.send(h11.EndOfMessage())
        if listener.states[h11.CLIENT] is not h11.DONE or speaker.states[h11.SERVER] is not h11.DONE:
            return
        listener.start_next_cycle()
        speaker.start_next_cycle()


class Recorder:
    """Relays to a URL while it is open; `talks` holds the bytes of every connection, both ways, that has closed."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._relays: set[asyncio.Task[None]] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self.talks: list[tuple[bytes, bytes]] = []
        self.url = ""

    def __enter__(self) -> Recorder:
        ready = threading.Event()

        async def serve() -> None:
            server = self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
            self.url = urlunsplit(self._target._replace(netloc=f"127.0.0.1:{server.sockets[0].getsockname()[1]}"))
            ready.set()

        def run() -> None:
            self._loop.create_task(serve())
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the relay did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        async def close() -> None:
            if self._server:
                self._server.close()
            for relay in list(self._relays):
                relay.cancel()
            await asyncio.gather(*self._relays, *self._pumps, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def exchanges(self) -> Iterator[Exchange]:
        """Return the traffic of the connections that have closed."""
        for asked, answered in self.talks:
            yield from exchanges(asked, answered)

    def _ended(self, pump: asyncio.Task[None]) -> None:
        self._pumps.discard(pump)
        if not pump.cancelled():
            pump.exception()  # An end that hung up: the relay has seen to it.

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.current_task()
        assert relay
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)
        asked, answered = bytearray(), bytearray()
        pumps: list[asyncio.Task[None]] = []
        ends = [writer]
        try:
            up, down = await asyncio.open_connection(self._target.hostname, self._target.port)
            ends.append(down)
            pumps = [asyncio.create_task(_pump(reader, down, asked)), asyncio.create_task(_pump(up, writer, answered))]
            for pump in pumps:
                self._pumps.add(pump)
                pump.add_done_callback(self._ended)
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if pumps[0].done() and not pumps[0].exception():
                down.close()
        except asyncio.CancelledError:
            pass  # The recorder closes.
        finally:
            # Nothing is awaited here, since closing the recorder may cancel a relay that is just ending.
            for pump in pumps:
                pump.cancel()
            for end in ends:
                end.close()
            self.talks.append((bytes(asked), bytes(answered)))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, kept: bytearray) -> None:
    while data := await source.read(1 << 16):
        kept += data
        sink.write(data)
        await sink.drain()
