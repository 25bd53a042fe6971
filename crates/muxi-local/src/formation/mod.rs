//! The formation API: one running formation, its state in memory, and the routes that it serves.
//!
//! Methods, paths and keys come from the operation table of `muxi-client`; nothing here repeats them. Behaviour is
//! the *intended* one of `contract/formation-api.md`: where the shipped runtime has a defect, this does what was meant.
//!
//! Answers are made by an echo, by the rules of a script, or by a language model; see [`responder`].
//!
//! Not done: nothing is planned, no tool runs and no embedding is computed.

mod artifacts;
mod audit;
mod background;
mod call;
mod cancel;
mod chat;
mod check;
mod clockwork;
mod config;
mod credentials;
mod distilleries;
mod envelope;
mod events;
mod files;
mod history;
mod idempotency;
mod ids;
mod ingestion;
mod library;
mod memories;
mod memory_admin;
mod plan;
mod requests;
pub mod responder;
mod routes;
mod scheduler;
mod secrets;
mod sessions;
mod shown;
mod spec;
mod triggers;
mod tuning;
mod turn;
mod uploads;
mod users;
mod webhooks;

pub(crate) use envelope::{Failure, refuse};
pub use routes::{router, routes};
pub(crate) use spec::secret_references;
pub use spec::{FormationSpec, Skill};

use crate::{
    host::Host,
    quirks::{Quirk, UnknownQuirk},
};
use jiff::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One running formation: its specification and all its state.
pub struct Formation {
    host: Arc<Host>,
    spec: FormationSpec,
    started: Timestamp,
    state: Arc<Mutex<State>>,
    replays: Arc<idempotency::Replays>,
    events: Arc<events::Hub>,
    cancels: Arc<cancel::Cancels>,
    clockwork: clockwork::Clockwork,
}

/// What a formation remembers.
#[derive(Debug, Default)]
struct State {
    artifacts: artifacts::Artifacts,
    audit: audit::Audit,
    credentials: credentials::Credentials,
    distilleries: distilleries::Distilleries,
    ingestion: ingestion::Ingestion,
    jobs: scheduler::Jobs,
    memories: memories::Memories,
    memory_jobs: memory_admin::Jobs,
    requests: requests::Requests,
    secrets: secrets::Secrets,
    sessions: sessions::Sessions,
    tuning: tuning::Tuning,
    users: users::Users,
}

impl Formation {
    /// Starts a formation on its own.
    pub fn new(spec: FormationSpec) -> Arc<Self> {
        Self::on(Arc::default(), spec)
    }

    /// Starts a formation on its own that reproduces defects of the shipped runtime; `quirks` is as
    /// [`Builder::quirks`](crate::Builder::quirks) takes it.
    ///
    /// # Errors
    /// When a name is unknown.
    pub fn with_quirks(spec: FormationSpec, quirks: &str) -> Result<Arc<Self>, UnknownQuirk> {
        let host = Arc::<Host>::default();
        host.quirks.set(quirks.parse()?);
        Ok(Self::on(host, spec))
    }

    /// Starts a formation of a server.
    pub(crate) fn on(host: Arc<Host>, spec: FormationSpec) -> Arc<Self> {
        let state = State {
            secrets: secrets::Secrets::new(spec.secrets()),
            sessions: sessions::Sessions::new(spec.buffer_size()),
            ..State::default()
        };
        let formation = Arc::new(Self {
            started: host.clock.now(),
            host,
            spec,
            state: Arc::new(Mutex::new(state)),
            replays: Arc::default(),
            events: Arc::default(),
            cancels: Arc::default(),
            clockwork: clockwork::Clockwork::default(),
        });
        clockwork::start(&formation);
        formation
    }

    /// The same formation from changed files: what it remembers goes on, shared with the turns that still run on the
    /// old files. Secrets that the files give are taken anew; others stay.
    pub(crate) fn reloaded(&self, spec: FormationSpec) -> Arc<Self> {
        let mut state = self.state();
        state.secrets.merge(spec.secrets());
        state.sessions.resize(spec.buffer_size());
        drop(state);
        let formation = Arc::new(Self {
            host: self.host.clone(),
            spec,
            started: self.started,
            state: self.state.clone(),
            replays: self.replays.clone(),
            events: self.events.clone(),
            cancels: self.cancels.clone(),
            clockwork: self.clockwork.succeed(),
        });
        clockwork::start(&formation);
        formation
    }

    /// The formation's id.
    pub fn id(&self) -> &str {
        &self.spec.id
    }

    /// The state. Never held across an `await`.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether that defect of the shipped runtime is reproduced.
    fn quirk(&self, quirk: Quirk) -> bool {
        self.host.quirks.on(quirk)
    }

    /// The user as turns, sessions, requests and notifications know it: without tenancy all are one.
    fn tenant<'a>(&self, user: &'a str) -> &'a str {
        if self.quirk(Quirk::SingleUser) { "0" } else { user }
    }

    /// The time as this server sees it.
    fn now(&self) -> Timestamp {
        self.host.clock.now()
    }

    /// The time in seconds.
    fn seconds(&self) -> f64 {
        ids::as_seconds(self.now())
    }

    /// Tells of something that a person may look for in the formation's log too.
    fn note(&self, happening: events::Happening) {
        let events::Happening { level, kind, message, .. } = &happening;
        self.host.print(&self.spec.id, format!("{} {} {kind}: {message}", self.now(), level.to_uppercase()));
        self.events.send(|| happening);
    }

    /// Whole seconds since the start.
    fn uptime(&self) -> i64 {
        (self.now().as_millisecond() - self.started.as_millisecond()) / 1000
    }
}

impl fmt::Debug for Formation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Formation").field("id", &self.spec.id).finish_non_exhaustive()
    }
}
