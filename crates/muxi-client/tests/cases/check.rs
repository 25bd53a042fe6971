//! Compares what came of a case with what it expects.

use crate::{
    calls::Ran,
    case::{Expect, ExpectedError, ExpectedRequest, SECRET},
};
use muxi_client::{Error, api::auth::Signer};
use scripted::{Log, Recorded, Server};
use serde_json::Value;
use std::{
    collections::HashSet,
    fmt::Debug,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

type Checked = Result<(), String>;

pub fn check(expect: &Expect, ran: &Ran, server: &Server) -> Checked {
    let log = settled(server, expect.closed);
    check_log(expect, &log).and_then(|()| check_outcome(expect, ran)).map_err(|why| {
        format!("{why}\n  outcome: {ran:?}\n  requests: {:#?}\n  closed by the client: {:?}", log.requests, log.closed)
    })
}

/// The log; when connections are to be closed, as soon as all are; when none is to be, after a while.
fn settled(server: &Server, closed: Option<bool>) -> Log {
    if closed == Some(false) {
        thread::sleep(Duration::from_millis(100));
    }
    let end = Instant::now() + Duration::from_secs(2);
    loop {
        let log = server.log();
        if closed != Some(true) || log.closed.len() >= log.connections || Instant::now() > end {
            return log;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn check_log(expect: &Expect, log: &Log) -> Checked {
    equal("what went against the script", &log.wrong, &Vec::new())?;
    if let Some(requests) = &expect.requests {
        equal("number of requests", &log.requests.len(), &requests.len())?;
        for (at, (got, want)) in log.requests.iter().zip(requests).enumerate() {
            check_request(got, want).map_err(|why| format!("request {}: {why}", at + 1))?;
        }
    }
    equal("unrequested replies", &log.left, &0)?;
    let values = |name: &String| log.requests.iter().map(|r| r.headers.get(name).cloned()).collect::<Vec<_>>();
    let distinct = |name| values(name).into_iter().collect::<HashSet<_>>().len();
    for name in &expect.same {
        equal(&format!("different values of {name}"), &distinct(name), &1)?;
    }
    for name in &expect.differs {
        equal(&format!("different values of {name}"), &distinct(name), &log.requests.len())?;
    }
    if let Some(connections) = expect.connections {
        equal("connections", &log.connections, &connections)?;
    }
    if let Some(closed) = expect.closed {
        equal("connections closed by the client", &log.closed.len(), &if closed { log.connections } else { 0 })?;
    }
    Ok(())
}

fn check_request(got: &Recorded, want: &ExpectedRequest) -> Checked {
    let Recorded { method, target, headers, body, .. } = got;
    given("method", method, want.method.as_ref())?;
    given("target", target, want.target.as_ref())?;
    given("body", body, want.body.as_ref())?;
    given("size", &got.size, want.size.as_ref())?;
    for (name, value) in &want.headers {
        match (headers.get(name), value.as_deref()) {
            (Some(_), Some("*")) | (None, None) => {}
            (got, want) => equal(&format!("header {name}"), &got.map(String::as_str), &want)?,
        }
    }
    if let Some(want) = &want.json {
        let got = serde_json::from_str(body).map_err(|e| format!("the body {body:?} is not JSON: {e}"))?;
        matches_pattern("body", &got, want)?;
    }
    match &want.signed {
        Some(path) => check_signature(headers.get("authorization").map_or("", |text| text), method, path),
        None => Ok(()),
    }
}

/// `"*"` in the pattern stands for any text; all else must be equal.
fn matches_pattern(at: &str, got: &Value, want: &Value) -> Checked {
    match (got, want) {
        (Value::String(_), Value::String(any)) if any == "*" => Ok(()),
        (Value::Object(got), Value::Object(want)) if got.keys().collect::<HashSet<_>>() == want.keys().collect() => {
            want.iter().try_for_each(|(key, want)| matches_pattern(&format!("{at}.{key}"), &got[key], want))
        }
        _ => equal(at, got, want),
    }
}

fn check_signature(header: &str, method: &str, path: &str) -> Checked {
    let bad = || format!("the signature does not fit {path:?}: {header:?}");
    let rest = header.strip_prefix("MUXI-HMAC key=MUXI_case, timestamp=").ok_or_else(bad)?;
    let (timestamp, signature) = rest.split_once(", signature=").ok_or_else(bad)?;
    let timestamp: u64 = timestamp.parse().map_err(|_| bad())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let fits = Signer::new("MUXI_case", SECRET).verify(timestamp, method, path, signature);
    if fits && now.abs_diff(timestamp) < 60 { Ok(()) } else { Err(bad()) }
}

fn check_outcome(expect: &Expect, ran: &Ran) -> Checked {
    match (&expect.error, &ran.error) {
        (Some(want), Some(got)) => check_error(got, want)?,
        (None, Some(got)) => return Err(format!("it failed: {got}")),
        (Some(want), None) => return Err(format!("it did not fail, but should have: {want:?}")),
        (None, None) => {}
    }
    if let Some(want) = &expect.result {
        has_part("result", ran.result.as_ref().unwrap_or(&Value::Null), want)?;
    }
    for key in &expect.absent {
        equal(&format!("result.{key}"), &ran.result.as_ref().and_then(|r| r.get(key)), &None)?;
    }
    for (key, want) in &expect.metadata {
        equal(&format!("metadata {key}"), ran.metadata.get(key).unwrap_or(&Value::Null), want)?;
    }
    given("events", &ran.events, expect.events.as_ref())?;
    given("number of events", &ran.events.len(), expect.count.as_ref())?;
    if let Some(want) = &expect.last {
        equal("last event", &ran.events.last(), &Some(want))?;
    }
    for text in &expect.contains {
        if !ran.events.iter().any(|(_, data)| data.contains(text)) {
            return Err(format!("no event holds {text:?}"));
        }
    }
    given("relayed", &ran.relayed, expect.relayed.as_ref())?;
    let least = expect.seconds.min.unwrap_or(0.0);
    if ran.seconds < least {
        return Err(format!("it took {} s, not at least {least} s", ran.seconds));
    }
    Ok(())
}

fn check_error(got: &Error, want: &ExpectedError) -> Checked {
    equal("kind of error", &got.kind().name(), &want.kind.as_str())?;
    given("code", &got.code().to_owned(), want.code.as_ref())?;
    given("status", &got.status().unwrap_or(0), want.status.as_ref())?;
    given("retry_after", &got.retry_after().map(|d| d.as_secs_f64()), want.retry_after.map(Some).as_ref())?;
    given("request_id", &got.request_id(), want.request_id.as_deref().map(Some).as_ref())?;
    given("session_id", &got.session_id(), want.session_id.as_deref().map(Some).as_ref())?;
    given("attempts", &got.attempts(), want.attempts.as_ref())?;
    given("text", &got.to_string(), want.text.as_ref())?;
    given("body", &String::from_utf8_lossy(got.body()).into_owned(), want.body.as_ref())?;
    if let Some(text) = want.message.iter().find(|text| !got.message().contains(*text)) {
        return Err(format!("the message {:?} lacks {text:?}", got.message()));
    }
    if let Some(text) = want.without.iter().find(|text| format!("{got:?} {got}").contains(*text)) {
        return Err(format!("the message {:?} must not hold {text:?}", got.message()));
    }
    match &want.details {
        Some(want) => has_part("details", &Value::Object(got.details().clone()), want),
        None => Ok(()),
    }
}

/// Objects may have more than is wanted; all else must be equal.
fn has_part(at: &str, got: &Value, want: &Value) -> Checked {
    match (got, want) {
        (Value::Object(got), Value::Object(want)) => want.iter().try_for_each(|(key, want)| {
            let got = got.get(key).ok_or_else(|| format!("{at} has no {key}"))?;
            has_part(&format!("{at}.{key}"), got, want)
        }),
        _ => equal(at, got, want),
    }
}

fn given<T: PartialEq + Debug>(what: &str, got: &T, want: Option<&T>) -> Checked {
    want.map_or(Ok(()), |want| equal(what, got, want))
}

fn equal<T: PartialEq + Debug>(what: &str, got: &T, want: &T) -> Checked {
    if got == want { Ok(()) } else { Err(format!("{what}: {got:?}, not {want:?}")) }
}
