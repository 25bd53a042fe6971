//! The formation API: one running formation, its state, and the routes that it serves.
//!
//! Methods, paths and keys come from the operation table of `muxi-client`; nothing here repeats them. Behaviour is
//! the *intended* one of `contract/formation-api.md`: where the shipped runtime has a defect, this does what was meant.
//!
//! The folders go from the ground up: `http` (calls and answers) and `settings`, then `log`, `responder`, `library`,
//! `memory` and `people`, then `turn`, and `schedule` above it. A folder knows only those below it. The files beside them
//! hold what all of a formation is made of: its state, its routes, and how a call is served.
//!
//! Answers are made by an echo, by the rules of a script, or by a language model; see [`responder`].
//!
//! Not done: nothing is planned, no tool runs and no embedding is computed.

mod codes;
mod handlers;
mod http;
mod ids;
mod library;
mod log;
mod memory;
mod people;
pub mod responder;
mod routes;
mod schedule;
mod serve;
mod settings;
mod state;
mod turn;

pub(crate) use codes::code;
pub(crate) use http::envelope::{Failure, refuse};
pub use log::sample_webhook::{Webhook, WebhookAnswer, WebhookFailure};
pub use routes::{router, routes};
pub(crate) use serve::FromPage;
pub(crate) use settings::spec::secret_references;
pub use settings::spec::{FormationSpec, Skill};
pub(crate) use state::Context;

use crate::{
    host::Host,
    quirks::{Quirk, UnknownQuirk},
};
use jiff::Timestamp;
use log::events::{Happening, Hub};
use memory::knowledge;
use schedule::clockwork::{self, Clockwork};
use state::{Shared, State};
use std::fmt;
use std::sync::{Arc, MutexGuard};

/// One running formation: its specification and all its state.
pub struct Formation {
    context: Arc<Context>,
    host: Arc<Host>,
    spec: FormationSpec,
    started: Timestamp,
    shared: Arc<Shared>,
    events: Arc<Hub>,
    clockwork: Clockwork,
}

impl Formation {
    /// Starts a formation on its own.
    pub fn new(spec: FormationSpec) -> Arc<Self> {
        let shared = Arc::new(Shared::fresh(&spec));
        Self::with(Arc::default(), shared, spec)
    }

    /// Starts a formation on its own that reproduces defects of the shipped runtime; `quirks` is as
    /// [`Builder::quirks`](crate::Builder::quirks) takes it.
    ///
    /// # Errors
    /// When a name is unknown.
    pub fn with_quirks(spec: FormationSpec, quirks: &str) -> Result<Arc<Self>, UnknownQuirk> {
        let context = Arc::<Context>::default();
        context.host.quirks.set(quirks.parse()?);
        let shared = Arc::new(Shared::fresh(&spec));
        Ok(Self::with(context, shared, spec))
    }

    /// Starts a formation of a server. It goes on with the state of its scope; the error says why that cannot be read.
    pub(crate) fn on(context: &Arc<Context>, scope: &str, spec: FormationSpec) -> Result<Arc<Self>, String> {
        let shared = context.open(scope)?;
        shared.adopt(&spec);
        Ok(Self::with(context.clone(), shared, spec))
    }

    fn with(context: Arc<Context>, shared: Arc<Shared>, spec: FormationSpec) -> Arc<Self> {
        let formation = Arc::new(Self {
            started: context.host.clock.now(),
            host: context.host.clone(),
            context,
            spec: knowledge::limited(spec),
            shared,
            events: Arc::default(),
            clockwork: Clockwork::default(),
        });
        formation.state().knowledge.begin(&formation.spec);
        clockwork::skip_missed(&formation);
        clockwork::start(&formation);
        formation
    }

    /// The same formation from changed files: what it remembers goes on, shared with the turns that still run on the
    /// old files. Secrets that are new in the files are taken over; others stay.
    pub(crate) fn reloaded(&self, spec: FormationSpec) -> Arc<Self> {
        self.shared.adopt(&spec);
        let formation = Arc::new(Self {
            context: self.context.clone(),
            host: self.host.clone(),
            spec: knowledge::limited(spec),
            started: self.started,
            shared: self.shared.clone(),
            events: self.events.clone(),
            clockwork: self.clockwork.succeed(),
        });
        clockwork::start(&formation);
        formation
    }

    /// True if no scheduled job runs and none that is due waits to be run.
    pub(crate) fn settled(&self) -> bool {
        clockwork::settled(self)
    }

    /// The formation's id.
    pub fn id(&self) -> &str {
        &self.spec.id
    }

    /// The state. Never held across an `await`.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    /// Waits until everything that has changed so far is safe in the store. To be called before a caller is told of a
    /// change, and after changes that no caller waits for. The error says what the disk refused.
    async fn commit(&self) -> Result<(), String> {
        self.shared.commit(&self.host.store).await
    }

    /// True if that defect of the shipped runtime is reproduced.
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
    fn note(&self, happening: Happening) {
        let Happening { level, kind, message, .. } = &happening;
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
