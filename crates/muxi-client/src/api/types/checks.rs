//! The problems of a value of any declared type, for this project's own tests.

use super::{
    Object, Text, admin, artifacts, chat, common, events, formation, memory, memory_admin, requests, scheduler,
    secrets, server, sessions,
    strict::{Check, problems},
    triggers, users,
};
use serde_json::Value;

/// Every declared type.
pub(super) fn checks() -> impl Iterator<Item = &'static Check> {
    [
        common::CHECKS,
        admin::CHECKS,
        artifacts::CHECKS,
        chat::CHECKS,
        events::CHECKS,
        formation::CHECKS,
        memory::CHECKS,
        memory_admin::CHECKS,
        requests::CHECKS,
        secrets::CHECKS,
        scheduler::CHECKS,
        server::CHECKS,
        sessions::CHECKS,
        triggers::CHECKS,
        users::CHECKS,
    ]
    .into_iter()
    .flatten()
}

/// The problems of a value of the named type: it does not decode, holds unknown fields, or loses something.
pub fn check(name: &str, value: &Value) -> Vec<String> {
    match checks().find(|(declared, _)| *declared == name) {
        Some((_, problems)) => problems(value),
        None if name == "Object" => problems::<Object>(value),
        None if name == "Text" => problems::<Text>(value),
        None if name == "Bytes" && value.is_string() => Vec::new(),
        None => vec![format!("no type {name}")],
    }
}
