//! The narrative log of a user: one entry for each day on which something happened, made when it is asked for.

use super::State;
use super::call::Call;
use super::check::{query_bool, query_int, query_time};
use super::envelope::{Outcome, ok};
use super::{ids, ingestion};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a message or a memory that a summary quotes.
const QUOTED: usize = 80;

/// What happened on one day.
#[derive(Debug)]
struct Day {
    sessions: BTreeSet<String>,
    messages: Vec<String>,
    memories: Vec<(String, String)>,
    first: Timestamp,
    last: Timestamp,
}

impl Day {
    fn at(days: &mut BTreeMap<Date, Self>, time: Timestamp) -> &mut Self {
        let day = days.entry(date(time)).or_insert_with(|| Self {
            sessions: BTreeSet::new(),
            messages: Vec::new(),
            memories: Vec::new(),
            first: time,
            last: time,
        });
        day.first = day.first.min(time);
        day.last = day.last.max(time);
        day
    }

    fn summary(&self) -> String {
        let many = |count: usize, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
        let mut text = format!(
            "{} with {}, {}.",
            many(self.sessions.len(), "conversation", "conversations"),
            many(self.messages.len(), "message", "messages"),
            many(self.memories.len(), "memory", "memories"),
        );
        if let Some(first) = self.messages.first() {
            text.push_str(&format!(" Asked first: {}", quoted(first)));
        }
        if let Some((_, last)) = self.memories.last() {
            text.push_str(&format!(" Remembered last: {}", quoted(last)));
        }
        text
    }

    fn entry(&self, date: Date, sources: bool) -> Value {
        let remembered: Vec<&String> = self.memories.iter().map(|(_, content)| content).collect();
        let mut entry = json!({
            "id": format!("log_{date}"), "date": date.to_string(), "summary": self.summary(), "decisions": [],
            "projects": [], "context": { "messages": self.messages.len(), "remembered": remembered },
            "created_at": ids::iso_z(self.first), "updated_at": ids::iso_z(self.last),
        });
        if sources {
            let source = |kind: &str, id: &String| json!({ "source_type": kind, "source_id": id });
            let sessions = self.sessions.iter().map(|id| source("session", id));
            let memories = self.memories.iter().map(|(id, _)| source("memory", id));
            entry["sources"] = json!(sessions.chain(memories).collect::<Vec<Value>>());
        }
        entry
    }
}

fn date(time: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(time).date()
}

/// The beginning of a text, in quotes and on one line.
fn quoted(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(QUOTED).collect();
    let more = if short.len() < line.len() { "..." } else { "" };
    format!("\"{short}{more}\"")
}

/// The days of a user, in UTC.
fn days(state: &State, user: &str, owner: u64) -> BTreeMap<Date, Day> {
    let mut days = BTreeMap::new();
    for (session, time, text) in state.sessions.asked(user) {
        let day = Day::at(&mut days, time);
        day.sessions.insert(session.to_owned());
        day.messages.push(text.to_owned());
    }
    for (id, time, content) in state.memories.of(owner) {
        Day::at(&mut days, time).memories.push((id.to_owned(), content.to_owned()));
    }
    days
}

/// How many days a user's log has.
pub(super) fn count(state: &State, user: &str, owner: u64) -> usize {
    days(state, user, owner).len()
}

pub(super) fn list(call: &Call) -> Outcome {
    let limit = query_int(call, "limit", 1..=100, 10)?;
    let (from, to) = (query_time(call, "date_from")?.map(date), query_time(call, "date_to")?.map(date));
    let sources = query_bool(call, "include_sources")?;
    let user = call.user()?;
    let now = call.formation.now();
    let mut state = call.formation.state();
    ingestion::settle(&mut state, now);
    let owner = state.users.number(user, now);
    let days = days(&state, user, owner);
    let wanted = |(date, _): &(&Date, &Day)| from.is_none_or(|from| **date >= from) && to.is_none_or(|to| **date <= to);
    let entries: Vec<Value> =
        days.iter().rev().filter(wanted).take(limit).map(|(date, day)| day.entry(*date, sources)).collect();
    ok("memory", "memory.retrieved", json!({ "count": entries.len(), "entries": entries }))
}
