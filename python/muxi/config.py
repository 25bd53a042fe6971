"""Configuration objects, for programs that keep a client's settings in one. Keywords do the same.

A field that is not None counts as given, as a keyword does; None leaves it to the environment.

Generated from the settings table by `cargo run -p xtask -- gen`; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from logging import Logger

__all__ = ["FormationConfig", "ServerConfig"]


@dataclass
class ServerConfig:
    """Settings of a server client.

    Attributes:
        url: URL of the server, such as ``http://localhost:7890``. Environment variable: ``MUXI_SERVER_URL``.
        key_id: Id of the server's HMAC key. Environment variable: ``MUXI_KEY_ID``.
        secret_key: Secret of the server's HMAC key. Environment variable: ``MUXI_SECRET_KEY``.
        max_retries: Number of further attempts after a failure that may pass. Default: 0. Environment variable:
            ``MUXI_MAX_RETRIES``.
        timeout: Timeout of one attempt, in seconds; ``math.inf`` for no limit. Operations that take long, such as
            deploying, have 600 s instead of the default. Default: 30. Environment variable: ``MUXI_TIMEOUT``.
        debug: A log line for each attempt, on stderr unless the program takes it elsewhere. Default: False. Environment
            variable: ``MUXI_DEBUG``.
        logger: Logger for all lines, instead of the logger ``muxi``.
    """

    url: str | None = None
    key_id: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    max_retries: int | None = None
    timeout: float | None = None
    debug: bool | None = None
    logger: Logger | None = None
    _app: str | None = None


@dataclass
class FormationConfig:
    """Settings of a formation client.

    Attributes:
        formation_id: Id of the formation behind ``server_url``. Environment variable: ``MUXI_FORMATION_ID``.
        url: URL of the formation itself; ``/v1`` is added. Environment variable: ``MUXI_FORMATION_URL``.
        server_url: URL of the server in front of the formation; needs ``formation_id``. Environment variable:
            ``MUXI_SERVER_URL``.
        base_url: URL of the formation's API, taken as it is.
        admin_key: Admin key of the formation. Environment variable: ``MUXI_ADMIN_KEY``.
        client_key: Client key of the formation. Environment variable: ``MUXI_CLIENT_KEY``.
        max_retries: Number of further attempts after a failure that may pass. Default: 0. Environment variable:
            ``MUXI_MAX_RETRIES``.
        timeout: Timeout of one attempt, in seconds; ``math.inf`` for no limit. Operations that take long, such as
            deploying, have 600 s instead of the default. Default: 30. Environment variable: ``MUXI_TIMEOUT``.
        debug: A log line for each attempt, on stderr unless the program takes it elsewhere. Default: False. Environment
            variable: ``MUXI_DEBUG``.
        logger: Logger for all lines, instead of the logger ``muxi``.
        mode: Version of the formation behind ``server_url``: ``live`` or ``draft``. Default: ``"live"``.
    """

    formation_id: str | None = None
    url: str | None = None
    server_url: str | None = None
    base_url: str | None = None
    admin_key: str | None = field(default=None, repr=False)
    client_key: str | None = field(default=None, repr=False)
    max_retries: int | None = None
    timeout: float | None = None
    debug: bool | None = None
    logger: Logger | None = None
    mode: str | None = None
    _app: str | None = None
