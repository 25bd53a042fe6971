//! The audit log of what the administrator changed.

use crate::formation::http::call::Call;
use crate::formation::http::check::{error, query_int};
use crate::formation::http::envelope::{Answer, Failure, Outcome, ok};
use crate::formation::ids;
use crate::quirks::Quirk;
use crate::store::{Rows, Table};
use jiff::Timestamp;
use muxi_client::api::table::{Auth, Endpoint};
use serde_json::{Value, json};

/// Entries kept.
const KEPT: usize = 10_000;

/// The kinds of thing that a filter may name.
const RESOURCES: [&str; 8] =
    ["agent", "secret", "mcp_server", "scheduler_job", "logging_destination", "async", "memory", OWN];
/// The kind of the log's own entries. The shipped runtime has no filter for it.
const OWN: &str = "audit_log";

/// The log, oldest entry first.
#[derive(Debug, Default)]
pub(crate) struct Audit(Table<u64, (Timestamp, Value)>);

impl Audit {
    fn add(&mut self, mut entry: Value, now: Timestamp) {
        entry["timestamp"] = json!(ids::iso_z(now).replace('Z', "+00:00"));
        self.0.push((now, entry));
        if self.0.len() > KEPT {
            self.0.pop_first();
        }
    }

    pub(crate) fn table(&mut self) -> &mut dyn Rows {
        &mut self.0
    }
}

fn entry(call: &Call, action: &str, resource: &str, id: &str, status: u16, message: &str) -> Value {
    json!({
        "timestamp": null, "request_id": call.id, "action": action, "resource_type": resource, "resource_id": id,
        "user": "admin", "ip": null, "result": "success", "status_code": status, "message": message,
    })
}

/// Notes an administrator's change that worked.
pub(crate) fn note(call: &Call, outcome: &Outcome) {
    let Ok(Answer::Data(reply)) = outcome else { return };
    let name = call.endpoint.name;
    let quirk = call.quirk(Quirk::AuditOnlyClearing);
    if quirk || !is_admin_write(call.endpoint) || name == "clear_audit_log" {
        return;
    }
    let resource = match name {
        _ if name.contains("secret") => "secret",
        _ if name.contains("scheduler_job") => "scheduler_job",
        _ if ["memory", "buffers", "distill"].iter().any(|part| name.contains(part)) => "memory",
        _ if name.contains("agent") => "agent",
        _ => return,
    };
    let own = reply.data.get("id").and_then(Value::as_str);
    let given =
        ["key", "job_id", "agent_id", "distillery_id"].iter().map(|name| call.path(name)).find(|id| !id.is_empty());
    let id = given.or(own).unwrap_or(&call.formation.spec.id);
    let message = reply.data.get("message").and_then(Value::as_str).unwrap_or(call.endpoint.name);
    let entry = entry(call, reply.kind, resource, id, reply.status.as_u16(), message);
    call.formation.state().audit.add(entry, call.formation.now());
}

pub(crate) fn list(call: &Call) -> Outcome {
    let limit = query_int(call, "limit", 1..=1000, 100)?;
    let since = match call.query("since").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(ids::parse_iso(text).ok_or_else(|| {
            let message = format!("Invalid timestamp format: {text}. Use ISO 8601 format.");
            Failure::new(400, "INVALID_PARAMETER", message)
        })?),
    };
    let resource = call.query("resource_type");
    let known = |name: &str| RESOURCES.contains(&name) && !(name == OWN && call.quirk(Quirk::AuditFilter422));
    if let Some(resource) = resource.filter(|name| !known(name)) {
        let msg = format!("Unknown resource type '{resource}'");
        return Err(Failure::invalid(vec![error("query.resource_type", &msg, "string", "invalid")]));
    }
    let action = call.query("action");
    let state = call.formation.state();
    let wanted = |(time, entry): &&(Timestamp, Value)| {
        since.is_none_or(|since| *time >= since)
            && action.is_none_or(|action| entry["action"] == action)
            && resource.is_none_or(|resource| entry["resource_type"] == resource)
    };
    let entries: Vec<&Value> =
        state.audit.0.values().rev().filter(wanted).take(limit).map(|(_, entry)| entry).collect();
    ok("audit_log", "audit.retrieved", json!({ "total_entries": entries.len(), "entries": entries, "limit": limit }))
}

pub(crate) fn clear(call: &Call) -> Outcome {
    if call.query("confirm") != Some("clear-audit-log") {
        return Err(Failure::bad("Audit log clearing requires confirm=clear-audit-log"));
    }
    let mut state = call.formation.state();
    let count = state.audit.0.len();
    state.audit.0.retain(|_, _| false);
    let message = format!("Audit log cleared by admin ({count} entries removed)");
    let mut entry = entry(call, "audit.cleared", OWN, &call.formation.spec.id, 200, &message);
    entry["data"] = json!({ "previous_entries_count": count });
    state.audit.add(entry, call.formation.now());
    let data =
        json!({ "previous_entries_count": count, "cleared_by": "admin", "message": "Audit log cleared successfully" });
    ok("audit_log", "audit.cleared", data)
}

/// True if an operation needs the admin key and changes something.
fn is_admin_write(endpoint: &Endpoint) -> bool {
    endpoint.auth == Auth::Admin && endpoint.method != "GET"
}
