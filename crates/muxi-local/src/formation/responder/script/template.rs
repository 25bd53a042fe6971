//! Texts of a script with names in them: `{name}` is replaced, `{{name}}` is the text `{name}`, other braces are text.

use serde_json::Value;
use std::collections::HashMap;

/// Names that every rule knows, besides the named groups of its pattern and what begins with `data.`.
const NAMES: [&str; 6] = ["message", "user", "session", "agent", "turn", "trigger"];

/// The values of the names of a template.
pub(super) struct Values<'a> {
    /// The named groups of the pattern and [`NAMES`].
    pub(super) names: HashMap<&'a str, String>,
    /// The data of a trigger.
    pub(super) data: Option<&'a Value>,
}

impl Values<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let Some(path) = name.strip_prefix("data.") else { return self.names.get(name).cloned() };
        let value = path.split('.').try_fold(self.data?, |value, key| value.get(key))?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// Fills a text. A path that the trigger's data lacks stays as it is written.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        each(text, |part| match part {
            Part::Text(text) => filled.push_str(text),
            Part::Name(name) => filled.push_str(&self.get(name).unwrap_or_else(|| format!("{{{name}}}"))),
        });
        filled
    }

    /// Fills every text in a value.
    pub(super) fn fill_all(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(list) => list.iter().map(|entry| self.fill_all(entry)).collect(),
            Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), self.fill_all(value))).collect(),
            other => other.clone(),
        }
    }
}

/// Finds a name in any text of a value that is neither in `groups` nor known to every rule.
pub(super) fn check(value: &Value, groups: &[&str]) -> Result<(), String> {
    match value {
        Value::String(text) => {
            let mut unknown = None;
            each(text, |part| match part {
                Part::Name(name) if !name.starts_with("data.") && !NAMES.contains(&name) && !groups.contains(&name) => {
                    unknown = Some(name.to_owned());
                }
                _ => {}
            });
            let Some(name) = unknown else { return Ok(()) };
            let known: Vec<&str> = groups.iter().chain(&NAMES).copied().collect();
            Err(format!(
                "unknown name {{{name}}} in a text: expected one of {}, data.<path>, or a named group of `when.text` \
                 such as (?<{name}>\\w+); write {{{{{name}}}}} for the text itself",
                known.join(", ")
            ))
        }
        Value::Array(list) => list.iter().try_for_each(|entry| check(entry, groups)),
        Value::Object(fields) => fields.values().try_for_each(|entry| check(entry, groups)),
        _ => Ok(()),
    }
}

enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Cuts a text at its names.
fn each<'a>(text: &'a str, mut take: impl FnMut(Part<'a>)) {
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let escaped = rest[open..].starts_with("{{");
        let (start, end) = if escaped { (open + 2, "}}") } else { (open + 1, "}") };
        let length = rest[start..].find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-')));
        let name = length.map(|length| &rest[start..start + length]).filter(|name| {
            rest[start + name.len()..].starts_with(end) && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        });
        let Some(name) = name else {
            take(Part::Text(&rest[..=open]));
            rest = &rest[open + 1..];
            continue;
        };
        let after = start + name.len() + end.len();
        take(Part::Text(&rest[..open]));
        if escaped {
            take(Part::Text(&rest[open + 1..after - 1]));
        } else {
            take(Part::Name(name));
        }
        rest = &rest[after..];
    }
    take(Part::Text(rest));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_filled_and_other_braces_stay() {
        let data = json!({ "order": { "id": 7, "who": "Ada" } });
        let names = HashMap::from([("user", "ada".to_owned()), ("n", "{user}".to_owned())]);
        let values = Values { names, data: Some(&data) };
        for (template, filled) in [
            ("", ""),
            ("{user}{user}", "adaada"),
            ("{n}", "{user}"),
            ("{{user}} {user}", "{user} ada"),
            ("{data.order.id} {data.order.who} {data.order}", r#"7 Ada {"id":7,"who":"Ada"}"#),
            ("{data.nope}", "{data.nope}"),
            (r#"{"a":{"b":1}} {} { user } {{ x }} {1} {"#, r#"{"a":{"b":1}} {} { user } {{ x }} {1} {"#),
            ("ü{user}ü", "üadaü"),
            ("{{{user}}}", "{{user}}"),
        ] {
            assert_eq!(values.fill(template), filled, "{template}");
        }
    }

    #[test]
    fn unknown_names_are_found() {
        assert!(check(&json!({ "a": ["{user} {data.x} {order}"] }), &["order"]).is_ok());
        let error = check(&json!({ "a": ["{odrer}"] }), &["order"]).unwrap_err();
        assert!(error.starts_with("unknown name {odrer} in a text: expected one of order, message, "), "{error}");
        assert!(error.ends_with("write {{odrer}} for the text itself"), "{error}");
    }
}
