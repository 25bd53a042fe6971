//! Reloading of secrets, the audit log and tuning.

use super::{IsoTime, Nullable};
use serde_json::Value;

replies! {
    /// The result of reloading the secret file.
    pub struct SecretReload {
        /// What was done, for people.
        pub message: String,
        /// Names that are new.
        pub added: Vec<String>,
        /// Names whose value was replaced.
        pub overwritten: Vec<String>,
        /// Names that only memory has.
        pub preserved: Vec<String>,
        /// How many secrets there are.
        pub count: u64,
    }

    /// The audit log.
    pub struct AuditLog {
        /// The entries.
        pub entries: Vec<AuditEntry>,
        /// How many entries this reply has.
        pub total_entries: u64,
        /// How many were asked for at most.
        pub limit: u64,
    }

    /// One entry of the audit log.
    pub struct AuditEntry {
        /// When it happened, ISO 8601.
        pub timestamp: IsoTime,
        /// The request that did it.
        pub request_id: Option<String>,
        /// What was done, such as `audit.cleared`.
        pub action: String,
        /// The kind of thing it was done to.
        pub resource_type: String,
        /// The thing it was done to.
        pub resource_id: Option<String>,
        /// Who did it.
        pub user: Option<String>,
        /// The address it came from.
        pub ip: Option<String>,
        /// How it went, such as `success`.
        pub result: String,
        /// The HTTP status of the reply.
        pub status_code: Option<u16>,
        /// What was done, for people.
        pub message: Option<String>,
        /// More about it.
        pub data: Option<Value>,
    }

    /// The result of erasing the audit log.
    pub struct AuditCleared {
        /// What was done, for people.
        pub message: String,
        /// How many entries were erased.
        pub previous_entries_count: u64,
        /// Who erased them.
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
        /// How many learnings became active.
        pub learnings_activated: Option<u64>,
    }

    /// A discarded suggestion.
    pub struct TuningDismissed {
        /// How many learnings were discarded.
        pub learnings_dismissed: Option<u64>,
    }

    /// The result of a tuning pass.
    pub struct TuningRun {
        /// What started it, such as `manual`.
        pub trigger: String,
        /// Events read.
        pub events_read: u64,
        /// Segments read.
        pub segments_read: u64,
        /// Entries written.
        pub entries_written: u64,
        /// Sentences left out.
        pub dropped_sentences: u64,
        /// Whether the spool was committed.
        pub spool_committed: bool,
        /// Whether segments of the spool were kept.
        pub spool_segments_kept: bool,
        /// Benchmarks that ran.
        #[serde(default)]
        pub benchmark_suites_run: Vec<Value>,
        /// Why no benchmark ran.
        pub benchmark_skipped: Option<String>,
        /// How long it took, in milliseconds.
        pub duration_ms: f64,
    }
}
