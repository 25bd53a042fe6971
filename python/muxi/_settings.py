"""The constructors of the clients.

Generated from the settings table by `cargo run -p xtask -- gen`; do not edit.
"""

from __future__ import annotations

# Not imported from typing, which takes longer to load than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from logging import Logger
    from typing import Any

    from .config import FormationConfig, ServerConfig


class _ServerSettings:
    """The constructor of the server clients."""

    __slots__ = ()

    _API = "server"

    if TYPE_CHECKING:

        def _start(self, cfg: Any, settings: dict[str, Any]) -> None: ...

    def __init__(
        self,
        cfg: ServerConfig | None = None,
        *,
        url: str | None = None,
        key_id: str | None = None,
        secret_key: str | None = None,
        max_retries: int | None = None,
        timeout: float | None = None,
        debug: bool | None = None,
        logger: Logger | None = None,
        connect_timeout: float | None = None,
        stream_idle_timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        verify: bool | None = None,
        client_certificate: tuple[str | os.PathLike[str], str | os.PathLike[str]] | None = None,
        _app: str | None = None,
    ) -> None:
        """Make a client.

        A setting that is not given, or None, comes from its environment variable.

        Args:
            cfg: All settings in one object, instead of keywords. A field that is None counts as not given.
            url: URL of the server, such as ``http://localhost:7890``. Environment variable: ``MUXI_SERVER_URL``.
            key_id: Id of the server's HMAC key. Environment variable: ``MUXI_KEY_ID``.
            secret_key: Secret of the server's HMAC key. Environment variable: ``MUXI_SECRET_KEY``.
            max_retries: Number of further attempts after a failure that may pass. Default: 0. Environment variable:
                ``MUXI_MAX_RETRIES``.
            timeout: Timeout of one attempt, in seconds; ``math.inf`` for no limit. Operations that take long, such as
                deploying, have 600 s instead of the default. Default: 30. Environment variable: ``MUXI_TIMEOUT``.
            debug: A log line for each attempt, on stderr unless the program takes it elsewhere. Default: False.
                Environment variable: ``MUXI_DEBUG``.
            logger: Logger for all lines, instead of the logger ``muxi``.
            connect_timeout: Timeout of making a connection, in seconds; ``math.inf`` for no limit. Default: 10.
            stream_idle_timeout: Silence of a stream after which it fails, in seconds; ``math.inf`` for no limit.
                Default: no limit.
            headers: Headers for every request.
            proxy: URL of an HTTP proxy, instead of the one that the environment's proxy variables name.
            ca_file: PEM file with certificates to trust beside the system's.
            verify: Verification of the server's certificate. Without it any certificate is accepted: for tests only.
                Default: True.
            client_certificate: The client's own certificate, for a server that asks for one: the PEM file with the
                certificates, its own first, and the PEM file with their private key.

        Raises:
            TypeError: A setting has a wrong type, or stands beside ``cfg``.
            ValueError: A setting or a variable is missing or wrong.
        """
        settings = dict(locals())
        del settings["self"], settings["cfg"]
        self._start(cfg, settings)


class _FormationSettings:
    """The constructor of the formation clients."""

    __slots__ = ()

    _API = "formation"

    if TYPE_CHECKING:

        def _start(self, cfg: Any, settings: dict[str, Any]) -> None: ...

    def __init__(
        self,
        cfg: FormationConfig | None = None,
        *,
        formation_id: str | None = None,
        url: str | None = None,
        server_url: str | None = None,
        base_url: str | None = None,
        admin_key: str | None = None,
        client_key: str | None = None,
        max_retries: int | None = None,
        timeout: float | None = None,
        debug: bool | None = None,
        logger: Logger | None = None,
        mode: str | None = None,
        connect_timeout: float | None = None,
        stream_idle_timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        verify: bool | None = None,
        client_certificate: tuple[str | os.PathLike[str], str | os.PathLike[str]] | None = None,
        _app: str | None = None,
    ) -> None:
        """Make a client.

        A setting that is not given, or None, comes from its environment variable.

        Args:
            cfg: All settings in one object, instead of keywords. A field that is None counts as not given.
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
            debug: A log line for each attempt, on stderr unless the program takes it elsewhere. Default: False.
                Environment variable: ``MUXI_DEBUG``.
            logger: Logger for all lines, instead of the logger ``muxi``.
            mode: Version of the formation behind ``server_url``: ``live`` or ``draft``. Default: ``"live"``.
            connect_timeout: Timeout of making a connection, in seconds; ``math.inf`` for no limit. Default: 10.
            stream_idle_timeout: Silence of a stream after which it fails, in seconds; ``math.inf`` for no limit.
                Default: no limit.
            headers: Headers for every request.
            proxy: URL of an HTTP proxy, instead of the one that the environment's proxy variables name.
            ca_file: PEM file with certificates to trust beside the system's.
            verify: Verification of the server's certificate. Without it any certificate is accepted: for tests only.
                Default: True.
            client_certificate: The client's own certificate, for a server that asks for one: the PEM file with the
                certificates, its own first, and the PEM file with their private key.

        Raises:
            TypeError: A setting has a wrong type, or stands beside ``cfg``.
            ValueError: A setting or a variable is missing or wrong.
        """
        settings = dict(locals())
        del settings["self"], settings["cfg"]
        self._start(cfg, settings)
