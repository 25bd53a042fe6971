"""Client for MUXI servers and formations.

Documentation: https://muxi-ai.github.io/muxi-client/

Example:
    Stream an answer, with settings from the environment (``MUXI_SERVER_URL``, ``MUXI_FORMATION_ID``,
    ``MUXI_CLIENT_KEY``), which ``python -m muxi.local`` prints::

        from muxi import FormationClient

        with FormationClient() as formation:
            with formation.chat_stream("What can you do?", user_id="ada") as turn:
                for text in turn.text_deltas():
                    print(text, end="", flush=True)
                turn.result().raise_for_status()
"""

from . import _interpreter, _process  # noqa: F401
from ._clash import warn_of_official
from ._event import Event, parse_ui_widgets
from ._muxi import __version__
from ._raw_response import RawResponse
from ._stream import ChatStream, EventStream
from ._stream_async import AsyncChatStream, AsyncEventStream
from .errors import (
    AuthenticationError,
    AuthorizationError,
    ConflictError,
    ConnectionError as ConnectionError,
    MuxiError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TimeoutError as TimeoutError,
    ValidationError,
)

warn_of_official()

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from . import relay, types, webhook
    from ._hooks import Attempt
    from ._retry import Retry
    from ._turn import TurnResult
    from ._upload import Upload
    from .config import FormationConfig, ServerConfig
    from .formation import AsyncFormationClient, FormationClient
    from .server import AsyncServerClient, ServerClient

# Without ConnectionError and TimeoutError, so that `from muxi import *` hides no builtin. Both are also those builtins.
__all__ = [
    "AsyncChatStream",
    "AsyncEventStream",
    "AsyncFormationClient",
    "AsyncServerClient",
    "Attempt",
    "AuthenticationError",
    "AuthorizationError",
    "ChatStream",
    "ConflictError",
    "Event",
    "EventStream",
    "FormationClient",
    "FormationConfig",
    "MuxiError",
    "NotFoundError",
    "RateLimitError",
    "RawResponse",
    "Retry",
    "ServerClient",
    "ServerConfig",
    "ServerError",
    "TurnResult",
    "Upload",
    "ValidationError",
    "__version__",
    "parse_ui_widgets",
    "relay",
    "types",
    "webhook",
]


# Names that a program does not use are not loaded: four classes of a hundred methods each take several milliseconds.
_HOMES = {
    "AsyncFormationClient": "_formation_async",
    "AsyncServerClient": "_server_async",
    "Attempt": "_hooks",
    "FormationClient": "formation",
    "FormationConfig": "config",
    "Retry": "_retry",
    "ServerClient": "server",
    "ServerConfig": "config",
    "TurnResult": "_turn",
    "Upload": "_upload",
    "relay": "relay",
    "types": "types",
    "webhook": "webhook",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'muxi' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"muxi.{_HOMES[name]}")
    value = module if name == _HOMES[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "ConnectionError", "TimeoutError"})
