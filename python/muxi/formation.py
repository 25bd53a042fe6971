"""The synchronous client of a MUXI formation.

Generated from the operation table by `cargo run -p xtask -- gen`; do not edit.
"""

from __future__ import annotations

from ._client import SyncFormationBase

# Not imported from typing, which takes longer to load than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ._formation_async import AsyncFormationClient
    from ._stream import ChatStream, EventStream, parse_ui_widgets
    from .config import FormationConfig
    from .types import (
        AgentList,
        Artifact,
        ArtifactList,
        ArtifactVersions,
        AudioRequest,
        AuditCleared,
        AuditLog,
        BufferCleared,
        BufferList,
        BufferStats,
        ChatRequest,
        ChatResult,
        Credential,
        CredentialDeleted,
        CredentialList,
        CredentialServices,
        DistilledAccepted,
        DistilledStatus,
        Distillery,
        DistilleryList,
        DistilleryScope,
        FormationConfigSummary,
        FormationStatus,
        Health,
        History,
        IngestionStatus,
        Job,
        JobList,
        JobState,
        KnowledgeRebuild,
        KnowledgeSync,
        LoggingDestinations,
        McpDefaults,
        McpServerList,
        McpToolList,
        MemoryBackfill,
        MemoryBatch,
        MemoryCreated,
        MemoryDeleted,
        MemoryIngested,
        MemoryItem,
        MemoryJob,
        MemoryLint,
        MemoryList,
        Message,
        NewCredential,
        Notification,
        OverlordConfig,
        Provenance,
        RequestCancelled,
        RequestList,
        RequestStatus,
        RestoredMessage,
        SchedulerConfig,
        Secret,
        SecretList,
        SecretReload,
        Session,
        SessionList,
        SessionMessages,
        SessionRestored,
        Skill,
        SkillList,
        Sop,
        SopList,
        Soul,
        Trigger,
        TriggerList,
        TriggerResult,
        Tuning,
        TuningApplied,
        TuningDismissed,
        TuningRun,
        TuningWritten,
        User,
        UserBuffer,
        UserChannels,
        UserIdentifierDeleted,
        UserIdentifierList,
    )

__all__ = ["AsyncFormationClient", "FormationClient", "FormationConfig", "parse_ui_widgets"]


class FormationClient(SyncFormationBase):
    """Client for a formation: chat, sessions, memory, schedules and configuration."""

    __slots__ = ()

    def health(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Health:
        """Liveness and version of the formation.

        Needs no key.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``status``, ``version``, ``uptime_seconds``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /health``, no key.
        """
        return self._call("health", (), timeout, headers, idempotency_key)

    def get_status(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> FormationStatus:
        """Counters, memory and uptime of the formation.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``formation``, ``agents``, ``mcp_servers``, ``stats``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /status``, admin key.
        """
        return self._call("get_status", (), timeout, headers, idempotency_key)

    def get_config(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> FormationConfigSummary:
        """A short summary of the configuration.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``formation_id``, ``version``, ``description``, ``schema_version``, ``agents``, ``secrets``,
            ``mcp``, ``overlord``, ``llm``, ``memory``, ``async``, ``scheduler``, ``a2a``, ``logging``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /config``, admin key.
        """
        return self._call("get_config", (), timeout, headers, idempotency_key)

    def get_formation_info(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """The whole formation document.

        References to secrets stay placeholders.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The reply as a dict.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /formation``, admin key.
        """
        return self._call("get_formation_info", (), timeout, headers, idempotency_key)

    def get_agents(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> AgentList:
        """All agents: ``agents`` and ``count``.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``agents``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /agents``, admin key.
        """
        return self._call("get_agents", (), timeout, headers, idempotency_key)

    def get_agent(
        self,
        agent_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """One agent's configuration.

        Args:
            agent_id: The agent's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The reply as a dict.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /agents/{agent_id}``, admin key.
        """
        return self._call("get_agent", (agent_id,), timeout, headers, idempotency_key)

    def sync_agent_knowledge(
        self,
        agent_id: str,
        *,
        source_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> KnowledgeSync:
        """Synchronise an agent's remote knowledge sources now.

        Args:
            agent_id: The agent's id.
            source_id: Only this knowledge source.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``agent_id``, ``results``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /agents/{agent_id}/knowledge/sync``, admin key.
        """
        return self._call("sync_agent_knowledge", (agent_id, source_id), timeout, headers, idempotency_key)

    def rebuild_knowledge_trees(
        self,
        *,
        agent_id: str | None = None,
        source_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> KnowledgeRebuild:
        """Rebuild the stored knowledge trees, of all agents or of one.

        Args:
            agent_id: Only this agent's trees.
            source_id: Only this knowledge source.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``agents`` and, where known, ``source_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /knowledge/rebuild``, admin key.
        """
        return self._call("rebuild_knowledge_trees", (agent_id, source_id), timeout, headers, idempotency_key)

    def get_mcp_servers(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> McpServerList:
        """The MCP servers of the formation.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``servers``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /mcp/servers``, admin key.
        """
        return self._call("get_mcp_servers", (), timeout, headers, idempotency_key)

    def get_mcp_server(
        self,
        server_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """One MCP server.

        Args:
            server_id: The MCP server's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The reply as a dict.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /mcp/servers/{server_id}``, admin key.
        """
        return self._call("get_mcp_server", (server_id,), timeout, headers, idempotency_key)

    def get_mcp_tools(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> McpToolList:
        """The fixed tools that the formation itself offers over MCP; not the tools of its MCP servers.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``tools``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /mcp/tools``, admin key.
        """
        return self._call("get_mcp_tools", (), timeout, headers, idempotency_key)

    def get_mcp_config(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> McpDefaults:
        """MCP defaults and servers.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``default_retry_attempts``, ``default_timeout_seconds``, ``max_tool_iterations``,
            ``max_tool_calls``, ``max_repeated_errors``, ``max_timeout_in_seconds``, ``max_tool_timeout_in_seconds``,
            ``enhance_user_prompts`` and, where known, ``servers``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /mcp``, admin key.
        """
        return self._call("get_mcp_config", (), timeout, headers, idempotency_key)

    def get_secrets(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> SecretList:
        """The names of the secrets with masked values.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``secrets``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /secrets``, admin key.
        """
        return self._call("get_secrets", (), timeout, headers, idempotency_key)

    def get_secret(
        self,
        key: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Secret:
        """One secret with its masked value, read from the secret list.

        Args:
            key: The secret's name.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``key``, ``value``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /secrets``, admin key.
        """
        return self._call("get_secret", (key,), timeout, headers, idempotency_key)

    def set_secret(
        self,
        key: str,
        value: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Message:
        """Set a secret: replaces it, or creates it when there is none.

        Args:
            key: The secret's name.
            value: The secret's value.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``PUT /secrets/{key}``, admin key.
        """
        return self._call("set_secret", (key, value), timeout, headers, idempotency_key)

    def create_secret(
        self,
        key: str,
        value: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Message:
        """Create a secret.

        The name is normalised by the runtime (upper case, underscores).

        Args:
            key: The secret's name.
            value: The secret's value.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /secrets``, admin key.
        """
        return self._call("create_secret", (key, value), timeout, headers, idempotency_key)

    def delete_secret(
        self,
        key: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Message:
        """Delete a secret.

        One that the formation still uses is refused with a conflict.

        Args:
            key: The secret's name.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /secrets/{key}``, admin key.
        """
        return self._call("delete_secret", (key,), timeout, headers, idempotency_key)

    def reload_secrets(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> SecretReload:
        """Merge the secret file on disk into memory.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``, ``added``, ``overwritten``, ``preserved``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /secrets/reload``, admin key.
        """
        return self._call("reload_secrets", (), timeout, headers, idempotency_key)

    def chat(
        self,
        payload: ChatRequest | Mapping[str, Any],
        *,
        user_id: str = "",
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> ChatResult:
        """Send a message and wait for the whole answer.

        ``session_id`` and ``request_id`` are made when the payload has none, so that the turn can be polled, cancelled
        and found again. A failed turn is a normal reply: look at ``message["metadata"]``. A turn that makes a file
        answers 500 in the shipped runtime: use ``chat_stream`` for those.

        Args:
            payload: The turn: ``message``, and optionally ``files``, ``session_id``, ``request_id``, ``agent_id``,
                ``ui_response`` and more.
            user_id: The user on whose behalf the call is made; the formation's default user when empty.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``, ``user_id``, ``session_id``, ``request_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /chat``, client key.
        """
        return self._call("chat", (payload, user_id), timeout, headers, idempotency_key)

    def chat_stream(
        self,
        payload: ChatRequest | Mapping[str, Any],
        *,
        user_id: str = "",
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> ChatStream:
        """Send a message and stream the turn.

        Closing the stream cancels the turn.

        ``session_id`` and ``request_id`` are made when the payload has none.

        Args:
            payload: The turn: ``message``, and optionally ``files``, ``session_id``, ``request_id``, ``agent_id``,
                ``ui_response`` and more.
            user_id: The user on whose behalf the call is made; the formation's default user when empty.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /chat``, client key.
        """
        return self._open("chat_stream", (payload, user_id), timeout, headers, idempotency_key)

    def audio_chat(
        self,
        payload: AudioRequest | Mapping[str, Any],
        *,
        user_id: str = "",
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> ChatResult:
        """Send voice notes (``files``, all ``audio/*``) and wait for the whole answer.

        Args:
            payload: The turn: ``message``, and optionally ``files``, ``session_id``, ``request_id``, ``agent_id``,
                ``ui_response`` and more.
            user_id: The user on whose behalf the call is made; the formation's default user when empty.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``, ``user_id``, ``session_id``, ``request_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /audiochat``, client key.
        """
        return self._call("audio_chat", (payload, user_id), timeout, headers, idempotency_key)

    def audio_chat_stream(
        self,
        payload: AudioRequest | Mapping[str, Any],
        *,
        user_id: str = "",
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> ChatStream:
        """Send voice notes (``files``, all ``audio/*``) and stream the answer.

        Args:
            payload: The turn: ``message``, and optionally ``files``, ``session_id``, ``request_id``, ``agent_id``,
                ``ui_response`` and more.
            user_id: The user on whose behalf the call is made; the formation's default user when empty.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /audiochat``, client key.
        """
        return self._open("audio_chat_stream", (payload, user_id), timeout, headers, idempotency_key)

    def get_sessions(
        self,
        user_id: str,
        limit: int | None = None,
        *,
        active_only: bool | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> SessionList:
        """A user's sessions, newest first.

        ``limit`` is 1 to 1000 (default 50).

        Args:
            user_id: The user on whose behalf the call is made.
            limit: The largest number of entries to return.
            active_only: Only sessions that are active.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``sessions``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /sessions``, client key.
        """
        return self._call("get_sessions", (user_id, limit, active_only), timeout, headers, idempotency_key)

    def get_session(
        self,
        session_id: str,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Session:
        """One session.

        Args:
            session_id: The session's id.
            user_id: The user on whose behalf the call is made.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``session_id``, ``user_id``, ``message_count``, ``active`` and, where known, ``created_at``,
            ``last_activity``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /sessions/{session_id}``, client key.
        """
        return self._call("get_session", (session_id, user_id), timeout, headers, idempotency_key)

    def get_session_messages(
        self,
        session_id: str,
        user_id: str,
        *,
        limit: int | None = None,
        before: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> SessionMessages:
        """The messages of a session, oldest first, with their embeddings.

        ``limit`` is 1 to 1000 (default 50); the shipped runtime ignores ``before`` and cuts the newest, so ask with
        ``limit=1000``.

        Args:
            session_id: The session's id.
            user_id: The user on whose behalf the call is made.
            limit: The largest number of entries to return.
            before: Only messages older than this one.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``session_id``, ``messages``, ``count``, ``has_more``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /sessions/{session_id}/messages``, client key.
        """
        return self._call(
            "get_session_messages",
            (session_id, user_id, limit, before),
            timeout,
            headers,
            idempotency_key,
        )

    def restore_session(
        self,
        session_id: str,
        user_id: str,
        messages: Sequence[RestoredMessage | Mapping[str, Any]],
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> SessionRestored:
        """Replace a session's messages.

        Each needs ``role``, ``content`` and an ISO 8601 ``timestamp``.

        Args:
            session_id: The session's id.
            user_id: The user on whose behalf the call is made.
            messages: The messages: each ``role``, ``content`` and ``timestamp``, optionally ``agent_id`` and
                ``metadata``.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``session_id``, ``messages_loaded``, ``messages_dropped``, ``message``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /sessions/{session_id}/restore``, client key.
        """
        return self._call("restore_session", (session_id, user_id, messages), timeout, headers, idempotency_key)

    def get_requests(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> RequestList:
        """Tracked requests, oldest first.

        With an empty user and the admin key: everybody's.

        Args:
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``requests``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /requests``, client or admin key.
        """
        return self._call("get_requests", (user_id,), timeout, headers, idempotency_key)

    def get_request_status(
        self,
        request_id: str,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> RequestStatus:
        """State, result or error of one request.

        Forgotten 5 minutes after its end.

        Args:
            request_id: The request's id.
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``request_id``, ``status``, ``created_at`` and, where known, ``user_id``, ``progress``,
            ``completed_at``, ``escalated``, ``result``, ``error``, ``report``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /requests/{request_id}``, client or admin key.
        """
        return self._call("get_request_status", (request_id, user_id), timeout, headers, idempotency_key)

    def cancel_request(
        self,
        request_id: str,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> RequestCancelled:
        """Ask for a running request to be cancelled.

        In the shipped runtime a turn whose answer has begun still runs to its end, and the stream of a turn that was
        cancelled never ends: to cancel a stream, close it.

        Args:
            request_id: The request's id.
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``request_id``, ``status``, ``cancellation``, ``message``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /requests/{request_id}``, client or admin key.
        """
        return self._call("cancel_request", (request_id, user_id), timeout, headers, idempotency_key)

    def get_memory_config(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """The memory section of the configuration.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The reply as a dict.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memory``, admin key.
        """
        return self._call("get_memory_config", (), timeout, headers, idempotency_key)

    def get_memories(
        self,
        user_id: str,
        limit: int | None = None,
        *,
        offset: int | None = None,
        scopes: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryList:
        """Long-term memories of a user, newest first.

        ``limit`` is 1 to 100 (default 10); ``scopes`` is a comma list of ``user``, ``group`` and ``formation``.

        Args:
            user_id: The user on whose behalf the call is made.
            limit: The largest number of entries to return.
            offset: How many entries to skip.
            scopes: The scopes to look in.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``memories``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memories``, client or admin key.
        """
        return self._call("get_memories", (user_id, limit, offset, scopes), timeout, headers, idempotency_key)

    def add_memory(
        self,
        user_id: str,
        mem_type: str,
        detail: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        scope: str | None = None,
        scope_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryCreated:
        """Store one fact about a user.

        Args:
            user_id: The user on whose behalf the call is made.
            mem_type: The kind of fact, for example ``preference``.
            detail: The fact.
            metadata: More about it, kept beside it.
            scope: Who shares it: ``user`` (default), ``group`` or ``formation``.
            scope_id: The group's id when the scope is ``group``.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``content``, ``created_at``, ``scope`` and, where known, ``id``, ``metadata``, ``scope_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /memories``, client or admin key.
        """
        return self._call(
            "add_memory",
            (user_id, mem_type, detail, metadata, scope, scope_id),
            timeout,
            headers,
            idempotency_key,
        )

    def ingest_memory(
        self,
        user_id: str,
        content: Any,
        source: str,
        *,
        source_id: str | None = None,
        timestamp: str | None = None,
        subject: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        scope: str | None = None,
        scope_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryIngested:
        """Hand in content from which memories are derived in the background.

        Poll with ``get_ingestion_status``.

        Args:
            user_id: The user on whose behalf the call is made.
            content: Text, or any JSON.
            source: Where it came from, for example ``crm``.
            source_id: The item's id at its source: the same one again is a duplicate.
            timestamp: When it happened, ISO 8601.
            subject: What or whom it is about.
            metadata: More about it, kept beside it.
            scope: Who shares it: ``user`` (default), ``group`` or ``formation``.
            scope_id: The group's id when the scope is ``group``.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``status``, ``duplicate``, ``event_id``, ``source``, ``scope`` and, where known, ``source_id``,
            ``scope_id``, ``processing_id``, ``status_url``, ``derived_events``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /memories``, client or admin key.
        """
        return self._call(
            "ingest_memory",
            (user_id, content, source, source_id, timestamp, subject, metadata, scope, scope_id),
            timeout,
            headers,
            idempotency_key,
        )

    def ingest_memories_batch(
        self,
        user_id: str,
        items: Sequence[MemoryItem | Mapping[str, Any]],
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryBatch:
        """Hand in up to 100 items at once, with a result per item.

        Each needs ``content`` and ``source``.

        Args:
            user_id: The user on whose behalf the call is made.
            items: The items, each as ``ingest_memory`` takes it.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``items``, ``counts`` and, where known, ``processing_id``, ``status_url``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /memories/batch``, client or admin key.
        """
        return self._call("ingest_memories_batch", (user_id, items), timeout, headers, idempotency_key)

    def get_ingestion_status(
        self,
        processing_id: str,
        *,
        user_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> IngestionStatus:
        """Progress of an ingestion job.

        Args:
            processing_id: The id that the submission returned.
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``processing_id``, ``status``, ``created_at`` and, where known, ``completed_at``, ``error``,
            ``items``, ``counts``, ``usage``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memories/ingestion/{processing_id}``, client or admin key.
        """
        return self._call("get_ingestion_status", (processing_id, user_id), timeout, headers, idempotency_key)

    def get_memory_provenance(
        self,
        user_id: str,
        *,
        entity: str | None = None,
        event_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Provenance:
        """Where a fact came from.

        Takes exactly one of ``entity`` and ``event_id``.

        Args:
            user_id: The user on whose behalf the call is made.
            entity: The name of an entity.
            event_id: The id of a memory event.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with, where known, ``entity``, ``facts``, ``event``, ``chain``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memories/provenance``, client or admin key.
        """
        return self._call("get_memory_provenance", (user_id, entity, event_id), timeout, headers, idempotency_key)

    def delete_memory(
        self,
        user_id: str,
        memory_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryDeleted:
        """Delete one memory.

        Args:
            user_id: The user on whose behalf the call is made.
            memory_id: The memory's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``deleted``, ``user_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /memories/{memory_id}``, client or admin key.
        """
        return self._call("delete_memory", (user_id, memory_id), timeout, headers, idempotency_key)

    def get_history(
        self,
        user_id: str,
        *,
        limit: int | None = None,
        date_from: str | None = None,
        date_to: str | None = None,
        include_sources: bool | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> History:
        """Entries of the user's narrative log, newest first.

        ``limit`` is 1 to 100 (default 10); dates are ISO 8601.

        Args:
            user_id: The user on whose behalf the call is made.
            limit: The largest number of entries to return.
            date_from: The first day.
            date_to: The last day.
            include_sources: Add where each entry came from.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``entries``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /history``, client or admin key.
        """
        return self._call(
            "get_history",
            (user_id, limit, date_from, date_to, include_sources),
            timeout,
            headers,
            idempotency_key,
        )

    def ingest_distilled_memories(
        self,
        payload: bytes | str,
        distillery_id: str,
        timestamp: str,
        signature: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> DistilledAccepted:
        """Submit a signed batch of distilled events.

        ``payload`` is sent as it is, since the signature covers its bytes.

        Args:
            payload: The batch's bytes, as they were signed.
            distillery_id: The distillery's id.
            timestamp: When it was signed, in Unix seconds.
            signature: The Ed25519 signature, in base64.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``batch_id`` and, where known, ``accepted``, ``duplicates``, ``rejected``, ``rejections``,
            ``processing_id``, ``status_url``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /memories/distilled``, client or admin key.
        """
        return self._call(
            "ingest_distilled_memories",
            (payload, distillery_id, timestamp, signature),
            timeout,
            headers,
            idempotency_key,
        )

    def get_distilled_status(
        self,
        processing_id: str,
        *,
        distillery_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> DistilledStatus:
        """Progress of a distilled batch.

        Args:
            processing_id: The id that the submission returned.
            distillery_id: The distillery's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``processing_id``, ``status``, ``created_at`` and, where known, ``batch_id``, ``completed_at``,
            ``error``, ``items``, ``counts``, ``pre_computed_vectors_used``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memories/distilled/{processing_id}``, client or admin key.
        """
        return self._call("get_distilled_status", (processing_id, distillery_id), timeout, headers, idempotency_key)

    def get_user_buffer(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> UserBuffer:
        """Statistics of a user's message buffer.

        Args:
            user_id: The user on whose behalf the call is made.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``user_id``, ``total_messages``, ``buffer_size_kb`` and, where known, ``sessions``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memory/buffer``, client or admin key.
        """
        return self._call("get_user_buffer", (user_id,), timeout, headers, idempotency_key)

    def clear_user_buffer(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> BufferCleared:
        """Clear a user's message buffer.

        Args:
            user_id: The user on whose behalf the call is made.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``, ``messages_cleared`` and, where known, ``user_id``, ``session_id``,
            ``sessions_cleared``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /memory/buffer``, client or admin key.
        """
        return self._call("clear_user_buffer", (user_id,), timeout, headers, idempotency_key)

    def clear_session_buffer(
        self,
        user_id: str,
        session_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> BufferCleared:
        """Clear one session's message buffer.

        Args:
            user_id: The user on whose behalf the call is made.
            session_id: The session's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``, ``messages_cleared`` and, where known, ``user_id``, ``session_id``,
            ``sessions_cleared``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /memory/buffer/{session_id}``, client or admin key.
        """
        return self._call("clear_session_buffer", (user_id, session_id), timeout, headers, idempotency_key)

    def clear_all_buffers(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Message:
        """Clear the message buffers of all users.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /memory/buffers``, admin key.
        """
        return self._call("clear_all_buffers", (), timeout, headers, idempotency_key)

    def clear_memory_buffers(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Message:
        """Clear the message buffers of all users (deprecated route name; the same as ``clear_all_buffers``).

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /memory/buffers``, admin key.
        """
        return self._call("clear_memory_buffers", (), timeout, headers, idempotency_key)

    def list_memory_buffers(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> BufferList:
        """The message buffers (deprecated by the runtime; see ``get_buffer_stats``).

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``buffers`` and, where known, ``total_entries``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memory/buffers``, admin key.
        """
        return self._call("list_memory_buffers", (), timeout, headers, idempotency_key)

    def get_buffer_stats(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> BufferStats:
        """Buffer totals over all users.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``total_entries``, ``total_users``, ``total_sessions``, ``buffer_size_kb``, ``max_size``,
            ``utilization``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memory/stats``, admin key.
        """
        return self._call("get_buffer_stats", (), timeout, headers, idempotency_key)

    def rebuild_memory(
        self,
        user_id: str,
        *,
        projection: str | None = None,
        dry_run: bool | None = None,
        background: bool | None = None,
        backfill: bool | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryJob:
        """Replay a user's memory events into the derived stores.

        ``projection`` is ``artifact_metadata``, ``captains_log``, ``flat_facts`` or ``knowledge_graph`` (default all).

        Args:
            user_id: The user whose memory it is.
            projection: The derived store to rebuild.
            dry_run: Only say what would be done.
            background: Answer at once and work on (the formation's default: yes).
            backfill: Make events for older rows first.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with, where known, ``user_id``, ``job_id``, ``status``, ``status_url``, ``error``, ``dry_run``,
            ``backfill``, ``source``, ``deleted_events``, ``grace_period_days``, ``rebuild_required``, ``projections``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /memory/rebuild``, admin key.
        """
        return self._call(
            "rebuild_memory",
            (user_id, projection, dry_run, background, backfill),
            timeout,
            headers,
            idempotency_key,
        )

    def get_memory_rebuild_status(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryJob:
        """Progress of a rebuild job.

        Forgotten after 5 minutes.

        Args:
            job_id: The job's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with, where known, ``user_id``, ``job_id``, ``status``, ``status_url``, ``error``, ``dry_run``,
            ``backfill``, ``source``, ``deleted_events``, ``grace_period_days``, ``rebuild_required``, ``projections``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memory/rebuild/{job_id}``, admin key.
        """
        return self._call("get_memory_rebuild_status", (job_id,), timeout, headers, idempotency_key)

    def lint_memory(
        self,
        *,
        user_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryLint:
        """Audit the memory stores, of all users or of one.

        Args:
            user_id: Only this user's memory.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``report`` and, where known, ``user_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /memory/lint``, admin key.
        """
        return self._call("lint_memory", (user_id,), timeout, headers, idempotency_key)

    def backfill_memory(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryBackfill:
        """Make memory events for rows that are older than the event log.

        Repeat until all are complete.

        Args:
            user_id: The user whose memory it is.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``user_id``, ``synthesized``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /memory/backfill``, admin key.
        """
        return self._call("backfill_memory", (user_id,), timeout, headers, idempotency_key)

    def forget_memory_source(
        self,
        user_id: str,
        source: str,
        *,
        reason: str | None = None,
        rebuild: bool | None = None,
        background: bool | None = None,
        sync: bool | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryJob:
        """Forget all that came from one source.

        With ``sync`` the reply waits for the rebuild.

        Args:
            user_id: The user whose memory it is.
            source: The source to forget.
            reason: Why, for the record.
            rebuild: Rebuild the derived stores afterwards (the formation's default: yes).
            background: Answer at once and work on (the formation's default: yes).
            sync: Wait for the rebuild.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with, where known, ``user_id``, ``job_id``, ``status``, ``status_url``, ``error``, ``dry_run``,
            ``backfill``, ``source``, ``deleted_events``, ``grace_period_days``, ``rebuild_required``, ``projections``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /memory/forget``, admin key.
        """
        return self._call(
            "forget_memory_source",
            (user_id, source, reason, rebuild, background, sync),
            timeout,
            headers,
            idempotency_key,
        )

    def get_memory_forget_status(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryJob:
        """Progress of a forget job.

        Forgotten after 5 minutes.

        Args:
            job_id: The job's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with, where known, ``user_id``, ``job_id``, ``status``, ``status_url``, ``error``, ``dry_run``,
            ``backfill``, ``source``, ``deleted_events``, ``grace_period_days``, ``rebuild_required``, ``projections``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memory/forget/{job_id}``, admin key.
        """
        return self._call("get_memory_forget_status", (job_id,), timeout, headers, idempotency_key)

    def register_distillery(
        self,
        name: str,
        public_key: str,
        *,
        description: str | None = None,
        scope: DistilleryScope | Mapping[str, Any] | None = None,
        trust_level: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Distillery:
        """Register a distillery by its public key (``ed25519:`` and base64).

        Args:
            name: A name for people.
            public_key: Its public key.
            description: A description for people.
            scope: What it may submit: ``user_ids``, ``event_types``, ``max_events_per_day``, ``max_batch_size``.
            trust_level: How far it is trusted.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``distillery_id`` and, where known, ``id``, ``formation_id``, ``name``, ``description``,
            ``public_key``, ``scope``, ``trust_level``, ``status``, ``created_at``, ``revoked_at``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /memory/distilleries``, admin key.
        """
        return self._call(
            "register_distillery",
            (name, public_key, description, scope, trust_level),
            timeout,
            headers,
            idempotency_key,
        )

    def list_distilleries(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> DistilleryList:
        """Registered distilleries.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``distilleries``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /memory/distilleries``, admin key.
        """
        return self._call("list_distilleries", (), timeout, headers, idempotency_key)

    def revoke_distillery(
        self,
        distillery_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Distillery:
        """Revoke a distillery.

        Args:
            distillery_id: The distillery's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``distillery_id`` and, where known, ``id``, ``formation_id``, ``name``, ``description``,
            ``public_key``, ``scope``, ``trust_level``, ``status``, ``created_at``, ``revoked_at``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /memory/distilleries/{distillery_id}``, admin key.
        """
        return self._call("revoke_distillery", (distillery_id,), timeout, headers, idempotency_key)

    def list_artifacts(
        self,
        user_id: str,
        *,
        limit: int | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> ArtifactList:
        """A user's artifacts, latest versions.

        ``limit`` is 1 to 100 (default 20).

        Args:
            user_id: The user on whose behalf the call is made.
            limit: The largest number of entries to return.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``artifacts``, ``count``, ``total``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /artifacts``, client or admin key.
        """
        return self._call("list_artifacts", (user_id, limit), timeout, headers, idempotency_key)

    def get_artifact(
        self,
        artifact_id: str,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Artifact:
        """One artifact without its content.

        Args:
            artifact_id: The artifact's id.
            user_id: The user on whose behalf the call is made.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id``, ``name``, ``version``, ``is_latest``, ``content_type``, ``size_bytes``, ``created_at``
            and, where known, ``category``, ``summary``, ``tags``, ``agent_id``, ``conversation_id``, ``updated_at``,
            ``last_accessed_at``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /artifacts/{artifact_id}``, client or admin key.
        """
        return self._call("get_artifact", (artifact_id, user_id), timeout, headers, idempotency_key)

    def download_artifact_content(
        self,
        artifact_id: str,
        user_id: str,
        *,
        version: int | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> bytes:
        """The bytes of an artifact.

        Args:
            artifact_id: The artifact's id.
            user_id: The user on whose behalf the call is made.
            version: The version; the latest when absent.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The bytes.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /artifacts/{artifact_id}/content``, client or admin key.
        """
        return self._call(
            "download_artifact_content",
            (artifact_id, user_id, version),
            timeout,
            headers,
            idempotency_key,
        )

    def get_artifact_versions(
        self,
        artifact_id: str,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> ArtifactVersions:
        """All versions of an artifact, newest first.

        Args:
            artifact_id: The artifact's id.
            user_id: The user on whose behalf the call is made.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``name``, ``versions``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /artifacts/{artifact_id}/versions``, client or admin key.
        """
        return self._call("get_artifact_versions", (artifact_id, user_id), timeout, headers, idempotency_key)

    def get_scheduler_config(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> SchedulerConfig:
        """The scheduler's settings.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``enabled`` and, where known, ``timezone``, ``check_interval_minutes``, ``max_concurrent_jobs``,
            ``max_failures_before_pause``, ``default_time``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /scheduler``, admin key.
        """
        return self._call("get_scheduler_config", (), timeout, headers, idempotency_key)

    def get_scheduler_jobs(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> JobList:
        """A user's scheduled jobs, newest first.

        With an empty user and the admin key: everybody's.

        Args:
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``jobs``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /scheduler/jobs``, client or admin key.
        """
        return self._call("get_scheduler_jobs", (user_id,), timeout, headers, idempotency_key)

    def get_scheduler_job(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """One scheduled job.

        Args:
            job_id: The job's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id``, ``user_id``, ``title``, ``original_prompt``, ``execution_prompt``, ``is_recurring``,
            ``status``, ``created_at``, ``total_runs``, ``total_failures``, ``consecutive_failures`` and, where known,
            ``cron_expression``, ``scheduled_for``, ``exclusion_rules``, ``updated_at``, ``last_run_at``,
            ``last_run_status``, ``last_run_failure_message``, ``job_metadata``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /scheduler/jobs/{job_id}``, admin key.
        """
        return self._call("get_scheduler_job", (job_id,), timeout, headers, idempotency_key)

    def create_scheduler_job(
        self,
        job_type: str,
        schedule: str,
        message: str,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Schedule a message.

        ``job_type`` is ``one_time`` (``schedule`` is a future ISO 8601 time) or ``recurring`` (a cron line).

        Args:
            job_type: ``one_time`` or ``recurring``.
            schedule: When: a future ISO 8601 time, or a cron line.
            message: What to tell the formation when it is time.
            user_id: The job's owner; an empty text means user "0".
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id``, ``user_id``, ``title``, ``original_prompt``, ``execution_prompt``, ``is_recurring``,
            ``status``, ``created_at``, ``total_runs``, ``total_failures``, ``consecutive_failures`` and, where known,
            ``cron_expression``, ``scheduled_for``, ``exclusion_rules``, ``updated_at``, ``last_run_at``,
            ``last_run_status``, ``last_run_failure_message``, ``job_metadata``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /scheduler/jobs``, admin key.
        """
        return self._call(
            "create_scheduler_job",
            (job_type, schedule, message, user_id),
            timeout,
            headers,
            idempotency_key,
        )

    def delete_scheduler_job(
        self,
        job_id: str,
        *,
        user_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Message:
        """Delete a scheduled job.

        Args:
            job_id: The job's id.
            user_id: The user on whose behalf the call is made; the formation's default user when empty.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /scheduler/jobs/{job_id}``, admin key.
        """
        return self._call("delete_scheduler_job", (job_id, user_id), timeout, headers, idempotency_key)

    def update_scheduler_job(
        self,
        job_id: str,
        *,
        message: str | None = None,
        schedule: str | None = None,
        title: str | None = None,
        user_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Change a scheduled job.

        A new ``message`` or ``schedule`` replaces the job: use the id in the reply from then on. Name the owner in
        ``user_id``, or the replaced job belongs to user "0".

        Args:
            job_id: The job's id.
            message: What to tell the formation when it is time.
            schedule: A future ISO 8601 time, or a cron line.
            title: A title for people.
            user_id: The job's owner; an empty text means user "0".
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id``, ``user_id``, ``title``, ``original_prompt``, ``execution_prompt``, ``is_recurring``,
            ``status``, ``created_at``, ``total_runs``, ``total_failures``, ``consecutive_failures`` and, where known,
            ``cron_expression``, ``scheduled_for``, ``exclusion_rules``, ``updated_at``, ``last_run_at``,
            ``last_run_status``, ``last_run_failure_message``, ``job_metadata``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``PUT /scheduler/jobs/{job_id}``, admin key.
        """
        return self._call(
            "update_scheduler_job",
            (job_id, message, schedule, title, user_id),
            timeout,
            headers,
            idempotency_key,
        )

    def pause_scheduler_job(
        self,
        job_id: str,
        *,
        user_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> JobState:
        """Pause a scheduled job.

        Args:
            job_id: The job's id.
            user_id: The user on whose behalf the call is made; the formation's default user when empty.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id``, ``status``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /scheduler/jobs/{job_id}/pause``, admin key.
        """
        return self._call("pause_scheduler_job", (job_id, user_id), timeout, headers, idempotency_key)

    def resume_scheduler_job(
        self,
        job_id: str,
        *,
        user_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> JobState:
        """Resume a paused job.

        Args:
            job_id: The job's id.
            user_id: The user on whose behalf the call is made; the formation's default user when empty.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``id``, ``status``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /scheduler/jobs/{job_id}/resume``, admin key.
        """
        return self._call("resume_scheduler_job", (job_id, user_id), timeout, headers, idempotency_key)

    def get_async_config(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """The async section of the configuration; empty when there is none.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The reply as a dict.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /async``, admin key.
        """
        return self._call("get_async_config", (), timeout, headers, idempotency_key)

    def get_a2a_config(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """The agent-to-agent section of the configuration; empty when there is none.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The reply as a dict.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /a2a``, admin key.
        """
        return self._call("get_a2a_config", (), timeout, headers, idempotency_key)

    def get_logging_config(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """The logging section of the configuration; empty when there is none.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The reply as a dict.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /logging``, admin key.
        """
        return self._call("get_logging_config", (), timeout, headers, idempotency_key)

    def get_logging_destinations(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> LoggingDestinations:
        """Where system and conversation logs go.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``system``, ``conversation``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /logging/destinations``, admin key.
        """
        return self._call("get_logging_destinations", (), timeout, headers, idempotency_key)

    def list_credential_services(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> CredentialServices:
        """The services for which users can store credentials.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``services``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /credentials/services``, client or admin key.
        """
        return self._call("list_credential_services", (), timeout, headers, idempotency_key)

    def list_credentials(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> CredentialList:
        """A user's credentials, redacted.

        Args:
            user_id: The user on whose behalf the call is made.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``credentials``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /credentials``, client or admin key.
        """
        return self._call("list_credentials", (user_id,), timeout, headers, idempotency_key)

    def get_credential(
        self,
        credential_id: str,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Credential:
        """One credential, redacted.

        Args:
            credential_id: The credential's id.
            user_id: The user on whose behalf the call is made.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``credential_id`` and, where known, ``service``, ``name``, ``credential_preview``,
            ``created_at``, ``updated_at``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /credentials/{credential_id}``, client or admin key.
        """
        return self._call("get_credential", (credential_id, user_id), timeout, headers, idempotency_key)

    def create_credential(
        self,
        user_id: str,
        payload: NewCredential | Mapping[str, Any],
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Credential:
        """Store a credential: ``service``, ``credential`` (an object) and optionally ``name``.

        The shipped runtime answers 500.

        Args:
            user_id: The user on whose behalf the call is made.
            payload: ``service``, ``credential`` (an object) and optionally ``name``.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``credential_id`` and, where known, ``service``, ``name``, ``credential_preview``,
            ``created_at``, ``updated_at``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /credentials``, client or admin key.
        """
        return self._call("create_credential", (user_id, payload), timeout, headers, idempotency_key)

    def delete_credential(
        self,
        credential_id: str,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> CredentialDeleted:
        """Delete a credential.

        Args:
            credential_id: The credential's id.
            user_id: The user on whose behalf the call is made.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``credential_id``, ``deleted``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /credentials/{credential_id}``, client or admin key.
        """
        return self._call("delete_credential", (credential_id, user_id), timeout, headers, idempotency_key)

    def get_user_identifiers_for_user(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> UserIdentifierList:
        """The identifiers linked to a MUXI user.

        Args:
            user_id: The user's MUXI id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``muxi_user_id``, ``identifiers``, ``count`` and, where known, ``internal_user_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /users/identifiers/{user_id}``, client key.
        """
        return self._call("get_user_identifiers_for_user", (user_id,), timeout, headers, idempotency_key)

    def link_user_identifier(
        self,
        muxi_user_id: str | None,
        identifiers: Sequence[Any],
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> UserIdentifierList:
        """Link identifiers to a MUXI user.

        Each is a text, a pair of text and type, or an object with ``identifier`` and ``type``.

        Args:
            muxi_user_id: The user's MUXI id; without one a user is made.
            identifiers: The identifiers.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``muxi_user_id``, ``identifiers``, ``count`` and, where known, ``internal_user_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /users/identifiers``, client key.
        """
        return self._call("link_user_identifier", (muxi_user_id, identifiers), timeout, headers, idempotency_key)

    def unlink_user_identifier(
        self,
        identifier: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> UserIdentifierDeleted:
        """Unlink an identifier.

        Args:
            identifier: An e-mail address, a name, or whatever else identifies the user.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``, ``muxi_user_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /users/identifiers/{identifier}``, client key.
        """
        return self._call("unlink_user_identifier", (identifier,), timeout, headers, idempotency_key)

    def resolve_user(
        self,
        identifier: str,
        create_user: bool = False,
        *,
        identifier_type: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> User:
        """Look a user up; with ``create_user`` an unknown one is created.

        Args:
            identifier: An e-mail address, a name, or whatever else identifies the user.
            create_user: Create the user when there is none.
            identifier_type: The kind of identifier, for example ``email``.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``identifier``, ``muxi_user_id``, ``internal_user_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /users/resolve``, client key.
        """
        return self._call("resolve_user", (identifier, create_user, identifier_type), timeout, headers, idempotency_key)

    def lookup_user(
        self,
        identifier: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> User:
        """Look a user up without creating one.

        Args:
            identifier: An e-mail address, a name, or whatever else identifies the user.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``identifier``, ``muxi_user_id``, ``internal_user_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /users/{identifier}``, client key.
        """
        return self._call("lookup_user", (identifier,), timeout, headers, idempotency_key)

    def get_user_channels(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> UserChannels:
        """A user's notification channels.

        Args:
            user_id: The user's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``user_id`` and, where known, ``preferred_channel``, ``channels``, ``last_channel``,
            ``timezone``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /users/{user_id}/channels``, client key.
        """
        return self._call("get_user_channels", (user_id,), timeout, headers, idempotency_key)

    def update_user_channels(
        self,
        user_id: str,
        *,
        preferred_channel: str | None = None,
        channels: Mapping[str, Any] | None = None,
        timezone: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> UserChannels:
        """Change a user's notification channels.

        An empty text clears a value, ``{}`` removes a channel.

        Args:
            user_id: The user's id.
            preferred_channel: The channel to use first.
            channels: Settings by channel name.
            timezone: The user's time zone, for example ``Europe/Berlin``.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``user_id`` and, where known, ``preferred_channel``, ``channels``, ``last_channel``,
            ``timezone``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``PUT /users/{user_id}/channels``, client key.
        """
        return self._call(
            "update_user_channels",
            (user_id, preferred_channel, channels, timezone),
            timeout,
            headers,
            idempotency_key,
        )

    def send_notification(
        self,
        user_id: str,
        message: str,
        *,
        channels: Sequence[str] | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Notification:
        """Push a text to a user over their channels.

        Args:
            user_id: The user to notify.
            message: The text to push.
            channels: Names of the channels to use, instead of the preferred one.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with, where known, ``request_id``, ``channels``, ``delivered``, ``failed``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /notifications``, client key.
        """
        return self._call("send_notification", (user_id, message, channels), timeout, headers, idempotency_key)

    def get_overlord_config(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> OverlordConfig:
        """The orchestrator's configuration.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``soul``, ``llm``, ``caching``, ``response``, ``workflow``, ``clarification``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /overlord``, admin key.
        """
        return self._call("get_overlord_config", (), timeout, headers, idempotency_key)

    def get_overlord_soul(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Soul:
        """The orchestrator's persona.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``soul``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /overlord/soul``, admin key.
        """
        return self._call("get_overlord_soul", (), timeout, headers, idempotency_key)

    def get_llm_settings(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """The language model section of the configuration.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The reply as a dict.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /llm/settings``, admin key.
        """
        return self._call("get_llm_settings", (), timeout, headers, idempotency_key)

    def get_triggers(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> TriggerList:
        """The names of the triggers.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``formation_id``, ``triggers``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /triggers``, client key.
        """
        return self._call("get_triggers", (), timeout, headers, idempotency_key)

    def get_trigger(
        self,
        name: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Trigger:
        """One trigger: its template and the data fields that it expects.

        Args:
            name: The trigger's name.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``name``, ``content`` and, where known, ``data_fields``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /triggers/{name}``, client key.
        """
        return self._call("get_trigger", (name,), timeout, headers, idempotency_key)

    def fire_trigger(
        self,
        name: str,
        data: Mapping[str, Any],
        *,
        async_mode: bool = False,
        user_id: str = "",
        session_id: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> TriggerResult:
        """Fire a trigger with data for its template.

        With ``async_mode`` the reply comes at once: poll its ``request_id``.

        Args:
            name: The trigger's name.
            data: The values for the trigger's template.
            async_mode: Answer at once and run the trigger in the background.
            user_id: The user on whose behalf the call is made; the formation's default user when empty.
            session_id: The conversation that the trigger's turn belongs to.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``status`` and, where known, ``content``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /triggers/{name}``, client key.
        """
        return self._call(
            "fire_trigger",
            (name, data, async_mode, user_id, session_id),
            timeout,
            headers,
            idempotency_key,
        )

    def get_sops(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> SopList:
        """The standard operating procedures.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``sops``, ``count``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /sops``, client key.
        """
        return self._call("get_sops", (), timeout, headers, idempotency_key)

    def get_sop(
        self,
        name: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Sop:
        """One standard operating procedure with its text.

        Args:
            name: The procedure's name.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``name``, ``title``, ``type``, ``content``, ``metadata`` and, where known, ``references``,
            ``steps``, ``agents_used``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /sops/{name}``, client key.
        """
        return self._call("get_sop", (name,), timeout, headers, idempotency_key)

    def list_skills(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> SkillList:
        """The loaded skills.

        The shipped runtime answers 500.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``skills`` and, where known, ``agent_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /skills``, client key.
        """
        return self._call("list_skills", (), timeout, headers, idempotency_key)

    def get_skill(
        self,
        name: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Skill:
        """One skill.

        The shipped runtime answers 500.

        Args:
            name: The skill's name.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``name`` and, where known, ``description``, ``license``, ``compatibility``, ``allowed_tools``,
            ``resources``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /skills/{name}``, client key.
        """
        return self._call("get_skill", (name,), timeout, headers, idempotency_key)

    def list_agent_skills(
        self,
        agent_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> SkillList:
        """The skills that one agent may use.

        The shipped runtime answers 500.

        Args:
            agent_id: The agent's id.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``skills`` and, where known, ``agent_id``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /agents/{agent_id}/skills``, client key.
        """
        return self._call("list_agent_skills", (agent_id,), timeout, headers, idempotency_key)

    def get_audit_log(
        self,
        *,
        limit: int | None = None,
        action: str | None = None,
        resource_type: str | None = None,
        since: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> AuditLog:
        """The audit log, newest entries up to ``limit`` (1 to 1000, default 100).

        ``since`` is ISO 8601.

        Args:
            limit: The largest number of entries to return.
            action: Only entries of this action.
            resource_type: Only entries about this kind of thing, for example ``agent``.
            since: Only entries after this time.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``entries``, ``total_entries``, ``limit``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /audit``, admin key.
        """
        return self._call("get_audit_log", (limit, action, resource_type, since), timeout, headers, idempotency_key)

    def clear_audit_log(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> AuditCleared:
        """Erase the audit log.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``message``, ``previous_entries_count``, ``cleared_by``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /audit``, admin key.
        """
        return self._call("clear_audit_log", (), timeout, headers, idempotency_key)

    def get_tuning(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Tuning:
        """The live tuning text (MUXI.md).

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``content``, ``path``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /tuning``, admin key.
        """
        return self._call("get_tuning", (), timeout, headers, idempotency_key)

    def replace_tuning(
        self,
        content: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> TuningWritten:
        """Replace the live tuning text; at most 32768 bytes.

        Args:
            content: The new text.
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``path``, ``bytes``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /tuning``, admin key.
        """
        return self._call("replace_tuning", (content,), timeout, headers, idempotency_key)

    def run_tuning(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> TuningRun:
        """Run one tuning pass now.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``trigger``, ``events_read``, ``segments_read``, ``entries_written``, ``dropped_sentences``,
            ``spool_committed``, ``spool_segments_kept``, ``duration_ms`` and, where known, ``benchmark_suites_run``,
            ``benchmark_skipped``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``POST /tuning/run``, admin key.
        """
        return self._call("run_tuning", (), timeout, headers, idempotency_key)

    def get_tuning_pending(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Tuning:
        """The suggested tuning text that waits for a decision.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with ``content``, ``path``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /tuning/pending``, admin key.
        """
        return self._call("get_tuning_pending", (), timeout, headers, idempotency_key)

    def apply_tuning_pending(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> TuningApplied:
        """Accept the suggested tuning text.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with, where known, ``path``, ``learnings_activated``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``PATCH /tuning/pending``, admin key.
        """
        return self._call("apply_tuning_pending", (), timeout, headers, idempotency_key)

    def dismiss_tuning_pending(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> TuningDismissed:
        """Discard the suggested tuning text.

        Args:
            timeout: Seconds for this call instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            A dict with, where known, ``learnings_dismissed``.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``DELETE /tuning/pending``, admin key.
        """
        return self._call("dismiss_tuning_pending", (), timeout, headers, idempotency_key)

    def stream_events(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Live events of a user.

        Never ends by itself; the shipped runtime sends none.

        Args:
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /events``, client or admin key.
        """
        return self._open("stream_events", (user_id,), timeout, headers, idempotency_key)

    def stream_session_events(
        self,
        session_id: str,
        user_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Live events of one session.

        Never ends by itself; the shipped runtime sends none.

        Args:
            session_id: The session's id.
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /events/{session_id}``, client or admin key.
        """
        return self._open("stream_session_events", (session_id, user_id), timeout, headers, idempotency_key)

    def stream_request(
        self,
        user_id: str,
        session_id: str,
        request_id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Live events of one request.

        The shipped runtime answers 500.

        Args:
            user_id: The user on whose behalf the call is made; may be empty with the admin key.
            session_id: The session's id.
            request_id: The request's id.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /events/{session_id}/{request_id}``, client or admin key.
        """
        return self._open("stream_request", (user_id, session_id, request_id), timeout, headers, idempotency_key)

    def stream_logs(
        self,
        filters: Mapping[str, Any] | None = None,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        request_id: str | None = None,
        agent_id: str | None = None,
        level: str | None = None,
        event_type: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> EventStream:
        """Live log entries.

        Needs at least one filter: ``user_id``, ``session_id``, ``request_id``, ``agent_id``, ``level`` (that severity
        and up) or ``event_type`` (``*`` matches any text). Never ends by itself; the shipped runtime sends none.

        Args:
            filters: The filters as a mapping; the same as the keywords below.
            user_id: Only entries about this user.
            session_id: Only entries of this session.
            request_id: Only entries of this request.
            agent_id: Only entries of this agent.
            level: Only entries of this severity and up.
            event_type: Only entries of this type; ``*`` matches any text.
            timeout: Seconds of silence after which the stream fails, instead of the client's.
            headers: More headers for this call.
            idempotency_key: The key to send instead of a fresh one.

        Returns:
            The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.

        Raises:
            MuxiError: The call failed; its subclass says how.
            ValueError: An argument or a key is missing or wrong; nothing was sent.

        HTTP: ``GET /logs``, admin key.
        """
        return self._open(
            "stream_logs",
            (filters, user_id, session_id, request_id, agent_id, level, event_type),
            timeout,
            headers,
            idempotency_key,
        )


_HOMES = {"AsyncFormationClient": "_formation_async", "FormationConfig": "config", "parse_ui_widgets": "_stream"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"muxi.{_HOMES[name]}"), name)
