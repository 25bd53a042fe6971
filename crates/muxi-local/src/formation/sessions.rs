//! Sessions, their messages, and the message buffer that holds them.

use super::call::Call;
use super::check::{Check, query_bool, query_int};
use super::envelope::{Failure, Outcome, ok};
use super::ids;
use super::responder::Said;
use crate::quirks::Quirk;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// Numbers of an embedding.
const EMBEDDING: usize = 768;
/// Sessions kept before the oldest goes.
const MOST: usize = 10_000;

/// One conversation of one user.
#[derive(Debug)]
struct Session {
    id: String,
    user: String,
    created_at: f64,
    last_activity: f64,
    rows: Vec<Value>,
    /// The request that waits for the user's answer.
    question: Option<(String, u64)>,
}

/// All sessions, by user and id.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: HashMap<(String, String), Session>,
    /// The keys in the order of their making.
    order: VecDeque<(String, String)>,
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

impl Session {
    /// The user's own messages: time and text.
    fn asked(&self) -> impl Iterator<Item = (Timestamp, &str)> {
        let own = self.rows.iter().filter(|row| row["metadata"]["role"] == "user");
        own.filter_map(|row| Some((ids::from_seconds(row["timestamp"].as_f64()?)?, row["text"].as_str()?)))
    }
}

impl Sessions {
    /// No sessions yet.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Changes how many rows a session keeps, from its next message on.
    pub(crate) fn resize(&mut self, limit: usize) {
        self.limit = limit;
    }

    fn find(&self, user: &str, id: &str) -> Option<&Session> {
        self.all.get(&(user.to_owned(), id.to_owned()))
    }

    fn open(&mut self, user: &str, id: &str, now: f64) -> &mut Session {
        let key = (user.to_owned(), id.to_owned());
        if !self.all.contains_key(&key) {
            if self.order.len() >= MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.all.remove(&oldest);
            }
            self.order.push_back(key.clone());
        }
        self.all.entry(key).or_insert_with(|| {
            let (id, user) = (id.to_owned(), user.to_owned());
            Session { id, user, created_at: now, last_activity: now, rows: Vec::new(), question: None }
        })
    }

    /// Stores a message of a turn.
    pub(crate) fn record(&mut self, user: &str, session_id: &str, message: &Message<'_>, now: f64) {
        let limit = self.limit;
        let session = self.open(user, session_id, now);
        session.last_activity = now;
        session.rows.push(json!({
            "text": message.text,
            "metadata": {
                "role": message.role, "timestamp": now, "agent_id": "overlord", "user_id": user,
                "session_id": session_id, "request_id": message.request_id, "formation_id": message.formation_id,
            },
            "timestamp": now, "namespace": "buffer", "embedding": null,
        }));
        let excess = session.rows.len().saturating_sub(limit);
        session.rows.drain(..excess);
    }

    /// What was said in a session, oldest first.
    pub(crate) fn history(&self, user: &str, session_id: &str) -> Vec<Said> {
        let rows = self.find(user, session_id).map_or(&[][..], |session| session.rows.as_slice());
        let said = |row: &Value| Said {
            by_user: row["metadata"]["role"] == "user",
            text: row["text"].as_str().unwrap_or_default().to_owned(),
            request_id: row["metadata"]["request_id"].as_str().map(str::to_owned),
        };
        rows.iter().map(said).collect()
    }

    /// What a user wrote, oldest first: session, time and text.
    pub(super) fn asked(&self, user: &str) -> Vec<(&str, Timestamp, &str)> {
        let mut asked = Vec::new();
        for session in self.all.values().filter(|session| session.user == user) {
            asked.extend(session.asked().map(|(time, text)| (session.id.as_str(), time, text)));
        }
        asked.sort_by_key(|(_, time, _)| *time);
        asked
    }

    /// What all users wrote after a time: session, time and text, oldest first.
    pub(super) fn asked_since(&self, since: Option<Timestamp>) -> Vec<(&str, Timestamp, &str)> {
        let mut asked = Vec::new();
        for session in self.all.values() {
            let new = session.asked().filter(|(time, _)| since.is_none_or(|since| *time > since));
            asked.extend(new.map(|(time, text)| (session.id.as_str(), time, text)));
        }
        asked.sort_by_key(|(_, time, _)| *time);
        asked
    }

    /// Notes that a request waits for an answer in this session.
    pub(crate) fn ask(&mut self, user: &str, session_id: &str, request: (String, u64), now: f64) {
        self.open(user, session_id, now).question = Some(request);
    }

    /// The request that waited for an answer in this session.
    pub(crate) fn answered(&mut self, user: &str, session_id: &str, now: f64) -> Option<(String, u64)> {
        self.open(user, session_id, now).question.take()
    }

    /// Rows and kilobytes of a user, or of all.
    pub(crate) fn size(&self, user: Option<&str>) -> (usize, f64) {
        let mine = || self.all.values().filter(|s| user.is_none_or(|user| s.user == user)).flat_map(|s| &s.rows);
        let bytes: usize = mine().map(|row| row.to_string().len()).sum();
        (mine().count(), (bytes as f64 / 1024.0 * 100.0).round() / 100.0)
    }

    /// Users and sessions that have messages, and rows that one session may have.
    pub(crate) fn totals(&self) -> (usize, usize, usize) {
        let full = || self.all.values().filter(|session| !session.rows.is_empty());
        let users: BTreeSet<&str> = full().map(|session| session.user.as_str()).collect();
        (users.len(), full().count(), self.limit)
    }

    /// Drops those of the rows for which a buffer that all other sessions share has no room, the oldest first.
    fn drop_old(&self, user: &str, id: &str, rows: &mut Vec<Value>) {
        let time = |row: &Value| row["timestamp"].as_f64().unwrap_or_default();
        let others = self.all.values().filter(|session| session.user != user || session.id != id);
        let mut times: Vec<f64> = others.flat_map(|session| &session.rows).chain(rows.iter()).map(time).collect();
        times.sort_by(f64::total_cmp);
        if let Some(oldest) = times.len().checked_sub(self.limit).and_then(|excess| times.get(excess)) {
            rows.retain(|row| time(row) >= *oldest);
        }
    }

    /// Empties what the test picks: messages and sessions emptied.
    pub(crate) fn clear(&mut self, pick: impl Fn(&str, &str) -> bool) -> (usize, usize) {
        let (mut messages, mut sessions) = (0, 0);
        for session in self.all.values_mut().filter(|s| !s.rows.is_empty() && pick(&s.user, &s.id)) {
            messages += session.rows.len();
            sessions += 1;
            session.rows.clear();
        }
        self.all.retain(|_, session| !session.rows.is_empty());
        self.order.retain(|key| self.all.contains_key(key));
        (messages, sessions)
    }
}

pub(super) fn list(call: &Call) -> Outcome {
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

pub(super) fn get(call: &Call) -> Outcome {
    let (user, id) = (call.user()?, call.path("session_id"));
    let state = call.formation.state();
    let session =
        state.sessions.find(user, id).ok_or_else(|| Failure::no_resource(format!("Session '{id}' not found")))?;
    let data = json!({
        "session_id": session.id, "user_id": session.user, "message_count": session.rows.len(), "active": true,
        "created_at": session.created_at, "last_activity": session.last_activity,
    });
    ok("session", "session.retrieved", data)
}

/// The newest `limit` messages, oldest of them first; `before` (a time) pages back.
pub(super) fn messages(call: &Call) -> Outcome {
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
    let rows = state.sessions.find(user, id).map_or(&[][..], |session| session.rows.as_slice());
    let time = |row: &Value| row["timestamp"].as_f64().unwrap_or_default();
    let older: Vec<&Value> = rows.iter().filter(|row| before.is_none_or(|before| time(row) < before)).collect();
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

pub(super) fn restore(call: &Call) -> Outcome {
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
    let session = state.sessions.open(user, id, call.formation.seconds());
    session.rows = rows;
    session.last_activity = call.formation.seconds();
    let data = json!({
        "session_id": id, "messages_loaded": loaded, "messages_dropped": dropped,
        "message": "Session restored successfully",
    });
    ok("session", "session.restored", data)
}

pub(super) fn buffer(call: &Call) -> Outcome {
    let user = call.user()?;
    let (messages, kilobytes) = call.formation.state().sessions.size(Some(user));
    let data = json!({ "user_id": user, "total_messages": messages, "sessions": [], "buffer_size_kb": kilobytes });
    ok("memory", "memory.buffer.status", data)
}

/// Clears one user's messages; the admin key without a user clears everybody's.
pub(super) fn clear_user(call: &Call) -> Outcome {
    let user = call.user_filter()?;
    let everybody = !call.quirk(Quirk::ClearBufferNoop);
    let mut state = call.formation.state();
    let (messages, sessions) = state.sessions.clear(|owner, _| user.map_or(everybody, |user| user == owner));
    let data = json!({
        "message": "Buffer memory cleared successfully", "user_id": user, "messages_cleared": messages,
        "sessions_cleared": sessions,
    });
    ok("message", "memory.buffer.user.cleared", data)
}

pub(super) fn clear_session(call: &Call) -> Outcome {
    let (user, id) = (call.user_filter()?, call.path("session_id"));
    let mut state = call.formation.state();
    let (messages, _) = state.sessions.clear(|owner, session| session == id && user.is_none_or(|user| user == owner));
    let data = json!({
        "message": "Session buffer cleared successfully", "user_id": user, "session_id": id,
        "messages_cleared": messages,
    });
    ok("message", "memory.buffer.session.cleared", data)
}

pub(super) fn clear_all(call: &Call) -> Outcome {
    let quirk = call.quirk(Quirk::ClearBuffers500);
    let (messages, _) = call.formation.state().sessions.clear(|_, _| true);
    match messages {
        0 if quirk => return Err(Failure::unavailable("Buffer memory is not available")),
        _ if quirk => return Err(Failure::new(500, "INTERNAL_ERROR", "MEMORY_BUFFER_CLEARED")),
        _ => {}
    }
    ok("message", "memory.buffer.cleared", json!({ "message": "All buffer memory cleared successfully" }))
}

pub(super) fn stats(call: &Call) -> Outcome {
    let state = call.formation.state();
    let (entries, kilobytes) = state.sessions.size(None);
    let (users, sessions, limit) = state.sessions.totals();
    let room = (limit * sessions.max(1)) as f64;
    let data = json!({
        "total_entries": entries, "total_users": users, "total_sessions": sessions, "buffer_size_kb": kilobytes,
        "max_size": limit, "utilization": entries as f64 / room,
    });
    ok("memory", "memory.retrieved", data)
}

pub(super) fn buffers(call: &Call) -> Outcome {
    let state = call.formation.state();
    let (entries, _) = state.sessions.size(None);
    let (_, sessions, limit) = state.sessions.totals();
    let room = (limit * sessions.max(1)) as f64;
    let buffer = json!({
        "total_entries": entries, "max_size": limit, "utilization": entries as f64 / room,
        "kv_namespaces": { "buffer": entries },
    });
    ok("list", "memory.list", json!({ "buffers": [buffer] }))
}
