"""Waiting for something on the server: polling with growing pauses, until a deadline."""

from __future__ import annotations

import time

from ._numbers import seconds
from .errors import ConnectionError, MuxiError, NotFoundError, TimeoutError

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any

    from .types import Health, IngestionStatus, RequestStatus, ServerHealth

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
# A pause notices that often that its client was closed.
TICK = 0.05
# Statuses of a proxy whose formation is not there yet.
NOT_YET = (502, 503, 504)
# The number of first polls that may find no request: a formation knows one shortly after it has accepted it.
EARLY_POLLS = 3
# States of requests and of ingestion jobs.
UNDER_WAY = ("pending", "queued", "processing", "running")


class _Polls:
    """The polls of a wait. The caller makes them, and the pauses between them."""

    def __init__(self, what: str, deadline: float, key: str, ends: Callable[[Any], bool], is_patient: bool) -> None:
        deadline = seconds("deadline", deadline)
        if not deadline > 0:
            raise ValueError(f"deadline must be a number of seconds above 0, got {deadline}")
        self._what = what
        self._deadline = deadline
        self._end = time.monotonic() + deadline
        self._key = key
        self._ends = ends
        self._is_patient = is_patient
        self._pause = FIRST_PAUSE
        self.early = 0  # The number of next polls that may find nothing.
        self._last = "there was no answer"
        self.error: BaseException | None = None

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(self._end - time.monotonic(), 0.001)

    def is_done(self, reply: Any) -> bool:
        """Tell whether that was the last poll."""
        self.error = None
        self.early = 0
        found = reply.get(self._key) if isinstance(reply, dict) else None
        if isinstance(found, (str, bool)):
            self._last = f"the last {self._key} was {found!r}"
            return self._ends(found)
        # Another program may answer where a formation is to start.
        self._last = f"the last reply has no {self._key}"
        if not self._is_patient:
            raise MuxiError("INVALID_REPLY", f"the reply has no {self._key}", 200)
        return False

    def failed(self, error: MuxiError) -> None:
        """Go on after a failed poll, or raise its error."""
        is_late = isinstance(error, TimeoutError) and time.monotonic() >= self._end - 0.001
        is_passing = isinstance(error, (ConnectionError, TimeoutError)) or error.status_code in NOT_YET
        is_early = isinstance(error, NotFoundError) and self.early > 0
        self.early -= 1
        if not is_late and not is_early and not (self._is_patient and is_passing):
            raise error
        if not is_late:
            self._last = f"the last error was {error}"
        self.error = error

    def pauses(self) -> Generator[float, None, None]:
        """Yield the parts of the pause before the next poll.

        Raises:
            TimeoutError: The deadline would pass.
        """
        now = time.monotonic()
        # The last poll is made shortly before the deadline.
        pause = min(self._pause, self._end - now - FIRST_PAUSE)
        if pause <= 0:
            message = f"{self._what} within the deadline of {self._deadline:g} s: {self._last}"
            raise TimeoutError("TIMEOUT", message, 0) from self.error
        self._pause = min(self._pause * 1.5, LONGEST_PAUSE)
        while (left := now + pause - time.monotonic()) > 0:
            yield min(left, TICK)


def _asked(client: Any, name: str, values: tuple[Any, ...]) -> Callable[[float], Any]:
    transport = client.transport
    # Also for `with_raw_response`.
    plain = type(transport)(transport.engine, False, transport.is_traced, transport.given)
    return lambda left: plain.call(name, values, (None, left, None, None))


class _Wait:
    """A wait of a client."""

    def __init__(self, client: Any, name: str, values: tuple[Any, ...], polls: _Polls) -> None:
        self._ask = _asked(client, name, values)
        self._engine = client.transport.engine
        self._polls = polls

    def run(self) -> Any:
        while True:
            try:
                reply = self._ask(self._polls.left)
                if self._polls.is_done(reply):
                    return reply
            except MuxiError as error:
                self._polls.failed(error)
            for pause in self._polls.pauses():
                time.sleep(pause)
                # The next poll says so.
                if self._engine.closed:
                    break

    async def run_async(self) -> Any:
        from asyncio import sleep

        while True:
            try:
                reply = await self._ask(self._polls.left)
                if self._polls.is_done(reply):
                    return reply
            except MuxiError as error:
                self._polls.failed(error)
            for pause in self._polls.pauses():
                await sleep(pause)
                if self._engine.closed:
                    break


def _healthy(client: Any, deadline: float, key: str, healthy: str | bool) -> _Wait:
    polls = _Polls(f"{client.base_url} is not healthy", deadline, key, lambda found: found == healthy, True)
    return _Wait(client, "health", (), polls)


def _has_ended(status: str) -> bool:
    return status not in UNDER_WAY


def _request(client: Any, request_id: str, user_id: str, deadline: float) -> _Wait:
    polls = _Polls(f"request {request_id!r} has not ended", deadline, "status", _has_ended, False)
    polls.early = EARLY_POLLS
    return _Wait(client, "get_request_status", (request_id, user_id), polls)


def _ingestion(client: Any, processing_id: str, user_id: str | None, deadline: float) -> _Wait:
    polls = _Polls(f"ingestion {processing_id!r} has not ended", deadline, "status", _has_ended, False)
    return _Wait(client, "get_ingestion_status", (processing_id, user_id), polls)


class SyncServerWaits:
    """The waits of a server's sync client."""

    __slots__ = ()

    def wait_until_healthy(self, deadline: float = 60) -> ServerHealth:
        """Wait until the server is healthy.

        It is asked again while the connection is refused or breaks, while the statuses 502, 503 and 504 come, and while
        it says that it is not healthy. Every other error, such as that of a wrong path, is raised at once.

        Args:
            deadline: Seconds for the whole wait; ``math.inf`` for no limit.

        Returns:
            A dict, as ``health()`` returns it.

        Raises:
            TimeoutError: The deadline has passed. The message has the last status or error.
            MuxiError: The server reports another error.
            RuntimeError: The client was closed.
            ValueError: The deadline is not above 0.

        HTTP: ``GET /health``, no key, repeatedly.
        """
        reply: ServerHealth = _healthy(self, deadline, "success", True).run()
        return reply


class SyncFormationWaits:
    """The waits of a formation's sync client."""

    __slots__ = ()

    def wait_until_healthy(self, deadline: float = 60) -> Health:
        """Wait until the formation is healthy.

        It is asked again while the connection is refused or breaks, while the statuses 502, 503 and 504 come, and while
        it says that it is not healthy. Every other error, such as that of an unknown formation, is raised at once.

        Args:
            deadline: Seconds for the whole wait; ``math.inf`` for no limit.

        Returns:
            A dict, as ``health()`` returns it.

        Raises:
            TimeoutError: The deadline has passed. The message has the last status or error.
            MuxiError: The formation reports another error.
            RuntimeError: The client was closed.
            ValueError: The deadline is not above 0.

        HTTP: ``GET /health``, no key, repeatedly.
        """
        reply: Health = _healthy(self, deadline, "status", "healthy").run()
        return reply

    def wait_for_request(self, request_id: str, user_id: str, *, deadline: float = 600) -> RequestStatus:
        """Wait until a request has ended, such as a chat turn in the background.

        Args:
            request_id: The request's id.
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            deadline: Seconds for the whole wait; ``math.inf`` for no limit.

        Returns:
            A dict, as ``get_request_status()`` returns it, of a request that is ``completed``, ``failed``,
            ``cancelled`` or ``awaiting_clarification``. A failed one is returned, too: see its ``status``.

        Raises:
            TimeoutError: The deadline has passed. The message has the last status.
            NotFoundError: There is no such request, or it ended more than 5 minutes ago. A request that a formation has
                just accepted may be unknown to it for a moment: only the fourth poll in a row that finds none raises.
            MuxiError: Another poll failed.
            RuntimeError: The client was closed.
            ValueError: The deadline is not above 0, or an id is wrong.

        HTTP: ``GET /requests/{request_id}``, client or admin key, repeatedly.
        """
        reply: RequestStatus = _request(self, request_id, user_id, deadline).run()
        return reply

    def wait_for_ingestion(
        self, processing_id: str, *, user_id: str | None = None, deadline: float = 600
    ) -> IngestionStatus:
        """Wait until an ingestion job has ended.

        Args:
            processing_id: The id that ``ingest_memory`` or ``ingest_memories_batch`` returned.
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            deadline: Seconds for the whole wait; ``math.inf`` for no limit.

        Returns:
            A dict, as ``get_ingestion_status()`` returns it, of a job that is ``completed`` or ``failed``. A failed one
            is returned, too: see its ``status``.

        Raises:
            TimeoutError: The deadline has passed. The message has the last status.
            MuxiError: A poll failed.
            RuntimeError: The client was closed.
            ValueError: The deadline is not above 0, or the id is wrong.

        HTTP: ``GET /memories/ingestion/{processing_id}``, client or admin key, repeatedly.
        """
        reply: IngestionStatus = _ingestion(self, processing_id, user_id, deadline).run()
        return reply


class AsyncServerWaits:
    """The waits of a server's async client."""

    __slots__ = ()

    async def wait_until_healthy(self, deadline: float = 60) -> ServerHealth:
        """Wait until the server is healthy.

        It is asked again while the connection is refused or breaks, while the statuses 502, 503 and 504 come, and while
        it says that it is not healthy. Every other error, such as that of a wrong path, is raised at once.

        Args:
            deadline: Seconds for the whole wait; ``math.inf`` for no limit.

        Returns:
            A dict, as ``health()`` returns it.

        Raises:
            TimeoutError: The deadline has passed. The message has the last status or error.
            MuxiError: The server reports another error.
            RuntimeError: The client was closed.
            ValueError: The deadline is not above 0.

        HTTP: ``GET /health``, no key, repeatedly.
        """
        reply: ServerHealth = await _healthy(self, deadline, "success", True).run_async()
        return reply


class AsyncFormationWaits:
    """The waits of a formation's async client."""

    __slots__ = ()

    async def wait_until_healthy(self, deadline: float = 60) -> Health:
        """Wait until the formation is healthy.

        It is asked again while the connection is refused or breaks, while the statuses 502, 503 and 504 come, and while
        it says that it is not healthy. Every other error, such as that of an unknown formation, is raised at once.

        Args:
            deadline: Seconds for the whole wait; ``math.inf`` for no limit.

        Returns:
            A dict, as ``health()`` returns it.

        Raises:
            TimeoutError: The deadline has passed. The message has the last status or error.
            MuxiError: The formation reports another error.
            RuntimeError: The client was closed.
            ValueError: The deadline is not above 0.

        HTTP: ``GET /health``, no key, repeatedly.
        """
        reply: Health = await _healthy(self, deadline, "status", "healthy").run_async()
        return reply

    async def wait_for_request(self, request_id: str, user_id: str, *, deadline: float = 600) -> RequestStatus:
        """Wait until a request has ended, such as a chat turn in the background.

        Args:
            request_id: The request's id.
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            deadline: Seconds for the whole wait; ``math.inf`` for no limit.

        Returns:
            A dict, as ``get_request_status()`` returns it, of a request that is ``completed``, ``failed``,
            ``cancelled`` or ``awaiting_clarification``. A failed one is returned, too: see its ``status``.

        Raises:
            TimeoutError: The deadline has passed. The message has the last status.
            NotFoundError: There is no such request, or it ended more than 5 minutes ago. A request that a formation has
                just accepted may be unknown to it for a moment: only the fourth poll in a row that finds none raises.
            MuxiError: Another poll failed.
            RuntimeError: The client was closed.
            ValueError: The deadline is not above 0, or an id is wrong.

        HTTP: ``GET /requests/{request_id}``, client or admin key, repeatedly.
        """
        reply: RequestStatus = await _request(self, request_id, user_id, deadline).run_async()
        return reply

    async def wait_for_ingestion(
        self, processing_id: str, *, user_id: str | None = None, deadline: float = 600
    ) -> IngestionStatus:
        """Wait until an ingestion job has ended.

        Args:
            processing_id: The id that ``ingest_memory`` or ``ingest_memories_batch`` returned.
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            deadline: Seconds for the whole wait; ``math.inf`` for no limit.

        Returns:
            A dict, as ``get_ingestion_status()`` returns it, of a job that is ``completed`` or ``failed``. A failed one
            is returned, too: see its ``status``.

        Raises:
            TimeoutError: The deadline has passed. The message has the last status.
            MuxiError: A poll failed.
            RuntimeError: The client was closed.
            ValueError: The deadline is not above 0, or the id is wrong.

        HTTP: ``GET /memories/ingestion/{processing_id}``, client or admin key, repeatedly.
        """
        reply: IngestionStatus = await _ingestion(self, processing_id, user_id, deadline).run_async()
        return reply
