//! Tracked requests.

use super::Object;
use serde_json::Value;

replies! {
    /// Tracked requests.
    pub struct RequestList {
        /// The requests, oldest first.
        pub requests: Vec<RequestStatus>,
        /// How many.
        pub count: u64,
    }

    /// State, result or error of one request.
    pub struct RequestStatus {
        /// The request's id.
        pub request_id: String,
        /// The user.
        pub user_id: Option<String>,
        /// `pending`, `processing`, `running`, `completed`, `failed`, `cancelled` or `awaiting_clarification`.
        pub status: String,
        /// How far it is, for people.
        pub progress: Option<String>,
        /// When it came, Unix seconds.
        pub created_at: f64,
        /// When it ended, Unix seconds.
        pub completed_at: Option<f64>,
        /// Whether it failed once and was tried again in the background.
        pub escalated: Option<bool>,
        /// The answer of a completed request: a text, rarely an object.
        pub result: Option<Value>,
        /// Why it failed: usually a text.
        pub error: Option<Value>,
        /// What was tried, when an escalated request failed.
        pub report: Option<Object>,
    }

    /// The result of asking for a request to be cancelled.
    pub struct RequestCancelled {
        /// The request's id.
        pub request_id: String,
        /// `cancelled`.
        pub status: String,
        /// `immediate`, or `cooperative` when it stops at its next checkpoint.
        pub cancellation: String,
        /// What was done, for people.
        pub message: String,
    }
}
