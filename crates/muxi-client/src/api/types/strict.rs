//! The parts of a reply that its type does not know, for this project's own tests.

use super::Object;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// Reports fields that a type does not know.
pub(super) trait Strict {
    /// Adds the path of each to `found`.
    fn unknown(&self, _at: &str, _found: &mut Vec<String>) {}
}

macro_rules! leaves {
    ($($ty:ty),*) => { $(impl Strict for $ty {})* };
}
leaves!(String, bool, u16, u64, i64, f64, Value, Object);

impl<T: Strict> Strict for Option<T> {
    fn unknown(&self, at: &str, found: &mut Vec<String>) {
        self.iter().for_each(|inner| inner.unknown(at, found));
    }
}

impl<T: Strict> Strict for Vec<T> {
    fn unknown(&self, at: &str, found: &mut Vec<String>) {
        self.iter().enumerate().for_each(|(i, inner)| inner.unknown(&format!("{at}[{i}]"), found));
    }
}

impl<T: Strict> Strict for BTreeMap<String, T> {
    fn unknown(&self, at: &str, found: &mut Vec<String>) {
        self.iter().for_each(|(key, inner)| inner.unknown(&format!("{at}.{key}"), found));
    }
}

/// A type's name, and what is wrong with a value of it.
pub(super) type Check = (&'static str, fn(&Value) -> Vec<String>);

/// The problems of a value as a `T`: it does not decode, holds unknown fields, or loses something.
pub(super) fn problems<T: Strict + DeserializeOwned + Serialize>(value: &Value) -> Vec<String> {
    let decoded: T = match serde_json::from_value(value.clone()) {
        Ok(decoded) => decoded,
        Err(e) => return vec![e.to_string()],
    };
    let mut found = Vec::new();
    decoded.unknown("", &mut found);
    // A widget is open beyond its kind and id.
    found.retain(|path| !path.contains(".ui["));
    for path in &mut found {
        path.insert_str(0, "unknown field ");
    }
    match serde_json::to_value(&decoded) {
        Ok(after) => lost("", value, &after, &mut found),
        Err(e) => found.push(e.to_string()),
    }
    found
}

/// Adds what `before` has and `after` has not.
fn lost(at: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                lost(&format!("{at}.{key}"), value, after.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (i, (before, after)) in before.iter().zip(after).enumerate() {
                lost(&format!("{at}[{i}]"), before, after, found);
            }
        }
        (Value::Number(before), Value::Number(after)) if before.as_f64() == after.as_f64() => {}
        _ if before == after => {}
        _ => found.push(format!("{at}: {before} became {after}")),
    }
}
