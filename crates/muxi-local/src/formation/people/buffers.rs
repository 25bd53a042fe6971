//! The buffers of sessions: how much of a conversation a turn sees.

use crate::formation::http::call::Call;
use crate::formation::http::envelope::{Failure, Outcome, ok};
use crate::quirks::Quirk;
use serde_json::json;

pub(crate) fn buffer(call: &Call) -> Outcome {
    let user = call.user()?;
    let (messages, kilobytes) = call.formation.state().sessions.size(Some(user));
    let data = json!({ "user_id": user, "total_messages": messages, "sessions": [], "buffer_size_kb": kilobytes });
    ok("memory", "memory.buffer.status", data)
}

/// Clears one user's messages; the admin key without a user clears everybody's.
pub(crate) fn clear_user(call: &Call) -> Outcome {
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

pub(crate) fn clear_session(call: &Call) -> Outcome {
    let (user, id) = (call.user_filter()?, call.path("session_id"));
    let mut state = call.formation.state();
    let (messages, _) = state.sessions.clear(|owner, session| session == id && user.is_none_or(|user| user == owner));
    let data = json!({
        "message": "Session buffer cleared successfully", "user_id": user, "session_id": id,
        "messages_cleared": messages,
    });
    ok("message", "memory.buffer.session.cleared", data)
}

pub(crate) fn clear_all(call: &Call) -> Outcome {
    let quirk = call.quirk(Quirk::ClearBuffers500);
    let (messages, _) = call.formation.state().sessions.clear(|_, _| true);
    match messages {
        0 if quirk => return Err(Failure::unavailable("Buffer memory is not available")),
        _ if quirk => return Err(Failure::new(500, "INTERNAL_ERROR", "MEMORY_BUFFER_CLEARED")),
        _ => {}
    }
    ok("message", "memory.buffer.cleared", json!({ "message": "All buffer memory cleared successfully" }))
}

pub(crate) fn stats(call: &Call) -> Outcome {
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

pub(crate) fn buffers(call: &Call) -> Outcome {
    let state = call.formation.state();
    let (entries, _) = state.sessions.size(None);
    if entries == 0 {
        return ok("list", "memory.list", json!({ "buffers": [], "total_entries": 0 }));
    }
    let (_, sessions, limit) = state.sessions.totals();
    let room = (limit * sessions.max(1)) as f64;
    let buffer = json!({
        "total_entries": entries, "max_size": limit, "utilization": entries as f64 / room,
        "kv_namespaces": { "buffer": entries },
    });
    ok("list", "memory.list", json!({ "buffers": [buffer] }))
}
