//! Audit log and tuning.

use crate::api::{table::endpoints, types::IsoTime};

endpoints! { Formation;
    /// The audit log, newest entries up to `limit` (1 to 1000, default 100). `since` is ISO 8601.
    json get_audit_log -> AuditLog = GET "/audit", admin {
    } with {
        /// The largest number of entries to return.
        kw limit: u32 => query,
        /// Only entries of this action.
        kw action: String => query,
        /// Only entries about this kind of thing, for example `agent`.
        kw resource_type: String => query,
        /// Only entries after this time.
        kw since: IsoTime => query,
    }

    /// Erase the audit log.
    json clear_audit_log -> AuditCleared = DELETE "/audit", admin, query "confirm" = "clear-audit-log" {}

    /// The live tuning text (MUXI.md).
    json get_tuning -> Tuning = GET "/tuning", admin {}

    /// Replace the live tuning text; at most 32768 bytes.
    json replace_tuning -> TuningWritten = POST "/tuning", admin {
        /// The new text.
        content: String => body,
    }

    /// Run one tuning pass now.
    json run_tuning -> TuningRun = POST "/tuning/run", admin {}

    /// The suggested tuning text that waits for a decision.
    json get_tuning_pending -> Tuning = GET "/tuning/pending", admin {}

    /// Accept the suggested tuning text.
    json apply_tuning_pending -> TuningApplied = PATCH "/tuning/pending", admin {}

    /// Discard the suggested tuning text.
    json dismiss_tuning_pending -> TuningDismissed = DELETE "/tuning/pending", admin {}
}
