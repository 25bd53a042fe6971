//! Chat turns, sessions and requests.

use crate::api::{params::{AudioRequest, ChatRequest, RestoredMessage}, table::endpoints};

endpoints! { Formation;
    /// Send a message and wait for the whole answer.
    ///
    /// `session_id` and `request_id` are made when the payload has none, so that the turn can be polled, cancelled and
    /// found again. A failed turn is a normal reply, which `raise_for_status()` (in Rust `error_for_status()`) turns
    /// into an error. A turn that makes a file answers 500 in the shipped runtime: use `chat_stream` for those.
    json chat -> ChatResult = POST "/chat", client, body "stream" = "false" {
        /// The turn: a text, or `message` and optionally `files`, `session_id`, `request_id`, `agent_id`, `ui_response`
        /// and more.
        payload: ChatRequest => turn,
    } with {
        /// The user on whose behalf the call is made; the formation's default user when empty.
        kw user_id: String => any_user = "",
    }

    /// Send a message and stream the turn. Closing the stream cancels the turn.
    ///
    /// `session_id` and `request_id` are made when the payload has none.
    sse chat_stream -> ChatEvents = POST "/chat", client, body "stream" = "true" {
        /// The turn: a text, or `message` and optionally `files`, `session_id`, `request_id`, `agent_id`, `ui_response`
        /// and more.
        payload: ChatRequest => turn,
    } with {
        /// The user on whose behalf the call is made; the formation's default user when empty.
        kw user_id: String => any_user = "",
    }

    /// Send voice notes (`files`, all `audio/*`) and wait for the whole answer.
    json audio_chat -> ChatResult = POST "/audiochat", client, body "stream" = "false" {
        /// The turn: a text, or `message` and optionally `files`, `session_id`, `request_id`, `agent_id`, `ui_response`
        /// and more.
        payload: AudioRequest => turn,
    } with {
        /// The user on whose behalf the call is made; the formation's default user when empty.
        kw user_id: String => any_user = "",
    }

    /// Send voice notes (`files`, all `audio/*`) and stream the answer.
    sse audio_chat_stream -> ChatEvents = POST "/audiochat", client, body "stream" = "true" {
        /// The turn: a text, or `message` and optionally `files`, `session_id`, `request_id`, `agent_id`, `ui_response`
        /// and more.
        payload: AudioRequest => turn,
    } with {
        /// The user on whose behalf the call is made; the formation's default user when empty.
        kw user_id: String => any_user = "",
    }

    /// A user's sessions, newest first. `limit` is 1 to 1000 (default 50).
    json get_sessions -> SessionList = GET "/sessions", client {
        /// The user on whose behalf the call is made.
        user_id: String => user,
    } with {
        /// The largest number of entries to return.
        opt limit: u32 => query,
        /// Only sessions that are active.
        kw active_only: bool => query,
    }

    /// One session.
    json get_session -> Session = GET "/sessions/{session_id}", client {
        /// The session's id.
        session_id: String => path,
        /// The user on whose behalf the call is made.
        user_id: String => user,
    }

    /// The messages of a session, oldest first, with their embeddings. `limit` is 1 to 1000 (default 50); the shipped
    /// runtime ignores `before` and cuts the newest, so ask with `limit=1000`.
    json get_session_messages -> SessionMessages = GET "/sessions/{session_id}/messages", client {
        /// The session's id.
        session_id: String => path,
        /// The user on whose behalf the call is made.
        user_id: String => user,
    } with {
        /// The largest number of entries to return.
        kw limit: u32 => query,
        /// Only messages older than this one.
        kw before: String => query,
    }

    /// Replace a session's messages. Each needs `role`, `content` and an ISO 8601 `timestamp`.
    json restore_session -> SessionRestored = POST "/sessions/{session_id}/restore", client {
        /// The session's id.
        session_id: String => path,
        /// The user on whose behalf the call is made.
        user_id: String => user,
        /// The messages: each `role`, `content` and `timestamp`, optionally `agent_id` and `metadata`.
        messages: [RestoredMessage] => body,
    }

    /// Tracked requests, oldest first. With an empty user and the admin key: everybody's.
    json get_requests -> RequestList = GET "/requests", client_or_admin {
        /// The user on whose behalf the call is made; may be empty with the admin key.
        user_id: String => any_user,
    }

    /// State, result or error of one request. Forgotten 5 minutes after its end.
    json get_request_status -> RequestStatus = GET "/requests/{request_id}", client_or_admin {
        /// The request's id.
        request_id: String => path,
        /// The user on whose behalf the call is made; may be empty with the admin key.
        user_id: String => any_user,
    }

    /// Ask for a running request to be cancelled. In the shipped runtime a turn whose answer has begun still runs to
    /// its end, and the stream of a turn that was cancelled never ends: to cancel a stream, close it.
    json cancel_request -> RequestCancelled = DELETE "/requests/{request_id}", client_or_admin {
        /// The request's id.
        request_id: String => path,
        /// The user on whose behalf the call is made; may be empty with the admin key.
        user_id: String => any_user,
    }
}
