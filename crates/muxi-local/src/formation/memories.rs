//! Long-term memories.

use super::call::{Call, Payload};
use super::check::{Check, query_bool, query_int, query_time};
use super::envelope::{Failure, Outcome, ok};
use super::{ids, ingestion};
use crate::quirks::Quirk;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Characters that one memory may have.
pub(crate) const LONGEST: usize = 10_000;

/// One memory of one user.
#[derive(Debug)]
pub(crate) struct Memory {
    id: String,
    /// The internal number of its user.
    owner: u64,
    content: String,
    created: Timestamp,
    metadata: Map<String, Value>,
    scope: String,
    scope_id: Option<String>,
    /// Where ingested content came from.
    source: Option<String>,
}

/// All memories, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Memories(Vec<Memory>);

impl Memories {
    /// Stores a memory; gives its id.
    pub(crate) fn add(
        &mut self,
        owner: u64,
        content: String,
        metadata: Map<String, Value>,
        scope: Scope,
        source: Option<String>,
    ) -> String {
        let id = ids::random("", 21);
        let created = Timestamp::now();
        let Scope { scope, scope_id } = scope;
        self.0.push(Memory { id: id.clone(), owner, content, created, metadata, scope, scope_id, source });
        id
    }

    /// Forgets what came from a source.
    pub(crate) fn forget(&mut self, owner: u64, source: &str) {
        self.0.retain(|memory| memory.owner != owner || memory.source.as_deref() != Some(source));
    }

    /// What the newest memories of a user say, newest first.
    pub(crate) fn newest(&self, owner: u64, limit: usize) -> Vec<String> {
        let mine = self.0.iter().rev().filter(|memory| memory.owner == owner);
        mine.take(limit).map(|memory| memory.content.clone()).collect()
    }

    /// How many a user has.
    pub(crate) fn count(&self, owner: u64) -> usize {
        self.0.iter().filter(|memory| memory.owner == owner).count()
    }
}

impl Memory {
    fn row(&self) -> Value {
        let scope_id = if self.scope == "user" { Some(self.owner.to_string()) } else { self.scope_id.clone() };
        json!({
            "id": self.id, "content": self.content, "created_at": ids::iso_bare(self.created),
            "metadata": self.metadata, "scope": self.scope, "scope_id": scope_id,
        })
    }
}

/// For whom a memory is.
#[derive(Debug, Clone)]
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

pub(super) fn list(call: &Call) -> Outcome {
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
    ingestion::settle(&mut state);
    let owner = state.users.number(user);
    let visible = |memory: &&Memory| {
        (memory.owner == owner || memory.scope == "formation")
            && scopes.as_ref().is_none_or(|scopes| scopes.contains(&memory.scope.as_str()))
    };
    let rows: Vec<Value> =
        state.memories.0.iter().rev().filter(visible).skip(offset).take(limit).map(Memory::row).collect();
    ok("memory_list", "memory.list", json!({ "count": rows.len(), "memories": rows }))
}

/// Stores a fact as it is; with a `source` the body is content to derive facts from.
pub(super) fn create(call: &Call) -> Outcome {
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
    let mut metadata = metadata.unwrap_or_default();
    if let Some(kind) = &kind {
        metadata.insert("type".to_owned(), json!(kind));
    }
    metadata.insert("timestamp".to_owned(), json!(ids::seconds()));
    let mut state = call.formation.state();
    let owner = state.users.number(user);
    let id = state.memories.add(owner, content.clone(), metadata.clone(), scope.clone(), None);
    let data = json!({
        "id": id, "content": { "type": kind.as_deref().unwrap_or("general"), "detail": content },
        "created_at": ids::iso_z(Timestamp::now()), "metadata": metadata, "scope": scope.scope,
        "scope_id": scope.scope_id,
    });
    ok("memory", "memory.created", data)
}

pub(super) fn delete(call: &Call) -> Outcome {
    let (user, id) = (call.user()?, call.path("memory_id"));
    tenancy(call)?;
    let anybody = call.quirk(Quirk::MemoryDeleteAnyUser);
    let mut state = call.formation.state();
    ingestion::settle(&mut state);
    let owner = state.users.number(user);
    let before = state.memories.0.len();
    state.memories.0.retain(|memory| memory.id != id || memory.owner != owner && !anybody);
    if state.memories.0.len() == before {
        return Err(Failure::missing(format!("Memory '{id}' not found")));
    }
    ok("memory", "memory.deleted", json!({ "deleted": id, "user_id": user }))
}

/// The narrative log. Nothing writes one here.
pub(super) fn history(call: &Call) -> Outcome {
    query_int(call, "limit", 1..=100, 10)?;
    query_time(call, "date_from")?;
    query_time(call, "date_to")?;
    query_bool(call, "include_sources")?;
    call.user()?;
    ok("memory", "memory.retrieved", json!({ "entries": [], "count": 0 }))
}
