"""The compiled module. Nothing here is public: use `muxi`."""

from asyncio import Future
from collections.abc import Mapping
from typing import Any, final

from ._stream import Event

__all__ = [
    "AsyncStream",
    "Bundle",
    "Engine",
    "Port",
    "SyncStream",
    "Task",
    "__version__",
    "after_fork",
    "loads",
    "local_main",
    "webhook_parse",
    "webhook_verify",
]

__version__: str

@final
class Bundle: ...

@final
class SyncStream:
    def head(self) -> dict[str, Any]: ...
    def next_batch(self) -> list[Event]: ...
    def close(self) -> None: ...

@final
class AsyncStream:
    def head(self) -> dict[str, Any]: ...
    def take(self) -> list[Event] | None: ...
    def wait(self, port: Port, future: Future[Any]) -> None: ...
    def close(self) -> None: ...

@final
class Port:
    def __new__(cls) -> Port: ...
    def fileno(self) -> int: ...
    def drain(self) -> None: ...

@final
class Task:
    def cancel(self) -> None: ...

@final
class Engine:
    def __new__(cls, api: str, blocking: bool, settings: dict[str, Any]) -> Engine: ...
    @property
    def base_url(self) -> str: ...
    @property
    def closed(self) -> bool: ...
    def derive(self, timeout: float | None, max_retries: int | None, headers: Mapping[str, str] | None) -> Engine: ...
    def close(self) -> None: ...
    def call(
        self,
        name: str | None,
        values: tuple[Any, ...],
        timeout: float | None,
        headers: Mapping[str, str] | None,
        idempotency_key: str | None,
        raw: bool,
    ) -> Any: ...
    def open(
        self,
        name: str | None,
        values: tuple[Any, ...],
        timeout: float | None,
        headers: Mapping[str, str] | None,
        idempotency_key: str | None,
    ) -> SyncStream: ...
    def submit(
        self,
        port: Port,
        future: Future[Any],
        name: str | None,
        values: tuple[Any, ...],
        timeout: float | None,
        headers: Mapping[str, str] | None,
        idempotency_key: str | None,
        raw: bool,
    ) -> Task: ...
    def submit_open(
        self,
        port: Port,
        future: Future[Any],
        name: str | None,
        values: tuple[Any, ...],
        timeout: float | None,
        headers: Mapping[str, str] | None,
        idempotency_key: str | None,
    ) -> Task: ...
    def stream_end(self, name: str) -> str: ...
    @staticmethod
    def bundle(source: Any) -> Bundle: ...
    def notes(self) -> list[tuple[str, str]] | None: ...

def after_fork() -> None: ...
def loads(text: str) -> Any: ...
def local_main(arguments: list[str]) -> int: ...
def webhook_verify(payload: bytes, header: str, secret: str, tolerance: int, now: int) -> bool: ...
def webhook_parse(payload: bytes) -> bytes: ...
