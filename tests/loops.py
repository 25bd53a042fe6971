"""Event loops of all kinds, and what `asyncio.run` does with one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

KINDS = ["selector", "proactor", "uvloop"]


def has(kind: str) -> bool:
    """Return whether loops of that kind are to be had on this system."""
    return kind != "uvloop" or sys.platform != "win32"


each_kind = pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.skipif(not has(kind), reason="no uvloop")) for kind in KINDS]
)


class WithoutReaders(asyncio.SelectorEventLoop):
    """Lacks what the proactor loop of Windows lacks."""


def _refuse(self: WithoutReaders, *_: Any) -> Any:
    raise NotImplementedError


# Removing stays: the loop itself calls it, to end its own waiting for sockets.
for name in ("add_reader", "add_writer"):
    setattr(WithoutReaders, name, _refuse)


def new_loop(kind: str) -> asyncio.AbstractEventLoop:
    """Return a loop of that kind."""
    if kind == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    if kind == "selector":
        return asyncio.SelectorEventLoop()
    if sys.platform == "win32":
        return asyncio.ProactorEventLoop()
    return WithoutReaders()


def run_on(kind: str, main: Coroutine[Any, Any, T], debug: bool = False) -> T:
    """Do as `asyncio.run` does, on a loop of that kind."""
    loop = new_loop(kind)
    try:
        asyncio.set_event_loop(loop)
        loop.set_debug(debug)
        return loop.run_until_complete(main)
    finally:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()
