//! Reloading of secrets, the audit log and tuning.

use super::{IsoTime, Nullable};
use serde_json::Value;

replies! {
    /// The result of reloading the secret file.
    pub struct SecretReload {
        /// A description of the outcome, for people.
        pub message: String,
        /// Names that are new.
        pub added: Vec<String>,
        /// Names whose value was replaced.
        pub overwritten: Vec<String>,
        /// Names that only memory has.
        pub preserved: Vec<String>,
        /// The number of secrets.
        pub count: u64,
    }

    /// The audit log.
    pub struct AuditLog {
        /// The entries.
        pub entries: Vec<AuditEntry>,
        /// The number of entries in this reply.
        pub total_entries: u64,
        /// The limit on entries that was asked for.
        pub limit: u64,
    }

    /// One entry of the audit log.
    pub struct AuditEntry {
        /// When it happened, ISO 8601.
        pub timestamp: IsoTime,
        /// The request that did it.
        pub request_id: Option<String>,
        /// The action, such as `audit.cleared`.
        pub action: String,
        /// The kind of thing it was done to.
        pub resource_type: String,
        /// The thing it was done to.
        pub resource_id: Option<String>,
        /// The user who did it.
        pub user: Option<String>,
        /// The address it came from.
        pub ip: Option<String>,
        /// The result, such as `success`.
        pub result: String,
        /// The HTTP status of the reply.
        pub status_code: Option<u16>,
        /// A description of the action, for people.
        pub message: Option<String>,
        /// More about it.
        pub data: Option<Value>,
    }

    /// The result of erasing the audit log.
    pub struct AuditCleared {
        /// A description of the outcome, for people.
        pub message: String,
        /// The number of erased entries.
        pub previous_entries_count: u64,
        /// The user who erased them.
        pub cleared_by: String,
    }

    /// A tuning text.
    pub struct Tuning {
        /// The text; none when there is none.
        pub content: Nullable<String>,
        /// The file on the formation's machine; none when there is none.
        pub path: Nullable<String>,
    }

    /// A replaced tuning text.
    pub struct TuningWritten {
        /// The file on the formation's machine.
        pub path: String,
        /// The length of the text in bytes.
        pub bytes: u64,
    }

    /// An accepted suggestion.
    pub struct TuningApplied {
        /// The file on the formation's machine.
        pub path: Option<String>,
        /// The number of learnings that became active.
        pub learnings_activated: Option<u64>,
    }

    /// A discarded suggestion.
    pub struct TuningDismissed {
        /// The number of discarded learnings.
        pub learnings_dismissed: Option<u64>,
    }

    /// The result of a tuning pass.
    pub struct TuningRun {
        /// The trigger of the pass, such as `manual`.
        pub trigger: String,
        /// Events read.
        pub events_read: u64,
        /// Segments read.
        pub segments_read: u64,
        /// Entries written.
        pub entries_written: u64,
        /// Sentences left out.
        pub dropped_sentences: u64,
        /// True if the spool was committed.
        pub spool_committed: bool,
        /// True if segments of the spool were kept.
        pub spool_segments_kept: bool,
        /// Benchmarks that ran.
        #[serde(default)]
        pub benchmark_suites_run: Vec<Value>,
        /// Why no benchmark ran.
        pub benchmark_skipped: Option<String>,
        /// The duration in milliseconds.
        pub duration_ms: f64,
    }
}
