"""The synchronous client of a MUXI server.

Generated from the operation table by `cargo run -p xtask -- gen`; do not edit.
"""

from __future__ import annotations

from ._client import SyncServerBase

# Not imported from typing, which takes longer to load than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from ._client import BundleInput
    from ._server_async import AsyncServerClient
    from ._stream import EventStream
    from .config import ServerConfig
    from .types import (
        Deployed,
        DevRun,
        DevStopped,
        DraftResult,
        FormationDetail,
        FormationList,
        FormationLogs,
        LifecycleResult,
        ServerHealth,
        ServerStatus,
        UpdateCancelled,
        Updated,
    )

__all__ = ["AsyncServerClient", "ServerClient", "ServerConfig"]


class ServerClient(SyncServerBase):
    """Client for a MUXI server: formations, their life cycle and their logs."""

    __slots__ = ()

    def ping(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> int:
        """Check that the server answers.

        Python returns the length of the answer (4), as the official SDK does.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The length of the answer.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /ping``, no key.
        """
        return len(self._call("ping", (), timeout, headers, idempotency_key))

    def health(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> ServerHealth:
        """Health and version of the server.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``success``, ``status``, ``version``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /health``, no key.
        """
        return self._call("health", (), timeout, headers, idempotency_key)

    def status(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> ServerStatus:
        """Totals of the server: formations by state, ports, version and uptime.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``server``, ``formations``, ``port_pool``, ``runtime``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /rpc/server/status``, signed with the server key.
        """
        return self._call("status", (), timeout, headers, idempotency_key)

    def list_formations(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> FormationList:
        """Every formation with its state.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``formations``, ``total``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /rpc/formations``, signed with the server key.
        """
        return self._call("list_formations", (), timeout, headers, idempotency_key)

    def get_formation(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> FormationDetail:
        """One formation.

        Args:
            formation_id: The formation's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id``, ``name``, ``status``, ``port``, ``pid``, ``restart_count``, ``uptime``, ``created_at``,
            ``deployed_at``, ``updated_at`` and, where known, ``healthy``, ``version``, ``last_health_check``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /rpc/formations/{formation_id}``, signed with the server key.
        """
        return self._call("get_formation", (formation_id,), timeout, headers, idempotency_key)

    def stop_formation(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> LifecycleResult:
        """Stop a running formation.

        Args:
            formation_id: The formation's id.
            timeout: Seconds for this call; 600 when not given.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id`` and, where known, ``status``, ``message``, ``port``, ``pid``, ``restart_count``,
            ``version``, ``previous_version``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations/{formation_id}/stop``, signed with the server key.
        """
        return self._call("stop_formation", (formation_id,), timeout, headers, idempotency_key)

    def start_formation(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> LifecycleResult:
        """Start a stopped formation and wait until it is healthy.

        Args:
            formation_id: The formation's id.
            timeout: Seconds for this call; 600 when not given.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id`` and, where known, ``status``, ``message``, ``port``, ``pid``, ``restart_count``,
            ``version``, ``previous_version``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations/{formation_id}/start``, signed with the server key.
        """
        return self._call("start_formation", (formation_id,), timeout, headers, idempotency_key)

    def restart_formation(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> LifecycleResult:
        """Restart a formation and wait until it is healthy.

        Args:
            formation_id: The formation's id.
            timeout: Seconds for this call; 600 when not given.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id`` and, where known, ``status``, ``message``, ``port``, ``pid``, ``restart_count``,
            ``version``, ``previous_version``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations/{formation_id}/restart``, signed with the server key.
        """
        return self._call("restart_formation", (formation_id,), timeout, headers, idempotency_key)

    def rollback_formation(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> LifecycleResult:
        """Go back to the version before the current one.

        Args:
            formation_id: The formation's id.
            timeout: Seconds for this call; 600 when not given.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id`` and, where known, ``status``, ``message``, ``port``, ``pid``, ``restart_count``,
            ``version``, ``previous_version``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations/{formation_id}/rollback``, signed with the server key.
        """
        return self._call("rollback_formation", (formation_id,), timeout, headers, idempotency_key)

    def delete_formation(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> LifecycleResult:
        """Delete a formation for good.

        Args:
            formation_id: The formation's id.
            timeout: Seconds for this call; 600 when not given.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id`` and, where known, ``status``, ``message``, ``port``, ``pid``, ``restart_count``,
            ``version``, ``previous_version``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /rpc/formations/{formation_id}``, signed with the server key.
        """
        return self._call("delete_formation", (formation_id,), timeout, headers, idempotency_key)

    def cancel_update(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> UpdateCancelled:
        """Cancel a running update.

        Args:
            formation_id: The formation's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``formation_id``, ``message``, ``status``, ``current_port``, ``staging_port``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations/{formation_id}/cancel-update``, signed with the server key.
        """
        return self._call("cancel_update", (formation_id,), timeout, headers, idempotency_key)

    def deploy_formation(
        self,
        formation_id: str | None = None,
        payload: BundleInput | None = None,
        *,
        bundle_path: str | os.PathLike[str] | None = None,
        version: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Deployed:
        """Deploy a new formation from a bundle and wait until it is healthy.

        The bundle is a ``.tar.gz`` file, a folder, bytes or a file object. The formation id and the version are read
        from it unless given.

        Args:
            formation_id: The formation's id; the bundle's when not given.
            payload: The bundle: the path of a ``.tar.gz`` file or of a folder, bytes, or a binary file object.
            bundle_path: The path of the bundle, instead of ``payload``.
            version: The formation's version, which must be the bundle's; the bundle's when not given.
            timeout: Seconds for this call; 600 when not given.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``formation_id``, ``port``, ``status``, ``url``, ``health_url``, ``pid``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations``, signed with the server key.
        """
        return self._call(
            "deploy_formation",
            (self._bundle(formation_id, payload, bundle_path), formation_id, version),
            timeout,
            headers,
            idempotency_key,
        )

    def update_formation(
        self,
        formation_id: str | None = None,
        payload: BundleInput | None = None,
        *,
        bundle_path: str | os.PathLike[str] | None = None,
        version: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Updated:
        """Replace a formation by a new bundle without downtime.

        The bundle is a ``.tar.gz`` file, a folder, bytes or a file object. The formation id and the version are read
        from it unless given. Bytes equal to the current version's are refused with a conflict.

        Args:
            formation_id: The formation's id; the bundle's when not given.
            payload: The bundle: the path of a ``.tar.gz`` file or of a folder, bytes, or a binary file object.
            bundle_path: The path of the bundle, instead of ``payload``.
            version: The formation's version, which must be the bundle's; the bundle's when not given.
            timeout: Seconds for this call; 600 when not given.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id``, ``status``, ``version``, ``previous_version``, ``port``, ``pid``, ``message``,
            ``deployment_type``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``PUT /rpc/formations/{formation_id}``, signed with the server key.
        """
        return self._call(
            "update_formation",
            (self._bundle(formation_id, payload, bundle_path), formation_id, version),
            timeout,
            headers,
            idempotency_key,
        )

    def get_formation_logs(
        self,
        formation_id: str,
        *,
        limit: int | None = None,
        stream: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> FormationLogs:
        """The last lines of a formation's output.

        ``stream`` is ``stdout``, ``stderr`` or ``all`` (default).

        Args:
            formation_id: The formation's id.
            limit: The largest number of entries to return.
            stream: The output to read.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``formation_id``, ``logs``, ``total_lines``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /rpc/formations/{formation_id}/logs``, signed with the server key.
        """
        return self._call("get_formation_logs", (formation_id, limit, stream), timeout, headers, idempotency_key)

    def get_server_logs(
        self,
        *,
        limit: int | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> str:
        """The last lines of the server's audit log, as text; often empty.

        Args:
            limit: The largest number of entries to return.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The text.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /rpc/server/logs``, signed with the server key.
        """
        return self._call("get_server_logs", (limit,), timeout, headers, idempotency_key)

    def deploy_formation_stream(
        self,
        formation_id: str | None = None,
        payload: BundleInput | None = None,
        *,
        bundle_path: str | os.PathLike[str] | None = None,
        version: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Deploy a new formation and follow its progress.

        See ``deploy_formation``.

        Args:
            formation_id: The formation's id; the bundle's when not given.
            payload: The bundle: the path of a ``.tar.gz`` file or of a folder, bytes, or a binary file object.
            bundle_path: The path of the bundle, instead of ``payload``.
            version: The formation's version, which must be the bundle's; the bundle's when not given.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations``, signed with the server key.
        """
        return self._open(
            "deploy_formation_stream",
            (self._bundle(formation_id, payload, bundle_path), formation_id, version),
            timeout,
            headers,
            idempotency_key,
        )

    def update_formation_stream(
        self,
        formation_id: str | None = None,
        payload: BundleInput | None = None,
        *,
        bundle_path: str | os.PathLike[str] | None = None,
        version: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Update a formation and follow the progress.

        See ``update_formation``.

        Args:
            formation_id: The formation's id; the bundle's when not given.
            payload: The bundle: the path of a ``.tar.gz`` file or of a folder, bytes, or a binary file object.
            bundle_path: The path of the bundle, instead of ``payload``.
            version: The formation's version, which must be the bundle's; the bundle's when not given.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``PUT /rpc/formations/{formation_id}``, signed with the server key.
        """
        return self._open(
            "update_formation_stream",
            (self._bundle(formation_id, payload, bundle_path), formation_id, version),
            timeout,
            headers,
            idempotency_key,
        )

    def start_formation_stream(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Start a stopped formation and follow the progress.

        Args:
            formation_id: The formation's id.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations/{formation_id}/start``, signed with the server key.
        """
        return self._open("start_formation_stream", (formation_id,), timeout, headers, idempotency_key)

    def restart_formation_stream(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Restart a formation and follow the progress.

        Args:
            formation_id: The formation's id.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations/{formation_id}/restart``, signed with the server key.
        """
        return self._open("restart_formation_stream", (formation_id,), timeout, headers, idempotency_key)

    def rollback_formation_stream(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Roll a formation back and follow the progress.

        Args:
            formation_id: The formation's id.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations/{formation_id}/rollback``, signed with the server key.
        """
        return self._open("rollback_formation_stream", (formation_id,), timeout, headers, idempotency_key)

    def stream_formation_logs(
        self,
        formation_id: str,
        *,
        stream: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Follow a formation's output.

        New lines only; it never ends by itself. ``stream`` is ``stdout`` (default) or ``stderr``.

        Args:
            formation_id: The formation's id.
            stream: The output to read.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /rpc/formations/{formation_id}/logs``, signed with the server key.
        """
        return self._open("stream_formation_logs", (formation_id, stream), timeout, headers, idempotency_key)

    def download_formation(
        self,
        formation_id: str,
        *,
        db: bool | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> bytes:
        """Download a formation as a zip archive.

        ``db`` includes its memory database.

        Args:
            formation_id: The formation's id.
            db: Include the memory database.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The bytes.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /rpc/formations/{formation_id}/download``, signed with the server key.
        """
        return self._call("download_formation", (formation_id, db), timeout, headers, idempotency_key)

    def draft_files(
        self,
        formation_id: str,
        action: str,
        *,
        mode: str | None = None,
        path: str | None = None,
        content: str | None = None,
        encoding: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> DraftResult:
        """Edit the draft copy of a formation.

        ``action`` is ``init``, ``list``, ``read``, ``write``, ``delete``, ``deploy`` or ``discard``; ``encoding`` is
        ``utf-8`` (default) or ``base64``.

        Args:
            formation_id: The formation's id.
            action: What to do.
            mode: How to start the draft (``init``).
            path: The file, relative to the draft's folder.
            content: What to write (``write``).
            encoding: How ``content`` is encoded.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``success`` and, where known, ``data``, ``draft``, ``live``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations/{formation_id}/draft/files``, signed with the server key.
        """
        return self._call(
            "draft_files",
            (formation_id, action, mode, path, content, encoding),
            timeout,
            headers,
            idempotency_key,
        )

    def draft_deploy_stream(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Deploy the draft copy of a formation and follow the progress.

        Args:
            formation_id: The formation's id.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/formations/{formation_id}/draft/files``, signed with the server key.
        """
        return self._open("draft_deploy_stream", (formation_id,), timeout, headers, idempotency_key)

    def dev_run(
        self,
        *,
        path: str | None = None,
        formation_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> DevRun:
        """Run a formation from a folder on the server, or from its draft.

        Takes exactly one of ``path`` and ``formation_id``.

        Args:
            path: An absolute path of a folder on the server.
            formation_id: The formation's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``success``, ``formation_id``, ``port``, ``status``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/dev/run``, signed with the server key.
        """
        return self._call("dev_run", (path, formation_id), timeout, headers, idempotency_key)

    def dev_stop(
        self,
        formation_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> DevStopped:
        """Stop a development run.

        Args:
            formation_id: The formation's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``success``, ``formation_id``, ``status``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /rpc/dev/stop``, signed with the server key.
        """
        return self._call("dev_stop", (formation_id,), timeout, headers, idempotency_key)


_HOMES = {"AsyncServerClient": "_server_async", "ServerConfig": "config"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"muxi.{_HOMES[name]}"), name)
