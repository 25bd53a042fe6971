//! The recorded exchanges of the real server.

use crate::client::{Answer, events};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// One recorded exchange.
pub(crate) struct Sample {
    pub(crate) method: String,
    pub(crate) target: String,
    status: u16,
    content_type: Option<String>,
    body: String,
}

impl Sample {
    pub(crate) fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contract/samples/server").join(name);
        let text = fs::read_to_string(path.with_extension("txt")).unwrap();
        let (request, response) = text.split_once("<<< ").unwrap();
        let mut line = request.lines().next().unwrap().strip_prefix(">>> ").unwrap().split(' ');
        let (method, target) = (line.next().unwrap().to_owned(), line.next().unwrap().to_owned());
        let (head, body) = response.split_once("\n\n").unwrap();
        let content_type = head.lines().find_map(|line| line.strip_prefix("< Content-Type: ")).map(str::to_owned);
        let body = body.lines().filter(|line| !line.starts_with("[end ") && !line.starts_with("[client closed"));
        let body = body.map(|line| match line.split_once("s] event:") {
            Some((_, event)) if line.starts_with("[+") => format!("event:{event}"),
            _ => line.to_owned(),
        });
        Self {
            method,
            target,
            status: head[..3].parse().unwrap(),
            content_type,
            body: body.collect::<Vec<_>>().join("\n"),
        }
    }

    pub(crate) fn events(&self) -> Vec<(String, Value)> {
        events(&self.body)
    }

    /// Status, content type and the order and keys of a JSON answer are the sample's.
    pub(crate) fn check(&self, answer: &Answer) {
        self.check_head(answer);
        let (expected, found): (Value, Value) = (serde_json::from_str(&self.body).unwrap(), answer.json());
        assert_eq!(shape(&found), shape(&expected), "{} {}: {}", self.method, self.target, answer.text());
    }

    /// The same, and the words too.
    pub(crate) fn check_exactly(&self, answer: &Answer) {
        self.check_head(answer);
        assert_eq!(answer.text().trim_end(), self.body.trim_end());
    }

    /// The stages, in order and without repeated attempts, and the keys of every event are the sample's.
    pub(crate) fn check_events(&self, answer: &Answer) {
        self.check_head(answer);
        assert_eq!(outline(&answer.events()), outline(&self.events()), "{}", answer.text());
    }

    fn check_head(&self, answer: &Answer) {
        assert_eq!(answer.status, self.status, "{} {}: {}", self.method, self.target, answer.text());
        assert_eq!(answer.header("content-type"), self.content_type.as_deref(), "{} {}", self.method, self.target);
    }
}

/// A value with everything but its keys and types taken out. Lists are as their first item.
fn shape(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}:{}", shape(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.first().map(shape).unwrap_or_default()),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "bool".into(),
        Value::Null => "null".into(),
    }
}

fn outline(events: &[(String, Value)]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (name, data) in events {
        let stage = data["stage"].as_str().unwrap_or_default();
        let keys: BTreeSet<&str> = data.as_object().unwrap().keys().map(String::as_str).collect();
        lines.push(format!("{name} {stage} {keys:?}"));
    }
    // The number of health checks is a matter of time.
    lines.dedup_by(|a, b| a == b && a.contains("max_attempts"));
    lines
}
