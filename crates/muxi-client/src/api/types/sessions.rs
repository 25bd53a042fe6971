//! Sessions and their messages.

use super::{Role, UnixTime};

replies! {
    /// A user's sessions.
    pub struct SessionList {
        /// The sessions, newest first.
        pub sessions: Vec<SessionSummary>,
        /// The number of sessions.
        pub count: u64,
    }

    /// One session in a list.
    pub struct SessionSummary {
        /// The session's id.
        pub session_id: String,
        /// The user.
        pub user_id: String,
        /// When something was said last, Unix seconds.
        pub last_activity: Option<UnixTime>,
        /// True if it is active.
        pub active: bool,
    }

    /// One session.
    pub struct Session {
        /// The session's id.
        pub session_id: String,
        /// The user.
        pub user_id: String,
        /// The number of its messages.
        pub message_count: u64,
        /// True if it is active.
        pub active: bool,
        /// When it began, Unix seconds.
        pub created_at: Option<UnixTime>,
        /// When something was said last, Unix seconds.
        pub last_activity: Option<UnixTime>,
    }

    /// The messages of a session.
    pub struct SessionMessages {
        /// The session's id.
        pub session_id: String,
        /// The messages, oldest first.
        pub messages: Vec<SessionMessage>,
        /// The number of messages in this reply.
        pub count: u64,
        /// True if there are more.
        pub has_more: bool,
    }

    /// One message of a session.
    pub struct SessionMessage {
        /// The text of the message.
        pub text: String,
        /// The message's author and place.
        pub metadata: MessageMetadata,
        /// When it was stored, Unix seconds.
        pub timestamp: UnixTime,
        /// The part of the memory it lies in, such as `buffer`.
        pub namespace: Option<String>,
        /// Its embedding; none for restored messages.
        pub embedding: Option<Vec<f64>>,
    }

    /// The author and the place of a message.
    pub struct MessageMetadata {
        /// `user` or `assistant`.
        pub role: Role,
        /// When it was said, Unix seconds.
        pub timestamp: Option<UnixTime>,
        /// The agent, such as `overlord`.
        pub agent_id: Option<String>,
        /// The user.
        pub user_id: Option<String>,
        /// The session.
        pub session_id: Option<String>,
        /// The request; none for restored messages.
        pub request_id: Option<String>,
        /// The formation.
        pub formation_id: Option<String>,
    }

    /// The result of restoring a session.
    pub struct SessionRestored {
        /// The session's id.
        pub session_id: String,
        /// The number of stored messages.
        pub messages_loaded: u64,
        /// The number of messages that were left out.
        pub messages_dropped: u64,
        /// A description of the outcome, for people.
        pub message: String,
    }
}
