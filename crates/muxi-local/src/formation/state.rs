//! The state of a formation, and its way to the store.

use super::http::idempotency::{Flights, Replies};
use super::library::{artifacts, tuning};
use super::log::audit;
use super::memory::{admin, captains_log, distilleries, ingestion, knowledge, memories};
use super::people::{credentials, sessions, users};
use super::responder::Responders;
use super::schedule::scheduler;
use super::settings::secrets;
use super::turn::{cancel, requests};
use super::{FormationSpec, ids};
use crate::host::Host;
use crate::store::{Change, Rows, Store, Whole};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that a formation remembers.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) artifacts: artifacts::Artifacts,
    pub(super) audit: audit::Audit,
    pub(super) credentials: credentials::Credentials,
    pub(super) distilleries: Whole<distilleries::Distilleries>,
    pub(super) ingestion: ingestion::Ingestion,
    pub(super) jobs: scheduler::Jobs,
    /// Not stored: a new process looks at the files again.
    pub(super) knowledge: knowledge::Knowledge,
    pub(super) log: captains_log::CaptainsLog,
    pub(super) memories: memories::Memories,
    pub(super) memory_jobs: admin::Jobs,
    pub(super) replies: Replies,
    pub(super) requests: requests::Requests,
    pub(super) secrets: secrets::Secrets,
    pub(super) sessions: sessions::Sessions,
    pub(super) tuning: Whole<tuning::Tuning>,
    pub(super) users: users::Users,
    /// True if the state comes from an earlier process, until the runs that were missed since then are looked for.
    pub(super) restored: bool,
    /// The last batch that went to the store.
    sent: u64,
    /// True if the formation was deleted: nothing of it is stored any more.
    deleted: bool,
}

impl State {
    /// Every table by the name of its area. The names are those of the rows on disk and must stay.
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn Rows)> {
        let [files, contents] = self.artifacts.tables();
        let [events, ingestion_jobs] = self.ingestion.tables();
        let [log, digested] = self.log.tables();
        let [requests, total] = self.requests.tables();
        let [secrets, given] = self.secrets.tables();
        let [sessions, messages] = self.sessions.tables();
        vec![
            ("artifacts", files),
            ("artifact_contents", contents),
            ("audit", self.audit.table()),
            ("credentials", self.credentials.table()),
            ("distilleries", &mut self.distilleries),
            ("ingestion_events", events),
            ("ingestion_jobs", ingestion_jobs),
            ("scheduler_jobs", self.jobs.table()),
            ("log_entries", log),
            ("log_digested", digested),
            ("memories", self.memories.table()),
            ("memory_jobs", self.memory_jobs.table()),
            ("replies", self.replies.table()),
            ("requests", requests),
            ("requests_total", total),
            ("secrets", secrets),
            ("secrets_given", given),
            ("sessions", sessions),
            ("messages", messages),
            ("tuning", &mut self.tuning),
            ("users", self.users.table()),
        ]
    }

    /// The rows of a scope as a process before this one left them.
    fn load(host: &Host, scope: &str) -> Result<Self, String> {
        let (mut state, store) = (Self::default(), &host.store);
        if store.folder().is_none() {
            return Ok(state);
        }
        let rows = store.read(scope)?;
        let mut tables: HashMap<&str, &mut dyn Rows> = state.tables().into_iter().collect();
        tables.values_mut().for_each(|table| table.track());
        for row in rows {
            let Some(table) = tables.get_mut(row.area.as_str()) else { continue };
            table.load(&row.key, &row.value).map_err(|error| store.unreadable(scope, &row, &error))?;
        }
        state.replies.index();
        state.sessions.index();
        state.users.index();
        let waiting = state.sessions.waiting();
        state.requests.recover(&waiting, ids::as_seconds(host.clock.now()));
        state.restored = true;
        Ok(state)
    }

    /// Sends what has changed to the store; gives the number of the batch to wait for.
    fn send(&mut self, store: &Store, scope: &Arc<str>) -> Result<u64, String> {
        let mut changes = Vec::new();
        let mut result = Ok(());
        for (area, table) in self.tables() {
            let mut add = |key, value| changes.push(Change::Row { scope: scope.clone(), area, key, value });
            result = result.and(table.take_changes(&mut add));
        }
        // A caller that waits for a batch that failed wants it tried again.
        if !self.deleted && (!changes.is_empty() || store.is_failing()) {
            self.sent = store.write(changes);
        }
        result.map(|()| self.sent).map_err(|error| error.to_string())
    }
}

/// The state of a formation, shared by those of its versions that are alive.
#[derive(Debug)]
pub(crate) struct Shared {
    scope: Arc<str>,
    state: Mutex<State>,
    pub(super) flights: Flights,
    pub(super) cancels: cancel::Cancels,
}

impl Shared {
    /// The state of a formation that runs for the first time, or keeps nothing.
    pub(super) fn fresh(spec: &FormationSpec) -> Self {
        let shared = Self::new("", State::default());
        shared.adopt(spec);
        shared
    }

    fn new(scope: &str, state: State) -> Self {
        let (flights, cancels) = (Flights::default(), cancel::Cancels::default());
        Self { scope: scope.into(), state: Mutex::new(state), flights, cancels }
    }

    /// Takes over what a specification says about the state.
    pub(super) fn adopt(&self, spec: &FormationSpec) {
        let mut state = self.state();
        state.secrets.give(spec.secrets());
        state.sessions.set_limit(spec.buffer_size());
    }

    /// The state. Never held across an `await`.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everything that has changed so far is safe in the store. Costs nothing in memory.
    pub(super) async fn commit(&self, store: &Store) -> Result<(), String> {
        if store.folder().is_none() {
            return Ok(());
        }
        let batch = self.state().send(store, &self.scope)?;
        store.wait(batch).await
    }
}

/// The parts that the formations of one server have in common.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) host: Arc<Host>,
    /// The responders, which answer messages.
    pub(crate) responders: Responders,
    /// The states of the formations, by scope.
    states: Mutex<HashMap<String, Arc<Shared>>>,
}

impl Context {
    pub(crate) fn new(host: Arc<Host>, responders: Responders) -> Arc<Self> {
        Arc::new(Self { host, responders, states: Mutex::default() })
    }

    fn states(&self) -> MutexGuard<'_, HashMap<String, Arc<Shared>>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of a scope. The error says why the store's rows cannot be read.
    pub(crate) fn open(&self, scope: &str) -> Result<Arc<Shared>, String> {
        let mut all = self.states();
        if let Some(shared) = all.get(scope) {
            return Ok(shared.clone());
        }
        let shared = Arc::new(Shared::new(scope, State::load(&self.host, scope)?));
        all.insert(scope.to_owned(), shared.clone());
        Ok(shared)
    }

    /// Deletes the state of a scope. Tasks of it that still run go on and are not stored.
    pub(crate) fn forget(&self, scope: &str) {
        // Held to the end: no reader may see a state that is about to go.
        let mut all = self.states();
        if let Some(shared) = all.remove(scope) {
            shared.state().deleted = true;
        }
        self.host.store.write(vec![Change::Clear { scope: scope.into() }]);
    }

    /// Deletes the state of every scope.
    pub(crate) fn forget_all(&self) {
        let mut all = self.states();
        all.drain().for_each(|(_, shared)| shared.state().deleted = true);
        let every = ["live/*", "draft/*"].map(|scope| Change::Clear { scope: scope.into() });
        self.host.store.write(every.into());
    }

    /// Sends changes that no caller has waited for, such as the end of a turn whose reader had left.
    pub(crate) fn flush(&self) {
        if self.host.store.folder().is_some() {
            for shared in self.states().values() {
                // There is no caller left to be told of an error.
                let _ = shared.state().send(&self.host.store, &shared.scope);
            }
        }
    }
}
