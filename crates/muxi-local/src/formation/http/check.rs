//! Checks of bodies and queries, with the runtime's words for what is wrong.

use super::call::{Call, Payload};
use super::envelope::Failure;
use serde_json::{Map, Value, json};
use std::ops::RangeInclusive;

/// Reads the fields of a body and collects every error.
pub(crate) struct Check<'a> {
    fields: Option<&'a Map<String, Value>>,
    prefix: String,
    errors: Vec<Value>,
}

/// One entry of `validation_errors`.
pub(crate) fn error(field: &str, msg: &str, kind: &str, error: &str) -> Value {
    json!({ "field": field, "msg": msg, "type": kind, "error": error })
}

impl<'a> Check<'a> {
    /// Checks a body that must be an object.
    pub(crate) fn body(call: &'a Call) -> Self {
        let wrong = "Input should be a valid dictionary or object to extract fields from";
        let (fields, errors) = match call.payload() {
            Payload::Json(Value::Object(fields)) => (Some(fields), Vec::new()),
            Payload::None => (None, vec![error("", "Field required", "string", "missing")]),
            Payload::Json(_) | Payload::Other => (None, vec![error("", wrong, "object", "wrong_type")]),
        };
        Self { fields, prefix: String::new(), errors }
    }

    /// Checks an entry of a list.
    pub(crate) fn entry(value: &'a Value, prefix: &str) -> Self {
        let mut check = Self { fields: value.as_object(), prefix: format!("{prefix}."), errors: Vec::new() };
        if check.fields.is_none() {
            check.errors.push(error(prefix, "Input should be a valid dictionary", "object", "wrong_type"));
        }
        check
    }

    /// A field that is there and not null.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.and_then(|fields| fields.get(name)).filter(|value| !value.is_null())
    }

    fn report(&mut self, name: &str, msg: &str, kind: &str, what: &str) {
        self.errors.push(error(&format!("{}{name}", self.prefix), msg, kind, what));
    }

    fn required<T>(&mut self, name: &str, found: Option<T>, msg: &str, kind: &str) -> Option<T> {
        // A missing body is the only error then.
        let fields = self.fields?;
        if found.is_none() && fields.contains_key(name) && !self.reported(name) {
            self.report(name, msg, kind, "wrong_type");
        } else if found.is_none() && !fields.contains_key(name) {
            self.report(name, "Field required", "string", "missing");
        }
        found
    }

    fn reported(&self, name: &str) -> bool {
        let field = format!("{}{name}", self.prefix);
        self.errors.iter().any(|e| e["field"] == field)
    }

    fn optional<T>(&mut self, name: &str, read: impl Fn(&'a Value) -> Option<T>, msg: &str, kind: &str) -> Option<T> {
        let value = self.get(name)?;
        let read = read(value);
        if read.is_none() {
            self.report(name, msg, kind, "wrong_type");
        }
        read
    }

    /// An optional text.
    pub(crate) fn opt_text(&mut self, name: &str) -> Option<String> {
        self.optional(name, |v| v.as_str().map(str::to_owned), "Input should be a valid string", "string")
    }

    /// A text; empty where it is missing, which [`Check::done`] then reports.
    pub(crate) fn text(&mut self, name: &str) -> String {
        let found = self.opt_text(name);
        self.required(name, found, "Input should be a valid string", "string").unwrap_or_default()
    }

    /// An optional object.
    pub(crate) fn opt_object(&mut self, name: &str) -> Option<Map<String, Value>> {
        self.optional(name, |v| v.as_object().cloned(), "Input should be a valid dictionary", "object")
    }

    /// An object.
    pub(crate) fn object(&mut self, name: &str) -> Map<String, Value> {
        let found = self.opt_object(name);
        self.required(name, found, "Input should be a valid dictionary", "object").unwrap_or_default()
    }

    /// An optional list.
    pub(crate) fn opt_list(&mut self, name: &str) -> Option<&'a Vec<Value>> {
        self.optional(name, Value::as_array, "Input should be a valid list", "array")
    }

    /// A list.
    pub(crate) fn list(&mut self, name: &str) -> &'a [Value] {
        let found = self.opt_list(name);
        self.required(name, found, "Input should be a valid list", "array").map_or(&[], Vec::as_slice)
    }

    /// An optional number.
    pub(crate) fn opt_number(&mut self, name: &str) -> Option<f64> {
        self.optional(name, Value::as_f64, "Input should be a valid number", "string")
    }

    /// An optional boolean, read as leniently as the runtime does.
    pub(crate) fn opt_bool(&mut self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        let read = match value {
            Value::Bool(value) => Some(*value),
            Value::Number(number) => number.as_u64().filter(|n| *n < 2).map(|n| n == 1),
            Value::String(text) => parse_bool(text),
            _ => {
                self.report(name, "Input should be a valid boolean", "boolean", "wrong_type");
                return None;
            }
        };
        if read.is_none() {
            self.report(name, "Input should be a valid boolean, unable to interpret input", "string", "invalid");
        }
        read
    }

    /// Any value that is there.
    pub(crate) fn value(&mut self, name: &str) -> Value {
        let found = self.fields.and_then(|fields| fields.get(name)).cloned();
        self.required(name, found, "", "string").unwrap_or_default()
    }

    /// Takes over the errors of an entry.
    pub(crate) fn join(&mut self, other: Check<'_>) {
        self.errors.extend(other.errors);
    }

    /// Adds an error of the caller's own.
    pub(crate) fn reject(&mut self, name: &str, msg: &str, what: &str) {
        self.report(name, msg, "string", what);
    }

    /// Fails where anything was wrong.
    pub(crate) fn done(self) -> Result<(), Failure> {
        if self.errors.is_empty() { Ok(()) } else { Err(Failure::invalid(self.errors)) }
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "t" | "y" => Some(true),
        "false" | "0" | "no" | "off" | "f" | "n" => Some(false),
        _ => None,
    }
}

/// A whole number of the query within its range.
pub(crate) fn query_int(call: &Call, name: &str, range: RangeInclusive<u64>, default: u64) -> Result<usize, Failure> {
    let Some(text) = call.query(name) else { return Ok(default as usize) };
    let field = format!("query.{name}");
    let reject = |msg: String| Err(Failure::invalid(vec![error(&field, &msg, "string", "invalid")]));
    let Ok(number) = text.trim().parse::<i64>() else {
        return reject("Input should be a valid integer, unable to parse string as an integer".to_owned());
    };
    if number < *range.start() as i64 {
        return reject(format!("Input should be greater than or equal to {}", range.start()));
    }
    if number as u64 > *range.end() {
        return reject(format!("Input should be less than or equal to {}", range.end()));
    }
    Ok(number as usize)
}

/// A boolean of the query.
pub(crate) fn query_bool(call: &Call, name: &str) -> Result<bool, Failure> {
    let Some(text) = call.query(name) else { return Ok(false) };
    let msg = "Input should be a valid boolean, unable to interpret input";
    parse_bool(text).ok_or_else(|| Failure::invalid(vec![error(&format!("query.{name}"), msg, "string", "invalid")]))
}
