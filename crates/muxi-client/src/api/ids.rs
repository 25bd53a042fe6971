//! The ids that a client makes.

use serde::{Deserialize, Serialize};

/// The ids of a chat turn, so that it can be polled, cancelled and found again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct TurnIds {
    /// The conversation.
    pub session_id: String,
    /// The turn.
    pub request_id: String,
}
