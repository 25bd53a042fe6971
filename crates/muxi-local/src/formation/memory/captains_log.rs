//! The captain's log: one entry a day and user, made from the events of type `log.entry`.
//!
//! Entries are derived: a rebuild throws a user's away and replays their events.

use crate::formation::ids;
use crate::store::{Rows, Table};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The type of the events that the log is made from.
pub(crate) const LOG_ENTRY: &str = "log.entry";
/// Types of what an entry may come from; one that comes from another entry names it by number.
const SOURCE_TYPES: [&str; 3] = ["buffer_item", "vector_chunk", "log_entry"];
/// Days between two entries beyond which the log has a gap.
const SILENCE: i64 = 7;

/// The source of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) source_type: String,
    pub(crate) source_id: String,
}

/// The entry of one day.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    id: String,
    pub(crate) summary: Option<String>,
    pub(crate) decisions: Vec<Value>,
    pub(crate) projects: Vec<Value>,
    pub(crate) context: Option<String>,
    sources: Vec<Source>,
    created: Timestamp,
    updated: Timestamp,
}

impl Entry {
    fn row(&self, date: Date, sources: bool) -> Value {
        let mut row = json!({
            "id": self.id, "date": date.to_string(), "summary": self.summary, "decisions": self.decisions,
            "projects": self.projects, "context": self.context, "created_at": ids::iso_bare(self.created),
            "updated_at": ids::iso_bare(self.updated),
        });
        if sources {
            row["sources"] = json!(self.sources);
        }
        row
    }
}

/// All entries, by the internal number of their user and their day; and until when what a user wrote is in it.
#[derive(Debug, Default)]
pub(crate) struct CaptainsLog {
    entries: Table<(u64, Date), Entry>,
    pub(crate) digested: Table<String, Timestamp>,
}

impl CaptainsLog {
    pub(crate) fn tables(&mut self) -> [&mut dyn Rows; 2] {
        [&mut self.entries, &mut self.digested]
    }

    /// A user's entry of a day.
    pub(crate) fn get(&self, owner: u64, date: Date) -> Option<&Entry> {
        self.entries.get(&(owner, date))
    }

    /// Rows of a user's entries for the days that are `wanted`, newest first.
    pub(crate) fn rows(&self, owner: u64, wanted: impl Fn(Date) -> bool, limit: usize, sources: bool) -> Vec<Value> {
        let mine = self.entries.range((owner, Date::MIN)..=(owner, Date::MAX)).rev();
        let found = mine.filter(|((_, date), _)| wanted(*date)).take(limit);
        found.map(|((_, date), entry)| entry.row(*date, sources)).collect()
    }

    /// Takes in one event: it replaces what its day said before, and adds to what the day comes from. The error is
    /// why it cannot be.
    pub(crate) fn apply(&mut self, owner: u64, payload: &Map<String, Value>, now: Timestamp) -> Result<(), String> {
        let text = |name: &str| match payload.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("'{name}' must be a text")),
        };
        let list = |name: &str| payload.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let date = text("date")?.unwrap_or_default();
        let date = ids::parse_date(&date).ok_or_else(|| format!("Invalid isoformat string: '{date}'"))?;
        let (summary, context) = (text("summary")?, text("context")?);
        let key = (owner, date);
        let old = self.entries.remove(&key);
        let (id, created, mut known) = match old {
            Some(old) => (old.id, old.created, old.sources),
            None => (ids::random("", 21), now, Vec::new()),
        };
        let given = read_sources(&list("sources"));
        for source in given.as_ref().ok().into_iter().flatten() {
            if !known.contains(source) {
                known.push(source.clone());
            }
        }
        let (decisions, projects) = (list("decisions"), list("projects"));
        let entry = Entry { id, summary, decisions, projects, context, sources: known, created, updated: now };
        self.entries.insert(key, entry);
        given.map(drop)
    }

    /// The text for each long gap in a user's log.
    pub(crate) fn gaps(&self, owner: u64) -> Vec<String> {
        let dates: Vec<Date> =
            self.entries.range((owner, Date::MIN)..=(owner, Date::MAX)).map(|((_, date), _)| *date).collect();
        let gaps = dates.windows(2).filter_map(|pair| {
            let &[from, to] = pair else { return None };
            let days = to.duration_since(from).as_hours() / 24;
            (days > SILENCE).then(|| format!("captain's log gap: {days} days between {from} and {to}"))
        });
        gaps.collect()
    }

    /// Throws a user's entries away.
    pub(crate) fn reset(&mut self, owner: u64) {
        self.entries.retain(|(other, _), _| *other != owner);
    }
}

/// Reads what an entry comes from. Of unknown types and without an id they are left out.
fn read_sources(list: &[Value]) -> Result<Vec<Source>, String> {
    let mut sources = Vec::new();
    for one in list {
        let fields = one.as_object().ok_or("a source must be an object")?;
        let text = |name: &str| match fields.get(name) {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let source = Source { source_type: text("source_type"), source_id: text("source_id") };
        if !SOURCE_TYPES.contains(&source.source_type.as_str()) || source.source_id.is_empty() {
            continue;
        }
        if source.source_type == "log_entry" && source.source_id.parse::<i64>().is_err() {
            return Err(format!("invalid literal for int() with base 10: '{}'", source.source_id));
        }
        sources.push(source);
    }
    Ok(sources)
}
