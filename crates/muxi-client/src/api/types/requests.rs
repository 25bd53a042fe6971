//! Tracked requests.

use super::{Cancellation, Object, RequestState, UnixTime};
use serde_json::Value;

replies! {
    /// Tracked requests.
    pub struct RequestList {
        /// The requests, oldest first.
        pub requests: Vec<RequestStatus>,
        /// The number of requests.
        pub count: u64,
    }

    /// State, result or error of one request.
    pub struct RequestStatus {
        /// The request's id.
        pub request_id: String,
        /// The user.
        pub user_id: Option<String>,
        /// `pending`, `processing`, `running`, `completed`, `failed`, `cancelled` or `awaiting_clarification`.
        pub status: RequestState,
        /// Its progress, for people.
        pub progress: Option<String>,
        /// When it came, Unix seconds.
        pub created_at: UnixTime,
        /// When it ended, Unix seconds.
        pub completed_at: Option<UnixTime>,
        /// True if it failed once and was tried again in the background.
        pub escalated: Option<bool>,
        /// The answer of a completed request: a text, rarely an object.
        pub result: Option<Value>,
        /// Why it failed: usually a text.
        pub error: Option<Value>,
        /// The attempts, when an escalated request failed.
        pub report: Option<Object>,
    }

    /// The result of asking for a request to be cancelled.
    pub struct RequestCancelled {
        /// The request's id.
        pub request_id: String,
        /// `cancelled`.
        pub status: RequestState,
        /// `immediate`, or `cooperative` when it stops at its next checkpoint.
        pub cancellation: Cancellation,
        /// A description of the outcome, for people.
        pub message: String,
    }
}
