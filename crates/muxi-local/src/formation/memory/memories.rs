//! Long-term memories.

use super::event;
use super::ingestion;
use crate::formation::http::call::{Call, Payload};
use crate::formation::http::check::{Check, query_int};
use crate::formation::http::envelope::{Failure, Outcome, ok};
use crate::formation::ids;
use crate::quirks::Quirk;
use crate::store::{Rows, Table};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Characters that one memory may have.
pub(crate) const LONGEST: usize = 10_000;

/// One memory of one user.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) id: String,
    /// The internal number of its user.
    owner: u64,
    pub(crate) content: String,
    created: Timestamp,
    metadata: Map<String, Value>,
    pub(crate) scope: String,
    pub(crate) scope_id: Option<String>,
    /// The source of ingested content.
    source: Option<String>,
    /// The event of the log that it was made from, or that was made for it.
    pub(crate) event: Option<String>,
}

/// The origin of a memory.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) source: String,
    pub(crate) event: String,
}

/// All memories, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Memories(Table<u64, Memory>);

impl Memories {
    /// Stores a memory; gives its id.
    pub(crate) fn add(
        &mut self,
        owner: u64,
        content: String,
        metadata: Map<String, Value>,
        scope: Scope,
        origin: Option<Origin>,
        created: Timestamp,
    ) -> String {
        let id = ids::random("", 21);
        let Scope { scope, scope_id } = scope;
        let (source, event) = origin.map(|origin| (origin.source, origin.event)).unzip();
        self.0.push(Memory { id: id.clone(), owner, content, created, metadata, scope, scope_id, source, event });
        id
    }

    /// Forgets what came from a source.
    pub(crate) fn forget(&mut self, owner: u64, source: &str) {
        self.0.retain(|_, memory| memory.owner != owner || memory.source.as_deref() != Some(source));
    }

    /// The texts of a user's newest memories, newest first.
    pub(crate) fn newest(&self, owner: u64, limit: usize) -> Vec<&str> {
        let mine = self.0.values().rev().filter(|memory| memory.owner == owner);
        mine.take(limit).map(|memory| memory.content.as_str()).collect()
    }

    /// Links each of a user's memories for which the log has no event to the one that `log` makes for it; gives how
    /// many there were.
    pub(crate) fn link_unlogged(&mut self, owner: u64, mut log: impl FnMut(&Memory) -> String) -> usize {
        let unlogged =
            |(number, memory): (&u64, &Memory)| (memory.owner == owner && memory.event.is_none()).then_some(*number);
        let unlogged: Vec<u64> = self.0.iter().filter_map(unlogged).collect();
        for number in &unlogged {
            if let Some(memory) = self.0.get_mut(number) {
                memory.event = Some(log(memory));
            }
        }
        unlogged.len()
    }

    /// Deletes all but the newest of memories that say the same to the same; gives how many went.
    pub(crate) fn drop_repeated(&mut self, wanted: impl Fn(u64) -> bool) -> usize {
        let mut newer = HashSet::new();
        let repeated = |(number, memory): (&u64, &Memory)| {
            let key = (memory.owner, memory.scope.clone(), memory.scope_id.clone(), memory.content.clone());
            (!newer.insert(key) && wanted(memory.owner)).then_some(*number)
        };
        let repeated: Vec<u64> = self.0.iter().rev().filter_map(repeated).collect();
        repeated.iter().for_each(|number| drop(self.0.remove(number)));
        repeated.len()
    }

    /// Deletes memories whose event the log does not have; gives how many went.
    pub(crate) fn drop_orphans(&mut self, wanted: impl Fn(u64) -> bool, logged: impl Fn(&str) -> bool) -> usize {
        let before = self.0.len();
        self.0.retain(|_, memory| !wanted(memory.owner) || memory.event.as_deref().is_none_or(&logged));
        before - self.0.len()
    }

    /// The memory with that id, or those made from the event with that id.
    pub(crate) fn made_from(&self, owner: u64, id: &str) -> impl Iterator<Item = &Memory> {
        let hit = move |memory: &&Memory| memory.id == id || memory.event.as_deref() == Some(id);
        self.0.values().filter(move |memory| memory.owner == owner).filter(hit)
    }

    /// The contents of the user's memories that share words with a text, best first, at most `limit`. A word counts
    /// the more, the fewer of the user's memories have it; of memories that fit as well, the newer comes first.
    pub(crate) fn search(&self, owner: u64, text: &str, limit: usize) -> Vec<&str> {
        let wanted = words(text);
        let visible = self.0.values().rev().filter(|memory| memory.owner == owner || memory.scope == "formation");
        let found: Vec<(&str, Vec<String>)> = visible
            .map(|memory| {
                let shared = words(&memory.content).intersection(&wanted).cloned().collect();
                (memory.content.as_str(), shared)
            })
            .collect();
        let mut having: HashMap<&str, usize> = HashMap::new();
        for word in found.iter().flat_map(|(_, shared)| shared) {
            *having.entry(word).or_default() += 1;
        }
        let weight = |word: &String| {
            let having = having.get(word.as_str()).copied().unwrap_or(1);
            (1.0 + found.len() as f64 / having as f64).ln()
        };
        let mut scored: Vec<(f64, &str)> = found
            .iter()
            .filter(|(_, shared)| !shared.is_empty())
            .map(|(content, shared)| (shared.iter().map(weight).sum(), *content))
            .collect();
        // The sort is stable: the newest are first already.
        scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        scored.into_iter().take(limit).map(|(_, content)| content).collect()
    }

    pub(crate) fn table(&mut self) -> &mut dyn Rows {
        &mut self.0
    }
}

/// The different words of a text, in lower case.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

impl Memory {
    /// As an event: the fact that was learned.
    pub(crate) fn event_row(&self) -> Value {
        let source = (self.source.as_deref().unwrap_or_default(), self.event.as_deref());
        event::event_row(&self.id, "fact.extracted", source, &self.content, self.created)
    }

    /// The event it was made from.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.event.as_deref()
    }

    fn row(&self) -> Value {
        let scope_id = if self.scope == "user" { Some(self.owner.to_string()) } else { self.scope_id.clone() };
        json!({
            "id": self.id, "content": self.content, "created_at": ids::iso_bare(self.created),
            "metadata": self.metadata, "scope": self.scope, "scope_id": scope_id,
        })
    }
}

/// For whom a memory is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Scope {
    pub(crate) scope: String,
    pub(crate) scope_id: Option<String>,
}

/// Checks a scope: others than the user's own take the admin key here, since nothing grants them.
pub(crate) fn scope(call: &Call, scope: Option<String>, scope_id: Option<String>) -> Result<Scope, Failure> {
    let scope = scope.unwrap_or_else(|| "user".to_owned());
    match scope.as_str() {
        "user" => {}
        "group" | "formation" if call.admin => {}
        "group" | "formation" => {
            return Err(Failure::new(403, "FORBIDDEN", format!("No grant for memory scope '{scope}'")));
        }
        _ => return Err(Failure::params(format!("Invalid scope '{scope}'. Use user, group or formation"))),
    }
    Ok(Scope { scope, scope_id })
}

/// The shipped runtime cannot read and write memories on a database without tenancy.
fn tenancy(call: &Call) -> Result<(), Failure> {
    let message = "Failed to access long-term memory: user_id must be an integer";
    if call.quirk(Quirk::SingleUser) { Err(Failure::new(500, "INTERNAL_ERROR", message)) } else { Ok(()) }
}

pub(crate) fn list(call: &Call) -> Outcome {
    let limit = query_int(call, "limit", 1..=100, 10)?;
    let offset = query_int(call, "offset", 0..=i64::MAX as u64, 0)?;
    let scopes: Option<Vec<&str>> =
        call.query("scopes").filter(|text| !text.is_empty()).map(|text| text.split(',').map(str::trim).collect());
    if let Some(bad) = scopes.iter().flatten().find(|scope| !["user", "group", "formation"].contains(*scope)) {
        return Err(Failure::params(format!("Invalid scope '{bad}'. Use user, group or formation")));
    }
    let user = call.user()?;
    tenancy(call)?;
    let mut state = call.formation.state();
    ingestion::settle(&mut state, call.formation.now());
    let owner = state.users.number(user, call.formation.now());
    let visible = |memory: &&Memory| {
        (memory.owner == owner || memory.scope == "formation")
            && scopes.as_ref().is_none_or(|scopes| scopes.contains(&memory.scope.as_str()))
    };
    let rows: Vec<Value> =
        state.memories.0.values().rev().filter(visible).skip(offset).take(limit).map(Memory::row).collect();
    ok("memory_list", "memory.list", json!({ "count": rows.len(), "memories": rows }))
}

/// Stores a fact as it is; with a `source` the body is content to derive facts from.
pub(crate) fn create(call: &Call) -> Outcome {
    if let Payload::Json(body) = call.payload()
        && body.get("source").is_some_and(|source| !source.is_null())
    {
        tenancy(call)?;
        return ingestion::ingest(call, body);
    }
    let mut check = Check::body(call);
    let text = check.opt_text("content");
    let detail = check.opt_text("detail");
    let (kind, metadata) = (check.opt_text("type"), check.opt_object("metadata"));
    let (wanted, scope_id) = (check.opt_text("scope"), check.opt_text("scope_id"));
    check.done()?;
    let Some(content) = text.or(detail) else {
        return Err(Failure::params("Either 'content' or 'detail' is required"));
    };
    if content.chars().count() > LONGEST {
        return Err(Failure::params(format!("Memory content is too long (max {LONGEST} characters)")));
    }
    let scope = scope(call, wanted, scope_id)?;
    let user = call.user()?;
    tenancy(call)?;
    let now = call.formation.now();
    let mut metadata = metadata.unwrap_or_default();
    if let Some(kind) = &kind {
        metadata.insert("type".to_owned(), json!(kind));
    }
    metadata.insert("timestamp".to_owned(), json!(ids::as_seconds(now)));
    let mut state = call.formation.state();
    let owner = state.users.number(user, call.formation.now());
    let id = state.memories.add(owner, content.clone(), metadata.clone(), scope.clone(), None, now);
    let data = json!({
        "id": id, "content": { "type": kind.as_deref().unwrap_or("general"), "detail": content },
        "created_at": ids::iso_z(now), "metadata": metadata, "scope": scope.scope,
        "scope_id": scope.scope_id,
    });
    ok("memory", "memory.created", data)
}

pub(crate) fn delete(call: &Call) -> Outcome {
    let (user, id) = (call.user()?, call.path("memory_id"));
    tenancy(call)?;
    let any_user = call.quirk(Quirk::MemoryDeleteAnyUser);
    let mut state = call.formation.state();
    ingestion::settle(&mut state, call.formation.now());
    let owner = state.users.number(user, call.formation.now());
    let before = state.memories.0.len();
    state.memories.0.retain(|_, memory| memory.id != id || memory.owner != owner && !any_user);
    if state.memories.0.len() == before {
        return Err(Failure::missing(format!("Memory '{id}' not found")));
    }
    ok("memory", "memory.deleted", json!({ "deleted": id, "user_id": user }))
}

#[cfg(test)]
mod tests {
    use super::{Map, Memories, Scope, Timestamp};

    fn store(memories: &mut Memories, owner: u64, scope: &str, content: &str) {
        let scope = Scope { scope: scope.to_owned(), scope_id: None };
        memories.add(owner, content.to_owned(), Map::new(), scope, None, Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn a_search_puts_rare_words_and_then_new_memories_first() {
        let mut memories = Memories::default();
        for content in ["the cat likes fish", "the dog likes bones", "the user lives in Oslo", "the weather is fine"] {
            store(&mut memories, 1, "user", content);
        }
        store(&mut memories, 2, "user", "the OSLO trip of another user");
        store(&mut memories, 2, "formation", "Offices: Oslo, Bergen");
        let found = memories.search(1, "What does the dog in OSLO like?", 3);
        assert_eq!(found, ["the user lives in Oslo", "the dog likes bones", "Offices: Oslo, Bergen"]);
        assert_eq!(memories.search(1, "likes", 9), ["the dog likes bones", "the cat likes fish"]);
        assert_eq!(memories.search(1, "!?", 9), [""; 0]);
    }
}
