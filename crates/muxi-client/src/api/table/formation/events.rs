//! Live events and logs.

use crate::api::{table::endpoints, types::{LogLevel, Object}};

endpoints! { Formation;
    /// Live events of a user. Never ends by itself; the shipped runtime sends none.
    sse stream_events -> UserEvents = GET "/events", client_or_admin {
        /// The user on whose behalf the call is made; may be empty with the admin key.
        user_id: String => any_user,
    }

    /// Live events of one session. Never ends by itself; the shipped runtime sends none.
    sse stream_session_events -> UserEvents = GET "/events/{session_id}", client_or_admin {
        /// The session's id.
        session_id: String => path,
        /// The user on whose behalf the call is made; may be empty with the admin key.
        user_id: String => any_user,
    }

    /// Live events of one request. The shipped runtime answers 500.
    sse stream_request -> RequestEvents = GET "/events/{session_id}/{request_id}", client_or_admin {
        /// The user on whose behalf the call is made; may be empty with the admin key.
        user_id: String => any_user,
        /// The session's id.
        session_id: String => path,
        /// The request's id.
        request_id: String => path,
    }

    /// Live log entries. Needs at least one filter: `user_id`, `session_id`, `request_id`, `agent_id`, `level` (that
    /// severity and up) or `event_type` (`*` matches any text). Never ends by itself; the shipped runtime sends none.
    sse stream_logs -> LogEvents = GET "/logs", admin; any_of {
    } with {
        /// The filters as a mapping; the same as the keywords below.
        opt filters: Object => filters,
        /// Only entries about this user.
        kw user_id: String => query,
        /// Only entries of this session.
        kw session_id: String => query,
        /// Only entries of this request.
        kw request_id: String => query,
        /// Only entries of this agent.
        kw agent_id: String => query,
        /// Only entries of this severity and up.
        kw level: LogLevel => query,
        /// Only entries of this type; `*` matches any text.
        kw event_type: String => query,
    }
}
