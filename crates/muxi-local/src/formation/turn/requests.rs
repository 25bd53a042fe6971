//! The tracker of turns, and its routes.

use crate::formation::State;
use crate::formation::http::call::Call;
use crate::formation::http::envelope::{Failure, Outcome, ok};
use crate::quirks::Quirk;
use crate::store::{Rows, Table};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::HashMap;

/// Seconds that a finished request stays known.
const KEPT: f64 = 300.0;
/// Seconds after which a running request counts as dead.
const STALE: f64 = 600.0;
/// Seconds for which the shipped runtime does not know a request that it has just accepted.
const FRESH: f64 = 0.1;
/// Requests tracked before the oldest goes.
const MOST: usize = 100_000;

/// One tracked request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) session: String,
    pub(crate) status: Cow<'static, str>,
    pub(crate) escalated: bool,
    created_at: f64,
    completed_at: Option<f64>,
    error: Option<String>,
    result: Option<Value>,
    /// Why a retried request could not be done.
    report: Option<Value>,
    /// True if its call was answered before it began.
    background: bool,
}

/// The end of a request.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Completed(Value),
    Failed(String),
    Cancelled,
}

/// All tracked requests by the number of their turn, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    rows: Table<u64, Row>,
    by_id: HashMap<String, u64>,
    total: Table<(), u64>,
    purged: f64,
}

impl Requests {
    /// Tracks a request; one with the same id is replaced. The number names this very turn.
    pub(crate) fn start(&mut self, id: &str, user: &str, session: &str, now: f64) -> u64 {
        let serial = self.total() + 1;
        self.total.insert((), serial);
        self.purge(now);
        if self.rows.len() >= MOST
            && let Some((oldest, row)) = self.rows.pop_first()
            && self.by_id.get(&row.id) == Some(&oldest)
        {
            self.by_id.remove(&row.id);
        }
        if let Some(old) = self.by_id.insert(id.to_owned(), serial) {
            self.rows.remove(&old);
        }
        let row = Row {
            id: id.to_owned(),
            user: user.to_owned(),
            session: session.to_owned(),
            status: "processing".into(),
            escalated: false,
            created_at: now,
            completed_at: None,
            error: None,
            result: None,
            report: None,
            background: false,
        };
        self.rows.insert(serial, row);
        serial
    }

    /// The number of all requests so far.
    pub(crate) fn total(&self) -> u64 {
        self.total.get(&()).copied().unwrap_or_default()
    }

    pub(crate) fn tables(&mut self) -> [&mut dyn Rows; 2] {
        [&mut self.rows, &mut self.total]
    }

    /// Takes up stored requests: those that ran have ended with their server, unless they wait for their user.
    pub(crate) fn recover(&mut self, waiting: &[u64], now: f64) {
        self.by_id = self.rows.iter().map(|(serial, row)| (row.id.clone(), *serial)).collect();
        let ended = |(serial, row): (&u64, &Row)| (row.running() && !waiting.contains(serial)).then_some(*serial);
        let ended: Vec<u64> = self.rows.iter().filter_map(ended).collect();
        for serial in ended {
            self.end(serial, End::Failed("The server was restarted while the request was running".to_owned()), now);
        }
    }

    /// Marks a request as being retried in background.
    pub(crate) fn escalate(&mut self, serial: u64) {
        if let Some(row) = self.rows.get_mut(&serial) {
            row.escalated = true;
        }
    }

    /// Marks a request as one whose call was answered before it began.
    pub(crate) fn pending(&mut self, serial: u64) {
        if let Some(row) = self.rows.get_mut(&serial) {
            row.background = true;
            row.status = "pending".into();
        }
    }

    /// A request that still runs, to be changed.
    fn running(&mut self, serial: u64) -> Option<&mut Row> {
        if self.rows.get(&serial)?.running() { self.rows.get_mut(&serial) } else { None }
    }

    /// Gives a request that still runs another status.
    pub(crate) fn mark(&mut self, serial: u64, status: &'static str) {
        if let Some(row) = self.running(serial) {
            row.status = status.into();
        }
    }

    /// Notes why a retried request could not be done. One that waits for an answer has failed with that.
    pub(crate) fn report(&mut self, serial: u64, report: Value, now: f64) {
        let detail = report["detail"].as_str().unwrap_or_default().to_owned();
        self.end(serial, End::Failed(detail), now);
        if let Some(row) = self.rows.get_mut(&serial) {
            row.report = Some(report);
        }
    }

    /// The number of the latest turn with that id.
    fn serial(&self, id: &str) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    /// Ends a request that still runs.
    pub(crate) fn end(&mut self, serial: u64, end: End, now: f64) {
        if let Some(row) = self.running(serial) {
            row.end(end, now);
        }
    }

    /// The request of that id, if it is still known.
    pub(crate) fn get(&mut self, id: &str, now: f64) -> Option<&Row> {
        self.purge(now);
        self.rows.get(self.by_id.get(id)?)
    }

    /// The number of running requests.
    pub(crate) fn active(&self) -> usize {
        self.rows.values().filter(|row| row.running()).count()
    }

    /// Forgets old requests; at most once a second, since it looks at every row.
    fn purge(&mut self, now: f64) {
        if now - self.purged < 1.0 {
            return;
        }
        self.purged = now;
        self.rows.retain(|_, row| row.completed_at.is_none_or(|end| now - end < KEPT));
        let rows = &self.rows;
        self.by_id.retain(|_, serial| rows.get(serial).is_some());
        let stale = |(serial, row): (&u64, &Row)| (row.running() && now - row.created_at > STALE).then_some(*serial);
        let stale: Vec<u64> = self.rows.iter().filter_map(stale).collect();
        for serial in stale {
            self.end(serial, End::Failed("Request timed out".to_owned()), now);
        }
    }
}

impl Row {
    pub(crate) fn running(&self) -> bool {
        self.completed_at.is_none()
    }

    fn end(&mut self, end: End, now: f64) {
        self.completed_at = Some(now);
        (self.status, self.result, self.error) = match end {
            End::Completed(result) => ("completed".into(), Some(result), None),
            End::Failed(error) => ("failed".into(), None, Some(error)),
            End::Cancelled => ("cancelled".into(), None, None),
        };
    }

    fn summary(&self) -> Value {
        let mut row = json!({
            "request_id": self.id, "user_id": self.user, "status": self.status, "progress": null,
            "created_at": self.created_at, "completed_at": self.completed_at,
        });
        if let Some(error) = &self.error {
            row["error"] = json!(error);
        }
        row
    }

    fn detail(&self) -> Value {
        let mut row = self.summary();
        if let Some(fields) = row.as_object_mut()
            && self.completed_at.is_none()
        {
            fields.remove("completed_at");
        }
        if self.escalated {
            row["escalated"] = json!(true);
        }
        for (name, value) in [("result", &self.result), ("report", &self.report)] {
            if let Some(value) = value {
                row[name] = value.clone();
            }
        }
        row
    }
}

pub(crate) fn list(call: &Call) -> Outcome {
    let user = call.user_filter()?;
    let mut state = call.formation.state();
    state.requests.purge(call.formation.seconds());
    let rows: Vec<Value> =
        state.requests.rows.values().filter(|row| user.is_none_or(|u| u == row.user)).map(Row::summary).collect();
    ok("request_list", "request.list.retrieved", json!({ "count": rows.len(), "requests": rows }))
}

/// The request a call names, if the caller may see it.
fn find<'a>(call: &Call, state: &'a mut State, code: &'static str) -> Result<&'a Row, Failure> {
    let id = call.path("request_id");
    let user = call.user_filter()?;
    let absent = Failure::new(404, code, format!("Request {id} not found"));
    let row = state.requests.get(id, call.formation.seconds()).ok_or(absent)?;
    if !call.admin && user != Some(row.user.as_str()) {
        return Err(Failure::new(403, "FORBIDDEN", "Request does not belong to this user"));
    }
    Ok(row)
}

pub(crate) fn get(call: &Call) -> Outcome {
    let mut state = call.formation.state();
    let fresh = call.quirk(Quirk::FreshRequest404).then(|| call.formation.seconds() - FRESH);
    let row = find(call, &mut state, "REQUEST_NOT_FOUND")?;
    if row.background && fresh.is_some_and(|fresh| row.created_at > fresh) {
        return Err(Failure::new(404, "REQUEST_NOT_FOUND", format!("Request {} not found", row.id)));
    }
    ok("request_status", "request.status.retrieved", row.detail())
}

/// Tells a turn to stop at its next step. A request without a running turn, one that waits for an answer, ends here.
pub(crate) fn cancel(call: &Call) -> Outcome {
    let mut state = call.formation.state();
    let row = find(call, &mut state, "NOT_FOUND")?;
    if !row.running() {
        let message = format!("Cannot cancel request {}: already {}", row.id, row.status);
        return Err(Failure::new(400, "OPERATION_FAILED", message));
    }
    let id = row.id.clone();
    let serial = state.requests.serial(&id).unwrap_or_default();
    let (cancellation, message) = if call.formation.shared.cancels.ask(serial) {
        ("cooperative", "Request marked for cancellation; it will stop at the next checkpoint")
    } else {
        state.requests.end(serial, End::Cancelled, call.formation.seconds());
        ("immediate", "Request cancelled")
    };
    let data = json!({ "request_id": id, "status": "cancelled", "cancellation": cancellation, "message": message });
    ok("request_status", "request.cancelled", data)
}
