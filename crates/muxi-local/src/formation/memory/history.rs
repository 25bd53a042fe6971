//! The history of a user: their captain's log, into which conversations go once they have ended.

use super::captains_log::LOG_ENTRY;
use super::event::{Content, Event};
use crate::formation::State;
use crate::formation::http::call::Call;
use crate::formation::http::check::{query_bool, query_int};
use crate::formation::http::envelope::{Outcome, ok};
use crate::formation::ids;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Characters of a message that a summary quotes.
const QUOTED: usize = 80;
/// The source of events that were made from conversations.
const SOURCE: &str = "captains_log";
/// Minutes without a message after which a user's conversations have ended.
const IDLE_MINUTES: f64 = 30.0;

/// The beginning of a text, in quotes and on one line.
fn quoted(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(QUOTED).collect();
    let more = if short.len() < line.len() { "..." } else { "" };
    format!("\"{short}{more}\"")
}

/// One message of a user: session, time and text.
type Asked = (String, Timestamp, String);

/// Splits what a user wrote where nothing came for that long. Left out is what has not ended by `now`.
fn ended(asked: Vec<Asked>, idle: SignedDuration, now: Timestamp) -> Vec<Vec<Asked>> {
    let mut groups: Vec<Vec<Asked>> = Vec::new();
    for one in asked {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|(_, last, _)| one.1.duration_since(*last) < idle) => {
                group.push(one);
            }
            _ => groups.push(vec![one]),
        }
    }
    groups.retain(|group| group.last().is_some_and(|(_, last, _)| now.duration_since(*last) >= idle));
    groups
}

/// The summary of conversations.
fn summary(group: &[Asked]) -> String {
    let many = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let sessions: BTreeSet<&str> = group.iter().map(|(session, ..)| session.as_str()).collect();
    let mut text = format!("{} with {}.", many(sessions.len(), "conversation"), many(group.len(), "message"));
    if let Some((_, _, first)) = group.first() {
        text.push_str(&format!(" Asked first: {}", quoted(first)));
    }
    text
}

/// Puts a user's conversations that have ended into their log, as an event each. The runtime has a model sum them up,
/// together with what the log says of the day; here the new text is put behind the old one. Called before anything
/// looks at the log, so that no task has to run for it.
pub(crate) fn settle(state: &mut State, document: &Value, user: &str, now: Timestamp) {
    let minutes = document.pointer("/memory/captains_log/session_idle_minutes");
    let minutes = minutes.map_or(IDLE_MINUTES, |minutes| minutes.as_f64().unwrap_or_default());
    let Ok(idle) = SignedDuration::try_from_secs_f64(minutes * 60.0) else { return };
    if idle <= SignedDuration::ZERO {
        return;
    }
    let until = state.log.digested.get(user).copied();
    let asked = state.sessions.asked(user).into_iter().filter(|(_, time, _)| until.is_none_or(|until| *time > until));
    let asked = asked.map(|(session, time, text)| (session.to_owned(), time, text.to_owned())).collect();
    for group in ended(asked, idle, now) {
        let Some((_, last, _)) = group.last() else { continue };
        let owner = state.users.number(user, now);
        let ended = last.saturating_add(idle).unwrap_or(*last);
        let date = TimeZone::UTC.to_datetime(ended).date();
        let mut payload = Map::new();
        let mut set = |name: &str, value: Value| drop(payload.insert(name.to_owned(), value));
        let old = state.log.get(owner, date);
        let said = old.and_then(|old| old.summary.as_ref()).map(|old| format!("{old} ")).unwrap_or_default();
        set("date", json!(date.to_string()));
        set("summary", json!(said + &summary(&group)));
        set("decisions", json!(old.map(|old| old.decisions.as_slice()).unwrap_or_default()));
        set("projects", json!(old.map(|old| old.projects.as_slice()).unwrap_or_default()));
        set("context", json!(old.and_then(|old| old.context.as_ref())));
        let source = |(_, time, _): &Asked| {
            let id = format!("{:.6}", ids::as_seconds(*time));
            json!({ "source_type": "buffer_item", "source_id": id })
        };
        set("sources", group.iter().map(source).collect());
        state.log.digested.insert(user.to_owned(), *last);
        // A text of this program's own making is never refused.
        let _ = state.log.apply(owner, &payload, ended);
        state.ingestion.record(Event::new(owner, LOG_ENTRY, Content::Payload(payload), SOURCE, ended));
    }
}

pub(crate) fn list(call: &Call) -> Outcome {
    let limit = query_int(call, "limit", 1..=100, 10)?;
    // The runtime ignores what is no date.
    let date = |name: &str| call.query(name).and_then(ids::parse_date);
    let (from, to) = (date("date_from"), date("date_to"));
    let sources = query_bool(call, "include_sources")?;
    let user = call.user()?;
    let now = call.formation.now();
    let mut state = call.formation.state();
    settle(&mut state, &call.formation.spec.document, user, now);
    let owner = state.users.number(user, now);
    let wanted = |date| from.is_none_or(|from| date >= from) && to.is_none_or(|to| date <= to);
    let entries = state.log.rows(owner, wanted, limit, sources);
    ok("memory", "memory.retrieved", json!({ "count": entries.len(), "entries": entries }))
}
