//! Answers by rules from a YAML file.
//!
//! ```yaml
//! - when: { text: "refund order (?<order>\\d+)", user: ada }
//!   reply: "Refunding {order} for {user}."
//! - when: { text: hello }
//!   reply: { text: Hi!, deltas: ["H", "i!"], pace_ms: 50 }
//! - reply: Default answer
//! ```
//!
//! A file is a list of rules, or a mapping with `rules`, `transcribe` and `otherwise`. The first rule that fits
//! answers.
//!
//! | of a rule | meaning |
//! |---|---|
//! | `when` | what must all be so; without it the rule always fits |
//! | `reply` | the answer: a text or a mapping |
//! | `replies` | several answers, one for each time that the rule fits; the last one stays |
//! | `times` | how often the rule may fit |
//!
//! | of `when` | fits |
//! |---|---|
//! | `text` | a regular expression that is found in the message; ignores case unless it says `(?-i)` |
//! | `agent` | the agent that the turn goes to |
//! | `user`, `session`, `trigger` | the id, the id, the trigger's name |
//! | `channel` | `chat`, `audio`, `trigger` or `job` |
//! | `turn` | the number of the turn in its session, from 1 (counted in the message buffer) |
//!
//! | of a reply | effect |
//! |---|---|
//! | `text` | the answer |
//! | `deltas` | its slices in a stream, which add up to the text; that is not needed beside them |
//! | `pace_ms`, `wait_ms` | milliseconds between slices, and before the answer |
//! | `agent` | the agent that answers |
//! | `events` | more chat events before the answer: mappings with `type`, `content` and whatever else |
//! | `tools` | tools that seem to be called: mappings with `server` and `name` |
//! | `widgets` | UI widgets; one without an `id` gets one |
//! | `artifacts` | files that are made: mappings with `filename`, `content` or `base64`, and `content_type` |
//! | `clarify` | the question with which the turn ends |
//! | `workflow`, `fast` | `true`: the turn runs as a workflow, or takes the fast path |
//! | `status` | the status of `completed`; with `error` the request fails |
//! | `error` | the engine breaks: a message, or a mapping with `type` and `message` |
//! | `cut`, `mute` | `true`: the stream ends half way, or has no `completed` |
//! | `discontinuity` | `true`: the slices are of another answer, and `completed` says so; `deltas` may differ from `text` |
//! | `memories` | facts that are stored for the user |
//! | `metadata` | more metadata of the JSON reply |
//!
//! A text that YAML takes for a boolean or a decimal number, such as `yes` and `1.10`, must be in quotes where it is
//! said; the conditions `user`, `session`, `agent` and `trigger` are taken as they are written.
//!
//! In every text of a reply, `{name}` stands for a named group of the pattern, for `{message}`, `{user}`,
//! `{session}`, `{agent}`, `{turn}`, `{trigger}`, or for a value of a trigger's data such as `{data.order.id}`.
//! `{{name}}` is the text `{name}`; other braces are text.
//!
//! `transcribe` is a list of rules for voice notes: `when` with `filename` (a regular expression) or `content_type`,
//! and the `text` that is heard; an empty one is a note in which nothing is heard.
//!
//! `otherwise: echo` echoes what no rule fits. Unless a language model answers those messages, they are else
//! answered with a text that says that no rule fits.

mod file;
mod parts;
mod template;

use super::{Answer, Course, Event, File, Question, Tool, echo, slices};
use crate::formation::ids;
use crate::formation::responder::files;
use crate::yaml::{self, Fault};
use file::{Document, Fields, Otherwise, Reply, Rule};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use template::Values;

/// An error in a script, with its place.
#[derive(Debug)]
pub struct ScriptError {
    place: Option<(u64, u64)>,
    message: String,
    file: Option<String>,
}

impl ScriptError {
    /// The line, from 1; `None` where the error has no place.
    pub fn line(&self) -> Option<u64> {
        self.place.map(|(line, _)| line)
    }

    /// The column, from 1; `None` where the error has no place.
    pub fn column(&self) -> Option<u64> {
        self.place.map(|(_, column)| column)
    }

    /// The error without its place.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.as_deref().unwrap_or("script"))?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ScriptError {}

/// A script and how far it has come.
#[derive(Debug)]
pub(crate) struct Script {
    yaml: String,
    file: Option<String>,
    fields: Fields,
    /// The number of times that each rule has fitted.
    fitted: Vec<AtomicU64>,
}

impl Script {
    /// Reads the script in a file. Errors name the file.
    pub(crate) fn open(path: &Path) -> Result<Self, ScriptError> {
        let file = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::read(&text, Some(&file)),
            Err(error) => {
                Err(ScriptError { place: None, message: format!("cannot read the script: {error}"), file: Some(file) })
            }
        }
    }

    /// Reads a script. Errors name the file where there is one.
    pub(crate) fn read(text: &str, file: Option<&str>) -> Result<Self, ScriptError> {
        let Document(fields) = yaml::read_fields(text).map_err(|(Fault { place, message }, path)| {
            let message = match (parts::at(text, place), parts::fields(&path, &message)) {
                (Some(part), Some(fields)) => format!("{part}: {fields}: {message}"),
                (Some(part), None) => format!("{part}: {message}"),
                (None, _) => message,
            };
            ScriptError { place: Some(place), message, file: file.map(str::to_owned) }
        })?;
        let fitted = fields.rules.iter().map(|_| AtomicU64::new(0)).collect();
        Ok(Self { yaml: text.to_owned(), file: file.map(str::to_owned), fields, fitted })
    }

    /// The script as it was read.
    pub(crate) fn yaml(&self) -> &str {
        &self.yaml
    }

    /// The same script, with all counts at the start.
    pub(super) fn afresh(&self) -> Option<Self> {
        // A text that could be read once can be read again.
        Self::read(&self.yaml, self.file.as_deref()).ok()
    }

    /// The answer of the first rule that fits.
    pub(super) fn answer(&self, question: &Question<'_>) -> Option<Answer> {
        self.fields.rules.iter().zip(&self.fitted).find_map(|(rule, fitted)| {
            let values = values(rule, question)?;
            let room = |count: u64| rule.times.is_none_or(|times| count < times).then_some(count + 1);
            let count = fitted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).ok()?;
            let last = rule.replies.len().checked_sub(1)?;
            let index = usize::try_from(count).unwrap_or(last).min(last);
            Some(rule.replies.get(index)?.answer(&question.ask.message, &values))
        })
    }

    /// The answer when no rule fits.
    pub(super) fn otherwise(&self, question: &Question<'_>) -> Answer {
        let message = &question.ask.message;
        match self.fields.otherwise {
            Otherwise::Echo => echo::answer(message, &files::as_text(question.formation, &question.ask.files)),
            Otherwise::Explain => Answer::plain(format!(
                "No rule of the script fits this message: \"{message}\". Add a rule for it, a last rule without \
                 `when` for all messages, or `otherwise: echo`."
            )),
        }
    }

    /// The transcript of a voice note; `None` where no rule fits.
    pub(super) fn transcribe(&self, file: &Value) -> Option<String> {
        let name = file["filename"].as_str().unwrap_or_default();
        let kind = file["content_type"].as_str().or(file["mime_type"].as_str());
        let rule = self.fields.transcribe.iter().find(|rule| {
            rule.when.filename.as_ref().is_none_or(|pattern| pattern.0.is_match(name))
                && rule.when.content_type.as_deref().is_none_or(|wanted| kind == Some(wanted))
        })?;
        Some(rule.text.clone())
    }
}

/// The values of the names in a rule's replies; `None` where the rule does not fit.
fn values<'a>(rule: &'a Rule, question: &Question<'a>) -> Option<Values<'a>> {
    let (when, ask) = (&rule.when, question.ask);
    let trigger = ask.trigger.as_ref();
    let name = trigger.map_or("", |trigger| trigger.name.as_str());
    let same = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
    let fits = same(&when.agent, question.agent)
        && same(&when.user, &ask.user)
        && same(&when.session, question.session_id)
        && same(&when.trigger, name)
        && when.channel.is_none_or(|channel| channel == ask.channel);
    if !fits {
        return None;
    }
    let mut names = HashMap::new();
    if let Some(pattern) = &when.text {
        let found = pattern.0.captures(&ask.message)?;
        for group in pattern.0.capture_names().flatten() {
            names.insert(group, found.name(group).map_or("", |group| group.as_str()).to_owned());
        }
    }
    let turn = question.turn();
    if when.turn.is_some_and(|wanted| wanted.get() != turn) {
        return None;
    }
    for (key, value) in [
        ("message", ask.message.as_str()),
        ("user", &ask.user),
        ("session", question.session_id),
        ("agent", question.agent),
        ("turn", &turn.to_string()),
        ("trigger", name),
    ] {
        names.entry(key).or_insert_with(|| value.to_owned());
    }
    Some(Values { names, data: trigger.map(|trigger| &trigger.data) })
}

impl Reply {
    fn answer(&self, message: &str, values: &Values<'_>) -> Answer {
        let fill = |text: &String| values.fill(text);
        let deltas: Option<Vec<String>> = self.deltas.as_ref().map(|deltas| deltas.iter().map(fill).collect());
        let mut text = self.text.as_ref().map(fill).or(deltas.as_ref().map(|deltas| deltas.concat()));
        let course = match (&self.clarify, &self.error) {
            (Some(question), _) => {
                text = Some(fill(question));
                Course::Clarify
            }
            (_, Some(fault)) => {
                text = Some(fill(&fault.message));
                Course::Broken(fault.class.clone())
            }
            _ if self.workflow => Course::Workflow,
            _ if self.fast => Course::small_talk(message),
            _ => Course::Plain,
        };
        let text = text.unwrap_or_default();
        let replaced = if self.discontinuity { echo::REPLACED } else { &text };
        Answer {
            course,
            agent: self.agent.clone(),
            slices: deltas.unwrap_or_else(|| slices(replaced)),
            text,
            deltas: None,
            pace: Duration::from_millis(self.pace_ms),
            wait: Duration::from_millis(self.wait_ms),
            events: self.events.iter().map(|event| event.filled(values)).collect(),
            tools: self.tools.iter().map(|t| Tool { server: t.server.clone(), name: t.name.clone() }).collect(),
            files: self.artifacts.iter().map(|artifact| artifact.filled(values)).collect(),
            widgets: self.widgets.iter().map(|widget| widget_of(widget, values)).collect(),
            status: self.status.as_ref().map(fill),
            cut: self.cut,
            mute: self.mute,
            discontinuity: self.discontinuity,
            memories: self.memories.iter().map(fill).collect(),
            metadata: object(values.fill_all(&Value::Object(self.metadata.clone()))),
        }
    }
}

impl file::Event {
    fn filled(&self, values: &Values<'_>) -> Event {
        let extra = object(values.fill_all(&Value::Object(self.extra.clone())));
        Event { kind: self.kind.clone(), content: values.fill(&self.content), extra }
    }
}

impl file::Artifact {
    fn filled(&self, values: &Values<'_>) -> File {
        let content = self.content.as_ref().map_or_else(|| self.bytes.clone(), |text| values.fill(text).into());
        File { name: values.fill(&self.filename), content_type: self.content_type.clone(), content }
    }
}

fn widget_of(widget: &Map<String, Value>, values: &Values<'_>) -> Value {
    let mut widget = object(values.fill_all(&Value::Object(widget.clone())));
    widget.entry("id").or_insert_with(|| json!(ids::random("ui_", 21)));
    Value::Object(widget)
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}
