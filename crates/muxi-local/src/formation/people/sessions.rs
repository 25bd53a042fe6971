//! Sessions, their messages, and the message buffer that holds them.

use crate::formation::http::call::Call;
use crate::formation::http::check::{Check, query_bool, query_int};
use crate::formation::http::envelope::{Failure, Outcome, ok};
use crate::formation::ids;
use crate::formation::responder::Said;
use crate::quirks::Quirk;
use crate::store::{Rows, Table};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// Numbers of an embedding.
const EMBEDDING: usize = 768;
/// Bytes of the text of an empty list, as the runtime measures it.
const EMPTY_TEXT: usize = 51;
/// Sessions kept before the oldest goes.
const MOST: usize = 10_000;

/// One conversation of one user.
#[derive(Debug, Serialize, Deserialize)]
struct Session {
    id: String,
    user: String,
    created_at: f64,
    last_activity: f64,
    /// The request that waits for the user's answer.
    question: Option<(String, u64)>,
}

/// All sessions, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: Table<u64, Session>,
    /// The messages by the number of their session and their own.
    rows: Table<(u64, u64), Value>,
    /// The numbers of the sessions, by user and id.
    numbers: HashMap<(String, String), u64>,
    /// Rows kept per session.
    limit: usize,
}

/// A message as a turn stores it.
pub(crate) struct Message<'a> {
    pub(crate) role: &'static str,
    pub(crate) text: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) formation_id: &'a str,
}

impl Sessions {
    /// Sets how many messages a session keeps; those that have more lose them with the next one.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    pub(crate) fn tables(&mut self) -> [&mut dyn Rows; 2] {
        [&mut self.all, &mut self.rows]
    }

    /// Finds the stored sessions by their names.
    pub(crate) fn index(&mut self) {
        let name = |(number, session): (&u64, &Session)| ((session.user.clone(), session.id.clone()), *number);
        self.numbers = self.all.iter().map(name).collect();
    }

    /// The turns that wait for an answer.
    pub(crate) fn waiting(&self) -> Vec<u64> {
        self.all.values().filter_map(|session| session.question.as_ref()).map(|(_, serial)| *serial).collect()
    }

    fn find(&self, user: &str, id: &str) -> Option<(u64, &Session)> {
        let number = *self.numbers.get(&(user.to_owned(), id.to_owned()))?;
        Some((number, self.all.get(&number)?))
    }

    /// The number of a session, which is made where it is missing.
    fn open(&mut self, user: &str, id: &str, now: f64) -> u64 {
        if let Some((number, _)) = self.find(user, id) {
            return number;
        }
        if self.all.len() >= MOST
            && let Some((oldest, session)) = self.all.pop_first()
        {
            self.numbers.remove(&(session.user, session.id));
            self.empty(oldest);
        }
        let (user, id) = (user.to_owned(), id.to_owned());
        let name = (user.clone(), id.clone());
        let number = self.all.push(Session { id, user, created_at: now, last_activity: now, question: None });
        self.numbers.insert(name, number);
        number
    }

    /// The messages of a session, oldest first.
    fn rows(&self, number: u64) -> impl DoubleEndedIterator<Item = &Value> {
        self.rows.range((number, 0)..=(number, u64::MAX)).map(|(_, row)| row)
    }

    /// The numbers of a session's oldest and of its newest message.
    fn ends(&self, number: u64) -> Option<(u64, u64)> {
        let mut keys = self.rows.range((number, 0)..=(number, u64::MAX)).map(|((_, row), _)| *row);
        let first = keys.next()?;
        Some((first, keys.next_back().unwrap_or(first)))
    }

    /// The number of messages of a session. Their numbers have no gaps.
    fn count(&self, number: u64) -> usize {
        self.ends(number).map_or(0, |(first, last)| (last - first + 1) as usize)
    }

    /// Adds messages to a session; the oldest beyond the limit go.
    fn append(&mut self, number: u64, rows: Vec<Value>, now: f64) {
        let next = self.ends(number).map_or(1, |(_, last)| last + 1);
        for (place, row) in (next..).zip(rows) {
            self.rows.insert((number, place), row);
        }
        if let Some((first, last)) = self.ends(number) {
            for place in first..(last + 1).saturating_sub(self.limit as u64) {
                self.rows.remove(&(number, place));
            }
        }
        if let Some(session) = self.all.get_mut(&number) {
            session.last_activity = now;
        }
    }

    /// Takes a session's messages away; gives their number.
    fn empty(&mut self, number: u64) -> usize {
        let count = self.count(number);
        if let Some((first, last)) = self.ends(number) {
            for place in first..=last {
                self.rows.remove(&(number, place));
            }
        }
        count
    }

    /// Stores a message of a turn.
    pub(crate) fn record(&mut self, user: &str, session_id: &str, message: &Message<'_>, now: f64) {
        let number = self.open(user, session_id, now);
        let row = json!({
            "text": message.text,
            "metadata": {
                "role": message.role, "timestamp": now, "agent_id": "overlord", "user_id": user,
                "session_id": session_id, "request_id": message.request_id, "formation_id": message.formation_id,
            },
            "timestamp": now, "namespace": "buffer", "embedding": null,
        });
        self.append(number, vec![row], now);
    }

    /// The messages of a session, oldest first.
    pub(crate) fn history(&self, user: &str, session_id: &str) -> Vec<Said> {
        let rows = self.find(user, session_id).into_iter().flat_map(|(number, _)| self.rows(number));
        let said = |row: &Value| Said {
            by_user: row["metadata"]["role"] == "user",
            text: row["text"].as_str().unwrap_or_default().to_owned(),
            request_id: row["metadata"]["request_id"].as_str().map(str::to_owned),
        };
        rows.map(said).collect()
    }

    /// The user's own messages in a session: time and text. Restored messages are left out if only `turns` count.
    fn asked_in(&self, number: u64, turns: bool) -> impl Iterator<Item = (Timestamp, &str)> {
        let own = self.rows(number).filter(|row| row["metadata"]["role"] == "user");
        let own = own.filter(move |row| !turns || row["metadata"]["request_id"].is_string());
        own.filter_map(|row| Some((ids::from_seconds(row["timestamp"].as_f64()?)?, row["text"].as_str()?)))
    }

    /// The messages of a user's turns, oldest first: session, time and text.
    pub(crate) fn asked(&self, user: &str) -> Vec<(&str, Timestamp, &str)> {
        let mut asked = Vec::new();
        for (number, session) in self.all.iter().filter(|(_, session)| session.user == user) {
            asked.extend(self.asked_in(*number, true).map(|(time, text)| (session.id.as_str(), time, text)));
        }
        asked.sort_by_key(|(_, time, _)| *time);
        asked
    }

    /// The messages of all users after a time: session, time and text, oldest first.
    pub(crate) fn asked_since(&self, since: Option<Timestamp>) -> Vec<(&str, Timestamp, &str)> {
        let mut asked = Vec::new();
        for (number, session) in self.all.iter() {
            let new = self.asked_in(*number, false).filter(|(time, _)| since.is_none_or(|since| *time > since));
            asked.extend(new.map(|(time, text)| (session.id.as_str(), time, text)));
        }
        asked.sort_by_key(|(_, time, _)| *time);
        asked
    }

    /// Notes that a request waits for an answer in this session.
    pub(crate) fn ask(&mut self, user: &str, session_id: &str, request: (String, u64), now: f64) {
        let number = self.open(user, session_id, now);
        if let Some(session) = self.all.get_mut(&number) {
            session.question = Some(request);
        }
    }

    /// The request that waited for an answer in this session.
    pub(crate) fn answered(&mut self, user: &str, session_id: &str) -> Option<(String, u64)> {
        let (number, session) = self.find(user, session_id)?;
        session.question.as_ref()?;
        self.all.get_mut(&number)?.question.take()
    }

    /// Rows and kilobytes of a user, or of all.
    pub(crate) fn size(&self, user: Option<&str>) -> (usize, Value) {
        let wanted = |session: &Session| user.is_none_or(|user| session.user == user);
        let mine = || self.all.iter().filter(|(_, session)| wanted(session)).flat_map(|(number, _)| self.rows(*number));
        let bytes: usize = mine().map(|row| row.to_string().len()).sum();
        // The runtime measures a user's as a text, which is never empty, and says the whole number 0 of no buffer.
        let around = if user.is_some() { EMPTY_TEXT } else { 0 };
        let kilobytes = ((bytes + around) as f64 / 1024.0 * 100.0).round() / 100.0;
        (mine().count(), if bytes + around == 0 { json!(0) } else { json!(kilobytes) })
    }

    /// Users and sessions that have messages, and rows that one session may have.
    pub(crate) fn totals(&self) -> (usize, usize, usize) {
        let full = || self.all.iter().filter(|(number, _)| self.ends(**number).is_some());
        let users: BTreeSet<&str> = full().map(|(_, session)| session.user.as_str()).collect();
        (users.len(), full().count(), self.limit)
    }

    /// Drops those of the rows for which a buffer that all other sessions share has no room, the oldest first.
    fn drop_old(&self, user: &str, id: &str, rows: &mut Vec<Value>) {
        let time = |row: &Value| row["timestamp"].as_f64().unwrap_or_default();
        let replaced = self.find(user, id).map(|(number, _)| number);
        let others = self.rows.iter().filter(|((number, _), _)| Some(*number) != replaced).map(|(_, row)| row);
        let mut times: Vec<f64> = others.chain(rows.iter()).map(time).collect();
        times.sort_by(f64::total_cmp);
        if let Some(oldest) = times.len().checked_sub(self.limit).and_then(|excess| times.get(excess)) {
            rows.retain(|row| time(row) >= *oldest);
        }
    }

    /// Empties what the test picks: messages and sessions emptied.
    pub(crate) fn clear(&mut self, pick: impl Fn(&str, &str) -> bool) -> (usize, usize) {
        let (mut messages, mut sessions) = (0, 0);
        let picked: Vec<u64> =
            self.all.iter().filter(|(_, s)| pick(&s.user, &s.id)).map(|(number, _)| *number).collect();
        for number in picked {
            let count = self.empty(number);
            messages += count;
            sessions += usize::from(count > 0);
        }
        let full: BTreeSet<u64> = self.rows.keys().map(|(number, _)| *number).collect();
        self.all.retain(|number, _| full.contains(number));
        self.numbers.retain(|_, number| full.contains(number));
        (messages, sessions)
    }
}

pub(crate) fn list(call: &Call) -> Outcome {
    let limit = query_int(call, "limit", 1..=1000, 50)?;
    query_bool(call, "active_only")?;
    let user = call.user()?;
    let state = call.formation.state();
    let mut mine: Vec<&Session> = state.sessions.all.values().filter(|session| session.user == user).collect();
    mine.sort_by(|a, b| b.last_activity.total_cmp(&a.last_activity));
    let row = |s: &&Session| json!({ "session_id": s.id, "user_id": s.user, "last_activity": s.last_activity, "active": true });
    let rows: Vec<Value> = mine.iter().take(limit).map(row).collect();
    ok("session_list", "session.list", json!({ "count": rows.len(), "sessions": rows }))
}

pub(crate) fn get(call: &Call) -> Outcome {
    let (user, id) = (call.user()?, call.path("session_id"));
    let state = call.formation.state();
    let (number, session) =
        state.sessions.find(user, id).ok_or_else(|| Failure::no_resource(format!("Session '{id}' not found")))?;
    let data = json!({
        "session_id": session.id, "user_id": session.user, "message_count": state.sessions.count(number), "active": true,
        "created_at": session.created_at, "last_activity": session.last_activity,
    });
    ok("session", "session.retrieved", data)
}

/// The newest `limit` messages, oldest of them first; `before` (a time) pages back.
pub(crate) fn messages(call: &Call) -> Outcome {
    let limit = query_int(call, "limit", 1..=1000, 50)?;
    let before = match call.query("before").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => match text.parse::<f64>().ok().or_else(|| ids::parse_iso(text).map(ids::as_seconds)) {
            Some(time) => Some(time),
            None => return Err(Failure::bad("'before' must be a time in seconds or in ISO 8601")),
        },
    };
    let (user, id) = (call.user()?, call.path("session_id"));
    let oldest_first = call.quirk(Quirk::BeforeIgnored);
    let before = before.filter(|_| !oldest_first);
    let state = call.formation.state();
    let rows = state.sessions.find(user, id).into_iter().flat_map(|(number, _)| state.sessions.rows(number));
    let time = |row: &Value| row["timestamp"].as_f64().unwrap_or_default();
    let older: Vec<&Value> = rows.filter(|row| before.is_none_or(|before| time(row) < before)).collect();
    let skipped = older.len().saturating_sub(limit);
    let page = if oldest_first { &older[..older.len() - skipped] } else { &older[skipped..] };
    let mut data = json!({ "session_id": id, "messages": page, "count": page.len(), "has_more": skipped > 0 });
    if call.quirk(Quirk::MessageEmbeddings) {
        data["messages"].as_array_mut().into_iter().flatten().for_each(embed);
    }
    ok("session", "session.messages.list", data)
}

/// Adds to a row what stands for its embedding: numbers made of its text. Restored rows have none.
fn embed(row: &mut Value) {
    if row.pointer("/metadata/request_id").is_some() {
        let text = row["text"].as_str().unwrap_or_default().bytes();
        let mut random =
            fastrand::Rng::with_seed(text.fold(0, |sum: u64, byte| sum.wrapping_mul(31) + u64::from(byte)));
        row["embedding"] = (0..EMBEDDING).map(|_| random.f64() * 0.1 - 0.05).collect();
    }
}

pub(crate) fn restore(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let mut rows = Vec::new();
    let formation_id = &call.formation.spec.id;
    let (user, id) = (call.any_user().unwrap_or_default(), call.path("session_id"));
    for (index, message) in check.list("messages").iter().enumerate() {
        let mut entry = Check::entry(message, &format!("messages.{index}"));
        let (role, content, time) = (entry.text("role"), entry.text("content"), entry.text("timestamp"));
        let (agent, extra) = (entry.opt_text("agent_id"), entry.opt_object("metadata"));
        let seconds = ids::parse_iso(&time).map(ids::as_seconds);
        if seconds.is_none() && !time.is_empty() {
            entry.reject("timestamp", "Input should be a valid datetime", "invalid_format");
        }
        check.join(entry);
        let mut metadata = json!({
            "user_id": user, "session_id": id, "role": role, "timestamp": seconds, "formation_id": formation_id,
        });
        if let Some(agent) = agent {
            metadata["agent_id"] = json!(agent);
        }
        for (key, value) in extra.into_iter().flatten() {
            metadata[key] = value;
        }
        rows.push(json!({
            "text": content, "metadata": metadata, "timestamp": seconds, "namespace": "buffer", "embedding": null,
        }));
    }
    check.done()?;
    let user = call.user()?;
    let mut state = call.formation.state();
    let mut dropped = rows.len().saturating_sub(state.sessions.limit);
    rows.drain(..dropped);
    if call.quirk(Quirk::RestoredMessagesDropped) {
        let before = rows.len();
        state.sessions.drop_old(user, id, &mut rows);
        dropped += before - rows.len();
    }
    let loaded = rows.len();
    let now = call.formation.seconds();
    let number = state.sessions.open(user, id, now);
    state.sessions.empty(number);
    state.sessions.append(number, rows, now);
    let data = json!({
        "session_id": id, "messages_loaded": loaded, "messages_dropped": dropped,
        "message": "Session restored successfully",
    });
    ok("session", "session.restored", data)
}
