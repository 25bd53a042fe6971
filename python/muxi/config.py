"""Configuration objects, for programs that keep a client's settings in one. Keywords do the same."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["FormationConfig", "ServerConfig"]


class _Config:
    def _given(self) -> dict[str, Any]:
        """The settings that differ from their defaults: what is not given may come from the environment."""
        values = {f.name: (getattr(self, f.name), f.default) for f in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, (value, default) in values.items() if value != default}


@dataclass
class ServerConfig(_Config):
    """Settings of a server client.

    Attributes:
        url: The server's URL, such as ``http://localhost:7890``.
        key_id: Id of the HMAC key.
        secret_key: Secret of the HMAC key.
        max_retries: How often to try again after a failure that may pass.
        timeout: Seconds for one attempt.
        debug: Whether to log each attempt.
        logger: Where to log, instead of the logger ``muxi``.
    """

    url: str | None = None
    key_id: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    max_retries: int = 0
    timeout: float = 30
    debug: bool = False
    logger: logging.Logger | None = None
    _app: str | None = None


@dataclass
class FormationConfig(_Config):
    """Settings of a formation client.

    Attributes:
        formation_id: The formation behind ``server_url``.
        url: The formation's own URL; ``/v1`` is added.
        server_url: The URL of the server in front of the formation.
        base_url: The formation API's URL as it is.
        admin_key: Admin key.
        client_key: Client key.
        max_retries: How often to try again after a failure that may pass.
        timeout: Seconds for one attempt.
        debug: Whether to log each attempt.
        logger: Where to log, instead of the logger ``muxi``.
        mode: ``"live"`` or ``"draft"``, behind ``server_url``.
    """

    formation_id: str | None = None
    url: str | None = None
    server_url: str | None = None
    base_url: str | None = None
    admin_key: str | None = field(default=None, repr=False)
    client_key: str | None = field(default=None, repr=False)
    max_retries: int = 0
    timeout: float = 30
    debug: bool = False
    logger: logging.Logger | None = None
    mode: str = "live"
    _app: str | None = None
