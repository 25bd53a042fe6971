//! The server's state: which formations there are, in which versions, and what serves them.

use super::{
    entry::{Entry, Service, Source},
    folder::Folder,
    logs::Log,
    progress::Failure,
    saved::Saved,
    served::Place,
};
use crate::{
    files::{self, FormationKeys, Loaded},
    formation::{Context, Formation, FormationSpec, Webhook, WebhookAnswer, WebhookFailure},
    host::Host,
    keys::Keys,
};
use axum::Router;
use http::StatusCode;
use jiff::Timestamp;
use muxi_client::api::auth::Signer;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The real server's default range of formation ports. Nothing listens on them here: a formation is reached through
/// the proxy only.
pub(super) const PORTS: std::ops::Range<u16> = 8000..9000;

/// The variable that says where temporary folders are.
const TEMPORARY: &str = if cfg!(windows) { "TMP" } else { "TMPDIR" };

/// The folder for what is unpacked.
fn temporary_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("muxi-local-").tempdir().map_err(|error| {
        let place = std::env::temp_dir();
        let place = place.display();
        io::Error::new(error.kind(), format!("cannot make a folder in {place} ({TEMPORARY} says where): {error}"))
    })
}

/// The control plane's state.
pub(crate) struct Control {
    pub(crate) host: Arc<Host>,
    pub(crate) context: Arc<Context>,
    pub(super) key_id: String,
    pub(super) signer: Signer,
    pub(super) keys: FormationKeys,
    pub(super) url: String,
    /// The time that a formation takes to become healthy.
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
    /// The formations that the server was started with.
    pub(super) served: OnceLock<Vec<Place>>,
    files: TempDir,
    pub(super) saved: Mutex<Saved>,
}

/// The editable copy of a formation.
pub(super) struct Draft {
    pub(super) created_at: Timestamp,
    /// The number and name of the live version that it was copied from.
    pub(super) base: Option<(u32, String)>,
    pub(super) folder: Arc<Folder>,
}

/// A formation that runs behind `/draft/{id}`.
pub(super) struct DevRun {
    pub(super) port: u16,
    pub(super) instance: Instance,
}

/// The router of a formation's requests, and the log that they go to.
#[derive(Clone)]
pub(crate) struct Instance {
    pub(crate) router: Router,
    pub(crate) log: Arc<Log>,
}

impl Control {
    /// The state of a server that has just started; no formation runs yet.
    pub(crate) fn new(context: Arc<Context>, keys: &Keys, url: &str, start_time: Duration) -> io::Result<Arc<Self>> {
        let control = Arc::new(Self {
            host: context.host.clone(),
            context,
            key_id: keys.key_id.clone(),
            signer: Signer::new(&keys.key_id, &keys.secret_key),
            keys: FormationKeys { admin: keys.admin_key.clone(), client: keys.client_key.clone() },
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
            served: OnceLock::new(),
            files: temporary_folder()?,
            saved: Mutex::default(),
        });
        let logs = Arc::downgrade(&control);
        let print = move |id: &str, line: String| {
            if let Some(control) = logs.upgrade() {
                control.with(id, |entry| entry.log.stdout.push(line));
            }
        };
        // A host is new with its server, so its printer is not set yet.
        let _ = control.host.printer.set(Box::new(print));
        Ok(control)
    }

    /// Puts the server back to its start: only the formations that it was started with run, and remember nothing. The
    /// store learns of it with the next commit.
    pub(crate) fn reset(&self) {
        self.dev().clear();
        self.drafts().clear();
        self.formations().clear();
        self.context.forget_all();
        self.host.clock.reset();
        self.host.faults.clear();
        self.host.log.clear();
        self.context.responders.reset_script();
        self.audit.clear();
        self.next_port.store(PORTS.start, Ordering::Relaxed);
        self.serve_again();
    }

    /// True if no scheduled job runs and none that is due waits to be run, in any formation.
    pub(crate) fn settled(&self) -> bool {
        self.formations().values().filter_map(|entry| entry.service.as_ref()).all(|service| service.formation.settled())
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

    /// The instance behind `/api/{id}`; an error is the status of a formation that does not run, or `None`.
    pub(crate) fn live(&self, id: &str) -> Result<Instance, Option<&'static str>> {
        let formations = self.formations();
        let entry = formations.get(id).ok_or(None)?;
        let service = entry.service.as_ref().ok_or(Some(entry.status.as_str()))?;
        Ok(Instance { router: service.router.clone(), log: entry.log.clone() })
    }

    /// Sends a webhook as one of the running formations.
    pub(crate) async fn send_webhook(&self, webhook: &Webhook) -> Result<Vec<WebhookAnswer>, WebhookFailure> {
        let id = webhook.sender().unwrap_or_else(|| self.first_id());
        webhook.check()?;
        let formation = {
            let formations = self.formations();
            let Some(entry) = formations.get(id) else {
                let ids = formations.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                return Err(WebhookFailure::Invalid(format!(
                    "the formation {id:?} does not run: formation_id must be one of {ids}"
                )));
            };
            entry.service.as_ref().map(|service| service.formation.clone())
        };
        let idle = || WebhookFailure::Failed(format!("the formation {id:?} does not run"));
        webhook.send(&*formation.ok_or_else(idle)?).await
    }

    /// The instance behind `/draft/{id}`: a development run, or else a formation that the server was started with.
    pub(crate) fn dev_instance(&self, id: &str) -> Result<Instance, Option<&'static str>> {
        let run = self.dev().get(id).map(|run| run.instance.clone());
        match run {
            Some(instance) => Ok(instance),
            None if self.is_served(id) => self.live(id),
            None => Err(None),
        }
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

    /// Leaves a port to the formation that has had it.
    pub(super) fn reserve(&self, port: u16) {
        self.next_port.fetch_max(port.saturating_add(1), Ordering::Relaxed);
    }

    /// A fresh folder for a formation's files.
    pub(super) fn folder(&self) -> io::Result<Folder> {
        match self.host.store.folder() {
            Some(data) => Folder::new(&super::saved::files(data)?),
            None => Folder::new(self.files.path()),
        }
    }

    /// The folder with a version's files. Reads and writes files.
    pub(super) fn files_of(&self, source: &Source) -> io::Result<PathBuf> {
        match source {
            Source::Own(folder) => Ok(folder.path().to_owned()),
            Source::Path(path) if path.is_file() => {
                Ok(path.parent().map(Path::to_owned).filter(|path| path != Path::new("")).unwrap_or_else(|| ".".into()))
            }
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

    /// A fresh formation from `source` that goes on with the state of `scope`: what a process start is to the real
    /// server. Reads files.
    pub(super) fn load(&self, scope: &str, source: &Source) -> Result<Service, String> {
        let spec = self.spec(source).map_err(|problems| problems.to_string())?.spec;
        Ok(Service::new(Formation::on(&self.context, scope, spec)?))
    }

    /// The specification of a formation. Reads files.
    pub(super) fn spec(&self, source: &Source) -> Result<Loaded, files::Problems> {
        match source {
            Source::Demo => Ok(Loaded::from(FormationSpec::demo(&self.keys.admin, &self.keys.client))),
            Source::Own(folder) => files::load(folder.path(), &self.keys).map(|mut loaded| {
                // Deployed files are the server's copy, in which users do not look for files.
                loaded.spec.folder = None;
                loaded
            }),
            Source::Path(path) => files::load(path, &self.keys).map_err(|problems| problems.of(path)),
        }
    }
}

/// The scope of the state of the live formation `id`.
pub(super) fn live_scope(id: &str) -> String {
    format!("live/{id}")
}

/// The scope of the state of the development run of `id`.
pub(super) fn draft_scope(id: &str) -> String {
    format!("draft/{id}")
}

/// The failure of an operation on a formation that is not there.
pub(super) fn not_found(stage: &'static str) -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "NotFound", stage, "Formation not found")
}

/// A lock whose holder panicked still guards whole values: every change here is one assignment after the other.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_demo(folder: &Path, spec: &FormationSpec) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("formation.afs"), serde_saphyr::to_string(&spec.document).map_err(io::Error::other)?)?;
    for (name, files) in [("triggers", &spec.triggers), ("sops", &spec.sops)] {
        if !files.is_empty() {
            fs::create_dir_all(folder.join(name))?;
        }
        for (file, text) in files {
            fs::write(folder.join(name).join(format!("{file}.md")), text)?;
        }
    }
    for skill in &spec.skills {
        let folder = folder.join("skills").join(&skill.name);
        fs::create_dir_all(&folder)?;
        let text = format!("---\nname: {}\ndescription: {}\n---\n", skill.name, skill.description);
        fs::write(folder.join("SKILL.md"), text)?;
    }
    Ok(())
}
