"""Client for MUXI servers and formations.

Example:
    Ask a server and a formation how they are::

        from muxi import FormationClient, ServerClient

        server = ServerClient(url="http://localhost:7890", key_id="...", secret_key="...")
        print(server.status())
        formation = FormationClient(server_url="http://localhost:7890", formation_id="demo", client_key="...")
        print(formation.health())
"""

from ._muxi import __version__
from ._stream import (
    AsyncChatStream,
    AsyncEventStream,
    ChatStream,
    Event,
    EventStream,
    parse_ui_widgets,
)
from ._transport import RawResponse
from .errors import (
    AuthenticationError,
    AuthorizationError,
    ConflictError,
    ConnectionError,
    MuxiError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TimeoutError,
    ValidationError,
)
from .formation import AsyncFormationClient, FormationClient
from .server import AsyncServerClient, ServerClient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import webhook
    from .config import FormationConfig, ServerConfig

__all__ = [
    "AsyncChatStream",
    "AsyncEventStream",
    "AsyncFormationClient",
    "AsyncServerClient",
    "AuthenticationError",
    "AuthorizationError",
    "ChatStream",
    "ConflictError",
    "ConnectionError",
    "Event",
    "EventStream",
    "FormationClient",
    "FormationConfig",
    "MuxiError",
    "NotFoundError",
    "RateLimitError",
    "RawResponse",
    "ServerClient",
    "ServerConfig",
    "ServerError",
    "TimeoutError",
    "ValidationError",
    "__version__",
    "parse_ui_widgets",
    "webhook",
]


def __getattr__(name: str) -> object:
    # What most programs do not need is imported when it is asked for: dataclasses alone cost several milliseconds.
    if name in ("ServerConfig", "FormationConfig"):
        from . import config

        return getattr(config, name)
    if name in ("webhook", "config"):
        from importlib import import_module

        return import_module(f"muxi.{name}")
    raise AttributeError(f"module 'muxi' has no attribute {name!r}")
