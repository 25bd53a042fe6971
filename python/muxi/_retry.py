"""The rule by which calls are sent again."""

from __future__ import annotations

from dataclasses import dataclass

from . import _muxi

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Retry:
    """The rule by which a call is sent again after a temporary failure.

    A broken connection and a timeout are such failures, and a reply with one of the statuses. The pause before a retry
    is random, up to ``base`` at first and twice as long each time, up to ``cap``. A wait that the reply asks for
    (``Retry-After``) counts instead; one of more than two minutes is left to the caller.

    Attributes:
        max_retries: The number of times that a call is sent again.
        base: Longest pause before the first retry, in seconds.
        cap: Longest pause before any retry, in seconds; ``math.inf`` for no limit. Not below ``base``.
        statuses: Statuses of replies, from 100 to 599, after which a call is sent again.

    Raises:
        TypeError: A value has a wrong type.
        ValueError: A value is out of its range.

    Example:
        Try three times more, and sooner than by default::

            from muxi import FormationClient, Retry

            formation = FormationClient(retry=Retry(max_retries=3, base=0.1, cap=5))
    """

    max_retries: int = 3
    base: float = 0.5
    cap: float = 30.0
    statuses: Sequence[int] = (408, 429, 500, 502, 503, 504)

    def __post_init__(self) -> None:
        if hasattr(self.statuses, "__iter__"):
            # A list would make the value changeable, and without a hash; an iterator is read once only.
            object.__setattr__(self, "statuses", tuple(self.statuses))
        _muxi.check_retry(self)
