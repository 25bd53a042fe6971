//! The server's state: which formations there are, in which versions, and what serves them.

use super::{config, logs::Log, progress::Failure};
use crate::{
    formation::{Formation, FormationSpec},
    host::Host,
};
use axum::Router;
use http::StatusCode;
use jiff::Timestamp;
use muxi_client::api::auth::Signer;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::sync::Notify;

/// The real server's default range of formation ports. Nothing listens on them here: a formation is reached through
/// the proxy only.
pub(super) const PORTS: std::ops::Range<u16> = 8000..9000;

/// The control plane's state.
pub(crate) struct Control {
    pub(crate) host: Arc<Host>,
    pub(super) key_id: String,
    pub(super) signer: Signer,
    pub(super) keys: Keys,
    pub(super) url: String,
    /// How long a formation takes to become healthy.
    pub(super) start_time: Duration,
    pub(super) started: Instant,
    pub(super) server_id: String,
    /// One line per request to `/rpc`.
    pub(super) audit: super::logs::Lines,
    formations: Mutex<BTreeMap<String, Entry>>,
    drafts: Mutex<BTreeMap<String, Draft>>,
    dev: Mutex<BTreeMap<String, DevRun>>,
    next_port: AtomicU16,
    /// Formations of which the real server would still track the process of an update.
    staging: Mutex<BTreeSet<String>>,
    demo_id: String,
    files: TempDir,
}

/// The keys of formations that do not bring their own.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) admin: String,
    pub(super) client: String,
}

/// A formation as the server knows it.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) status: Status,
    pub(super) restart_count: u32,
    pub(super) created_at: Timestamp,
    pub(super) deployed_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) running_since: Option<Instant>,
    /// What answers its requests; `None` unless it runs.
    pub(super) router: Option<Router>,
    pub(super) log: Arc<Log>,
    pub(super) current: Version,
    pub(super) previous: Option<Version>,
    pub(super) update: Option<UpdateState>,
    /// The port of an update that has failed, where the server does not forget it.
    pub(super) failed_port: Option<u16>,
}

/// An update in progress.
pub(super) struct UpdateState {
    /// Known once the new version is being started; before that there is nothing to cancel.
    pub(super) staging_port: Option<u16>,
    pub(super) cancel: Arc<Notify>,
}

/// One deployed version.
#[derive(Clone)]
pub(super) struct Version {
    pub(super) number: u32,
    /// What the caller named it; absent when the caller gave no version.
    pub(super) semantic: Option<String>,
    /// SHA-256 of the bundle's bytes.
    pub(super) digest: String,
    pub(super) source: Source,
}

/// Where a formation's files are.
#[derive(Clone)]
pub(super) enum Source {
    /// The built-in formation: written to files only when somebody asks for them.
    Demo,
    /// A folder of the server's own, deleted with its last version.
    Own(Arc<TempDir>),
    /// The caller's folder.
    Path(PathBuf),
}

/// The state of a formation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Starting,
    Running,
    Stopped,
    Crashed,
    /// A restart has ended it for good.
    Unhealthy,
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Crashed => "crashed",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// The editable copy of a formation.
pub(super) struct Draft {
    pub(super) created_at: Timestamp,
    /// The number and name of the live version that it was copied from.
    pub(super) base: Option<(u32, String)>,
    pub(super) folder: Arc<TempDir>,
}

/// A formation that runs behind `/draft/{id}`.
pub(super) struct DevRun {
    pub(super) port: u16,
    pub(super) instance: Instance,
}

/// What answers a formation's requests, and the log that they go to.
#[derive(Clone)]
pub(crate) struct Instance {
    pub(crate) router: Router,
    pub(crate) log: Arc<Log>,
}

impl Control {
    /// The state of a server that has just started: the demo formation runs.
    pub(crate) fn new(
        host: Arc<Host>,
        key_id: &str,
        secret_key: &str,
        admin_key: &str,
        client_key: &str,
        url: &str,
        start_time: Duration,
    ) -> io::Result<Arc<Self>> {
        let spec = FormationSpec::demo(admin_key, client_key);
        let control = Self {
            host,
            key_id: key_id.to_owned(),
            signer: Signer::new(key_id, secret_key),
            keys: Keys { admin: admin_key.to_owned(), client: client_key.to_owned() },
            url: url.to_owned(),
            start_time,
            started: Instant::now(),
            server_id: format!("local-{}", std::process::id()),
            audit: super::logs::Lines::default(),
            formations: Mutex::default(),
            drafts: Mutex::default(),
            dev: Mutex::default(),
            staging: Mutex::default(),
            next_port: AtomicU16::new(PORTS.start),
            demo_id: spec.id.clone(),
            files: tempfile::Builder::new().prefix("muxi-local-").tempdir()?,
        };
        control.begin(spec);
        Ok(Arc::new(control))
    }

    /// Runs the built-in formation.
    fn begin(&self, spec: FormationSpec) {
        let digest = super::bundle::digest(spec.document.to_string().as_bytes());
        let version = Version { number: 1, semantic: Some(spec.version.clone()), digest, source: Source::Demo };
        let mut entry = Entry::new(spec.name.clone(), self.port(), version);
        entry.run(crate::formation::router(Formation::on(self.host.clone(), spec)));
        entry.log.stdout.push("formation is ready");
        self.formations().insert(self.demo_id.clone(), entry);
    }

    /// Puts the server back to its start: only the built-in formation runs, and remembers nothing.
    pub(crate) fn reset(&self) {
        self.dev().clear();
        self.drafts().clear();
        self.formations().clear();
        self.host.clock.reset();
        self.host.faults.clear();
        self.host.log.clear();
        self.host.responders.reset_script();
        self.audit.clear();
        self.next_port.store(PORTS.start, Ordering::Relaxed);
        self.begin(FormationSpec::demo(&self.keys.admin, &self.keys.client));
    }

    /// The formations: id, name, status, version.
    pub(crate) fn overview(&self) -> Vec<Value> {
        let row = |(id, entry): (&String, &Entry)| {
            json!({
                "id": id, "name": entry.name, "status": entry.status.as_str(), "version": entry.current.semantic,
            })
        };
        self.formations().iter().map(row).collect()
    }

    /// The built-in formation's id.
    pub(crate) fn demo_id(&self) -> &str {
        &self.demo_id
    }

    /// What answers for `/api/{id}`; an error is the status of a formation that does not run, or `None`.
    pub(crate) fn live(&self, id: &str) -> Result<Instance, Option<&'static str>> {
        let formations = self.formations();
        let entry = formations.get(id).ok_or(None)?;
        let router = entry.router.clone().ok_or(Some(entry.status.as_str()))?;
        Ok(Instance { router, log: entry.log.clone() })
    }

    /// What answers for `/draft/{id}`.
    pub(crate) fn dev_instance(&self, id: &str) -> Result<Instance, Option<&'static str>> {
        self.dev().get(id).map(|run| run.instance.clone()).ok_or(None)
    }

    pub(super) fn formations(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        lock(&self.formations)
    }

    pub(super) fn drafts(&self) -> MutexGuard<'_, BTreeMap<String, Draft>> {
        lock(&self.drafts)
    }

    pub(super) fn dev(&self) -> MutexGuard<'_, BTreeMap<String, DevRun>> {
        lock(&self.dev)
    }

    pub(super) fn staging(&self) -> MutexGuard<'_, BTreeSet<String>> {
        lock(&self.staging)
    }

    /// Runs `change` on the formation `id`.
    pub(super) fn with<T>(&self, id: &str, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        self.formations().get_mut(id).map(change)
    }

    /// The next formation port.
    pub(super) fn port(&self) -> u16 {
        let offset = self.next_port.fetch_add(1, Ordering::Relaxed).wrapping_sub(PORTS.start);
        PORTS.start + offset % (PORTS.end - PORTS.start)
    }

    /// A fresh folder, deleted when its last owner lets go of it.
    pub(super) fn folder(&self) -> io::Result<TempDir> {
        tempfile::tempdir_in(self.files.path())
    }

    /// The folder with a version's files. Reads and writes files.
    pub(super) fn files_of(&self, source: &Source) -> io::Result<PathBuf> {
        match source {
            Source::Own(folder) => Ok(folder.path().to_owned()),
            Source::Path(path) => Ok(path.clone()),
            Source::Demo => {
                let folder = self.files.path().join("demo");
                if !folder.exists() {
                    write_demo(&folder, &FormationSpec::demo(&self.keys.admin, &self.keys.client))?;
                }
                Ok(folder)
            }
        }
    }

    /// A fresh formation from `source`: what a process start is to the real server. Reads files.
    pub(super) fn load(&self, source: &Source) -> Result<Router, String> {
        let spec = match source {
            Source::Demo => FormationSpec::demo(&self.keys.admin, &self.keys.client),
            Source::Own(folder) => config::load(folder.path(), &self.keys)?,
            Source::Path(path) => config::load(path, &self.keys)?,
        };
        Ok(crate::formation::router(Formation::on(self.host.clone(), spec)))
    }
}

impl Entry {
    /// A formation that is being started.
    pub(super) fn new(name: String, port: u16, current: Version) -> Self {
        let now = Timestamp::now();
        Self {
            name,
            port,
            status: Status::Starting,
            restart_count: 0,
            created_at: now,
            deployed_at: now,
            updated_at: now,
            running_since: None,
            router: None,
            log: Arc::default(),
            current,
            previous: None,
            update: None,
            failed_port: None,
        }
    }

    /// `router` answers from now on.
    pub(super) fn run(&mut self, router: Router) {
        self.router = Some(router);
        self.status = Status::Running;
        self.running_since = Some(Instant::now());
        self.updated_at = Timestamp::now();
    }

    /// `router` answers from now on, unless somebody has stopped or replaced the formation while it started.
    pub(super) fn started(&mut self, router: Router) -> Result<(), Failure> {
        if self.status != Status::Starting {
            let message = "Formation failed health check: stopped during startup";
            return Err(Failure::internal("HealthCheckFailed", "health_check", message));
        }
        self.run(router);
        self.log.stdout.push("formation is ready");
        Ok(())
    }

    /// Nothing answers any more. Requests in flight end by themselves.
    pub(super) fn halt(&mut self, status: Status) {
        self.router = None;
        self.status = status;
        self.running_since = None;
        self.updated_at = Timestamp::now();
    }

    /// Seconds since it runs.
    pub(super) fn uptime(&self) -> u64 {
        self.running_since.map_or(0, |since| since.elapsed().as_secs())
    }

    /// `null` while it starts.
    pub(super) fn healthy(&self) -> Value {
        match self.status {
            Status::Starting => Value::Null,
            status => Value::Bool(status == Status::Running),
        }
    }

    /// The `version` object: digests, and the name where `semantic` is asked for.
    pub(super) fn version(&self, semantic: bool) -> Value {
        let mut version = Map::new();
        if let (true, Some(name)) = (semantic, &self.current.semantic) {
            version.insert("semantic".into(), name.as_str().into());
        }
        version.insert("current".into(), self.current.digest.as_str().into());
        if let Some(previous) = &self.previous {
            version.insert("previous".into(), previous.digest.as_str().into());
        }
        version.into()
    }
}

/// The failure of an operation on a formation that is not there.
pub(super) fn not_found(stage: &'static str) -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "NotFound", stage, "Formation not found")
}

/// A lock whose holder panicked still guards whole values: every change here is one assignment after the other.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_demo(folder: &Path, spec: &FormationSpec) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("formation.afs"), serde_norway::to_string(&spec.document).map_err(io::Error::other)?)?;
    for (name, files) in [("triggers", &spec.triggers), ("sops", &spec.sops)] {
        if !files.is_empty() {
            fs::create_dir_all(folder.join(name))?;
        }
        for (file, text) in files {
            fs::write(folder.join(name).join(format!("{file}.md")), text)?;
        }
    }
    Ok(())
}
