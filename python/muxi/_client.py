"""The common parts of the clients: settings, options, closing, and routes that are not in the table."""

from __future__ import annotations

import os
from sys import modules

from . import _muxi
from ._async import AsyncTransport, PendingBundle
from ._payload import Files, payload_of
from ._settings import _FormationSettings, _ServerSettings
from ._stream import EventStream
from ._stream_async import AsyncEventStream
from ._sync import Transport
from ._wait import AsyncFormationWaits, AsyncServerWaits, SyncFormationWaits, SyncServerWaits

TYPE_CHECKING = bool()  # Not a literal, which jedi would believe, nor from typing, which takes long to load.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Set
    from types import TracebackType
    from typing import Any, BinaryIO, TypeAlias, TypeVar

    from typing_extensions import Self

    from ._retry import Retry
    from ._upload import Upload

    # Instead of `Self`, where jedi is to complete what is returned.
    _Self = TypeVar("_Self", bound="_Client")
    BundleInput: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | Upload


class _Raw:
    """The client's methods, each returning a `RawResponse`."""

    __slots__ = ("_client",)

    def __init__(self, client: _Client) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name == "_client":  # Not set yet: a copy is being made.
            raise AttributeError(name)
        method: Callable[..., Any] = getattr(self._client, name)
        return method

    def __reduce__(self) -> tuple[Any, ...]:
        return (_Raw, (self._client,))


class _Signature:
    """The signature of a class: that of its constructor. Older versions of `inspect` take that of `__new__`."""

    __slots__ = ()

    def __get__(self, client: object, cls: type) -> Any:
        from inspect import signature

        constructor = signature(cls.__init__)  # type: ignore[misc]
        return constructor.replace(parameters=list(constructor.parameters.values())[1:])


class _Client:
    """The common base of all four clients."""

    __slots__ = ("__weakref__", "_call", "_hooks", "_open", "_options", "_settings", "_transport")

    _API = ""
    _engine: Callable[[str, dict[str, Any]], Any]
    _kind: Callable[[Any, bool, bool, Set[str]], Any]
    _transport: Any
    _call: Callable[..., Any]
    _open: Callable[..., Any]

    if not TYPE_CHECKING:  # They find such a mistake by the constructor's signature.
        __signature__ = _Signature()

        def __new__(cls, *given, **keywords):
            init = cls.__init__
            # A subclass may have a constructor of its own.
            if keywords and init.__module__ == "muxi._settings":
                for name in keywords.keys() - set(init.__kwdefaults__ or ()) - {"cfg"}:
                    from ._mistakes import unknown_setting

                    raise unknown_setting(cls, name)
            return super().__new__(cls)

    def _start(self, cfg: Any, settings: dict[str, Any]) -> None:
        if cfg is not None:
            given = {name for name, value in settings.items() if value is not None}
            if given:
                raise TypeError(f"give either cfg or keywords, not both: {', '.join(sorted(given))}")
            _check_config(cfg, self._API, settings)
            settings = {name: getattr(cfg, name, None) for name in settings}
        self._settings: dict[str, Any] = {name: value for name, value in settings.items() if value is not None}
        self._use(self._made_engine(), {})

    def _made_engine(self) -> Any:
        settings = {"_sdk": _sdk(), **self._settings}
        self._hooks: Any = None
        if any(name.startswith("on_") for name in settings):
            from ._hooks import hold

            self._hooks = hold(settings)
        return self._engine(self._API, settings)

    def _use(self, engine: Any, options: dict[str, Any], is_raw: bool = False) -> None:
        self._options = options
        given = frozenset(name.lower() for each in (self._settings, options) for name in each.get("headers", ()))
        self._transport = self._kind(engine, is_raw, self._settings.get("telemetry", True), given)
        self._call = self._transport.call
        self._open = self._transport.open

    def _derived(self, engine: Any, options: dict[str, Any], is_raw: bool) -> Self:
        client = type(self).__new__(type(self))
        client._settings = self._settings
        client._hooks = self._hooks
        client._use(engine, options, is_raw)
        client._adopt(self._attributes())
        return client

    def _attributes(self) -> dict[str, Any]:
        """Return the attributes that a program's subclass has set."""
        attributes: dict[str, Any] = dict(getattr(self, "__dict__", ()))
        for cls in type(self).__mro__:
            if cls.__module__.partition(".")[0] == "muxi":
                break
            slots = [name for name, member in vars(cls).items() if type(member) is _Member]
            attributes.update((name, getattr(self, name)) for name in slots if hasattr(self, name))
        return attributes

    def _adopt(self, attributes: dict[str, Any]) -> None:
        for name, value in attributes.items():
            object.__setattr__(self, name, value)

    def with_options(
        self,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
        headers: Mapping[str, str] | None = None,
        retry: Retry | None = None,
    ) -> Self:
        """Return a client with other options on the same connections.

        Args:
            timeout: Seconds for one attempt, or for the beginning of a stream; ``math.inf`` for no limit.
            deadline: Seconds for a whole call: all attempts, the waits between them, and the whole stream; ``math.inf``
                for no limit.
            max_retries: The number of further attempts after a temporary failure, by the client's rule.
            headers: More headers for every request.
            retry: Rule for further attempts, their number included, instead of the client's.

        Returns:
            A client of the same class. Closing either closes both.

        Raises:
            TypeError: An option has a wrong type.
            ValueError: An option is wrong, or ``max_retries`` stands beside ``retry``.
        """
        if max_retries is not None and retry is not None:
            raise ValueError("max_retries and retry are given: give one, retry has the number, too")
        given = {
            "timeout": timeout,
            "deadline": deadline,
            "max_retries": max_retries,
            "headers": headers,
            "retry": retry,
        }
        options = self._options | {name: value for name, value in given.items() if value is not None}
        if retry is not None:
            options.pop("max_retries", None)
        if headers is not None:
            options["headers"] = {**self._options.get("headers", {}), **headers}
        return self._derived(_derive(self._transport.engine, given), options, self._transport.is_raw)

    @property
    def with_raw_response(self) -> _Raw:
        """The same methods, each returning a `RawResponse` with status, headers and body."""
        return _Raw(self._derived(self._transport.engine, self._options, True))

    @property
    def base_url(self) -> str:
        """The URL that paths are appended to."""
        url: str = self._transport.base_url
        return url

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def __getstate__(self) -> tuple[Any, ...]:
        return self._settings, self._options, self._transport.is_raw, self._attributes()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._settings, options, is_raw, attributes = state
        engine = self._made_engine()
        self._use(_derive(engine, options) if options else engine, options, is_raw)
        self._adopt(attributes)


# Python names it where arguments are wrong.
_Client.with_options.__qualname__ = "with_options"
# The slots of a class are of this type.
_Member: Any = type(vars(_Client)["_options"])


def _derive(engine: Any, options: dict[str, Any]) -> Any:
    limits = (options.get("timeout"), options.get("deadline"), options.get("headers"), None)
    return engine.derive(limits, options.get("max_retries"), options.get("retry"))


def _check_config(cfg: Any, api: str, names: Iterable[str]) -> None:
    # Any object with such attributes will do, but not the configuration of another client, nor a URL.
    wanted = f"{api.title()}Config"
    own = {base.__name__ for base in type(cfg).__mro__ if base.__module__ == "muxi.config"}
    is_one = wanted in own if own else any(hasattr(cfg, name) for name in names)
    if isinstance(cfg, type) or not is_one:
        raise TypeError(f"cfg must be a {wanted}, not {type(cfg).__name__}: give settings by keyword, such as url=...")


def _sdk() -> tuple[str, str]:
    import sys

    system = {"win32": "windows"}.get(sys.platform, sys.platform)
    machine = os.uname().machine if hasattr(os, "uname") else "unknown"
    python = ".".join(map(str, sys.version_info[:3]))
    return f"muxi-client-python/{_muxi.__version__}", f"{system}-{machine}/py{python}"


def _source(payload: Any, bundle_path: Any) -> tuple[Any, Any]:
    if (payload is None) == (bundle_path is None):
        raise ValueError(
            "give one bundle, as payload or as bundle_path: a .tar.gz file, a folder, bytes or a binary file"
        )
    source = bundle_path if payload is None else payload
    on_progress = None
    # An upload exists only if its module is loaded.
    if (upload := modules.get("muxi._upload")) is not None and isinstance(source, upload.Upload):
        source, on_progress = source.bundle, source.on_progress
    if hasattr(source, "keys"):
        raise TypeError(
            "payload must be a bundle (a .tar.gz file, a folder, bytes or a binary file), not a dict: "
            "a server takes no other form"
        )
    return os.fspath(source) if hasattr(source, "__fspath__") else source, on_progress


class _Sync(_Client):
    __slots__ = ()

    _engine = _muxi.SyncEngine
    _kind = Transport

    @property
    def transport(self) -> Transport:
        """The transport of the calls."""
        transport: Transport = self._transport
        return transport

    def _bundle(self, formation_id: str | None, payload: Any, bundle_path: Any) -> Any:
        return _source(payload, bundle_path)

    def _payload(self, kind: str, payload: Any, fields: Mapping[str, Any]) -> Any:
        made = payload_of(kind, payload, fields)
        return made.read() if type(made) is Files else made

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        timeout: float | None = None,
        deadline: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Send a request to a route that has no method here.

        Args:
            method: HTTP method.
            path: Path below `base_url`, percent-encoded.
            params: Query parameters; those that are None are left out.
            body: JSON body.
            timeout: Seconds for one attempt.
            deadline: Seconds for the whole call.
            headers: More headers.
            idempotency_key: Idempotency key; made when there is none.

        Returns:
            The reply's data; text when it is not JSON; None when it is empty.

        Raises:
            MuxiError: The server reports an error, or could not be reached.
        """
        return self._call(None, (method, path, params, body), (timeout, deadline, headers, idempotency_key))

    def stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        timeout: float | None = None,
        deadline: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Open a stream at a route that has no method here. See `request`."""
        stream: EventStream = self._open(
            EventStream, None, (method, path, params, body), (timeout, deadline, headers, idempotency_key)
        )
        return stream

    def close(self) -> None:
        """Close the client: its idle connections, and for all clients derived from it. May be called again."""
        self._transport.close()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Async(_Client):
    __slots__ = ()

    _engine = _muxi.AsyncEngine
    _kind = AsyncTransport

    @property
    def transport(self) -> AsyncTransport:
        """The transport of the calls."""
        transport: AsyncTransport = self._transport
        return transport

    def _bundle(self, formation_id: str | None, payload: Any, bundle_path: Any) -> Any:
        return PendingBundle(*_source(payload, bundle_path))

    def _use(self, engine: Any, options: dict[str, Any], is_raw: bool = False) -> None:
        super()._use(engine, options, is_raw)
        self._transport.hooks = self._hooks

    def _payload(self, kind: str, payload: Any, fields: Mapping[str, Any]) -> Any:
        return payload_of(kind, payload, fields)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        timeout: float | None = None,
        deadline: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Send a request to a route that has no method here.

        Args:
            method: HTTP method.
            path: Path below `base_url`, percent-encoded.
            params: Query parameters; those that are None are left out.
            body: JSON body.
            timeout: Seconds for one attempt.
            deadline: Seconds for the whole call.
            headers: More headers.
            idempotency_key: Idempotency key; made when there is none.

        Returns:
            The reply's data; text when it is not JSON; None when it is empty.

        Raises:
            MuxiError: The server reports an error, or could not be reached.
        """
        return await self._call(None, (method, path, params, body), (timeout, deadline, headers, idempotency_key))

    def stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        timeout: float | None = None,
        deadline: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncEventStream:
        """Open a stream at a route that has no method here. See `request`."""
        stream: AsyncEventStream = self._open(
            AsyncEventStream, None, (method, path, params, body), (timeout, deadline, headers, idempotency_key)
        )
        return stream

    def close(self) -> None:
        """Close the client: its idle connections, and for all clients derived from it. May be called again."""
        self._transport.close()

    async def aclose(self) -> None:
        """Close the client. See `close`."""
        self.close()

    async def __aenter__(self: _Self) -> _Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()


class SyncServerBase(_ServerSettings, SyncServerWaits, _Sync):
    """Base of `ServerClient`."""

    __slots__ = ()


class AsyncServerBase(_ServerSettings, AsyncServerWaits, _Async):
    """Base of `AsyncServerClient`."""

    __slots__ = ()


class SyncFormationBase(_FormationSettings, SyncFormationWaits, _Sync):
    """Base of `FormationClient`."""

    __slots__ = ()


class AsyncFormationBase(_FormationSettings, AsyncFormationWaits, _Async):
    """Base of `AsyncFormationClient`."""

    __slots__ = ()
