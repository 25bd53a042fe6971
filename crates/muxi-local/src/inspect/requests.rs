//! The request log as JSON and as a stream.

use super::{Shared, bad, ok, with_type};
use crate::{
    arrivals::{Arrival, Change},
    pattern, target,
};
use axum::{
    body::Body,
    extract::{Query, RawQuery, State},
    response::Response,
};
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use serde_json::json;
use std::convert::Infallible;

/// The filters of a query.
#[derive(Debug, Default)]
struct Filter {
    operation: Option<String>,
    path: Option<String>,
    /// The first and the last status.
    status: Option<(u16, u16)>,
    since: u64,
    limit: Option<usize>,
}

impl Filter {
    fn read(pairs: &[(String, String)]) -> Result<Self, String> {
        let mut filter = Self::default();
        for (name, value) in pairs {
            let number = || value.parse::<u64>().map_err(|_| format!("{name} must be a whole number, not {value:?}"));
            match name.as_str() {
                "operation" => filter.operation = Some(operation(value)?),
                "path" => filter.path = Some(value.clone()),
                "status" => filter.status = Some(statuses(value)?),
                "since" => filter.since = number()?,
                "limit" => filter.limit = Some(usize::try_from(number()?).unwrap_or(usize::MAX)),
                _ => {
                    return Err(format!(
                        "there is no filter {name:?}; possible are operation, path, status, since, limit"
                    ));
                }
            }
        }
        Ok(filter)
    }

    fn fits(&self, arrival: &Arrival) -> bool {
        arrival.number > self.since
            && self.operation.as_ref().is_none_or(|name| arrival.operation.as_ref() == Some(name))
            && self.path.as_ref().is_none_or(|path| pattern::matches(path, &arrival.path))
            && self.status.is_none_or(|(from, to)| arrival.status.is_some_and(|got| (from..=to).contains(&got)))
    }
}

/// The name of an operation.
fn operation(name: &str) -> Result<String, String> {
    match target::operations().find(|endpoint| endpoint.name == name) {
        Some(endpoint) => Ok(endpoint.name.to_owned()),
        None => Err(format!("operation must be the name of an operation, not {name:?}{}", target::near(name))),
    }
}

/// `503`, or `5xx` for all of a kind.
fn statuses(text: &str) -> Result<(u16, u16), String> {
    if let Some(kind) = text.strip_suffix("xx").and_then(|kind| kind.parse::<u16>().ok()).filter(|kind| *kind < 10) {
        return Ok((kind * 100, kind * 100 + 99));
    }
    let status = text.parse().map_err(|_| format!("status must be such as 503 or 5xx, not {text:?}"))?;
    Ok((status, status))
}

pub(super) async fn list(State(control): Shared, Query(pairs): Query<Vec<(String, String)>>) -> Response {
    let filter = match Filter::read(&pairs) {
        Ok(filter) => filter,
        Err(message) => return bad(message),
    };
    let (mut arrivals, forgotten) = control.host.log.list(|arrival| filter.fits(arrival));
    if let Some(limit) = filter.limit {
        arrivals.drain(..arrivals.len().saturating_sub(limit));
    }
    ok(&json!({ "requests": arrivals, "forgotten": forgotten }))
}

pub(super) async fn clear(State(control): Shared, RawQuery(query): RawQuery) -> Response {
    if let Some(refusal) = super::no_query("requests", query) {
        return refusal;
    }
    control.host.log.clear();
    ok(&json!({ "requests": [], "forgotten": 0 }))
}

/// Requests as they come and as more is known of them, after number `since` (or the last one that a browser saw).
pub(super) async fn stream(
    State(control): Shared,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let since = match Filter::read(&pairs) {
        Ok(filter) => seen.unwrap_or(filter.since),
        Err(message) => return bad(message),
    };
    let (past, changes) = control.host.log.watch(since);
    let past = stream::iter(past.into_iter().map(|arrival| frame(&arrival)));
    let changes = stream::unfold(changes, |mut changes| async {
        // A watcher that is too slow, or a server that ends: the stream ends, and a browser asks again.
        let frame = match changes.recv().await.ok()? {
            Change::Arrival(arrival) => frame(&arrival),
            Change::Cleared => "event: cleared\ndata: {}\n\n".to_owned(),
        };
        Some((frame, changes))
    });
    // The comment makes the head go out before anything has happened.
    let start = stream::iter([": open\n\n".to_owned()]);
    with_type("text/event-stream", Body::from_stream(start.chain(past).chain(changes).map(Ok::<_, Infallible>)))
}

fn frame(arrival: &Arrival) -> String {
    format!("event: arrival\nid: {}\ndata: {}\n\n", arrival.number, json!(arrival))
}
