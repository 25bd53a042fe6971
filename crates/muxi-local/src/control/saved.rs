//! The control plane's state in the store: which formations and drafts there are. Their files are kept beside the
//! database, a folder each.

use super::{
    entry::{Entry, Source, Status, Version},
    folder::Folder,
    registry::{Control, Draft, live_scope, lock},
};
use crate::store::{Change, Row};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

const SCOPE: &str = "server";
const FORMATIONS: &str = "formations";
const DRAFTS: &str = "drafts";

/// Rows by area and id.
type Rows = BTreeMap<(&'static str, String), String>;
/// Folders by name.
type Folders = BTreeMap<String, Arc<Folder>>;

/// The rows and folders as the store got them last.
#[derive(Default)]
pub(super) struct Saved {
    rows: Rows,
    folders: Folders,
    /// The last batch that went to the store.
    sent: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedFormation {
    name: String,
    port: u16,
    status: Status,
    restart_count: u32,
    created_at: Timestamp,
    deployed_at: Timestamp,
    updated_at: Timestamp,
    current: SavedVersion,
    previous: Option<SavedVersion>,
}

#[derive(Serialize, Deserialize)]
struct SavedVersion {
    number: u32,
    semantic: Option<String>,
    digest: String,
    source: SavedSource,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedSource {
    Demo,
    /// The name of a folder of the server's own.
    Own(String),
    Path(PathBuf),
}

#[derive(Serialize, Deserialize)]
struct SavedDraft {
    created_at: Timestamp,
    base: Option<(u32, String)>,
    folder: String,
}

/// Makes the folder that holds the files of deployed formations and of drafts.
pub(super) fn files(data: &Path) -> io::Result<PathBuf> {
    let folder = data.join(FORMATIONS);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

impl Control {
    /// Waits until formations and drafts are safe in the store as they are now. To be called before anybody is told
    /// of a change. The error says what the disk refused.
    pub(crate) async fn commit(&self) -> Result<(), String> {
        if self.host.store.folder().is_none() {
            return Ok(());
        }
        let (batch, leaving) = self.send()?;
        self.host.store.wait(batch).await?;
        // No restart will look for these any more.
        leaving.values().for_each(|folder| folder.keep(false));
        Ok(())
    }

    /// Sends what has changed to the store; gives the number of the batch, and the folders that are then of no use.
    fn send(&self) -> Result<(u64, Folders), String> {
        let store = &self.host.store;
        let mut saved = lock(&self.saved);
        let (rows, mut folders) = self.snapshot().map_err(|error| error.to_string())?;
        folders.values().for_each(|folder| folder.keep(true));
        let changes = differences(&saved.rows, &rows);
        if !changes.is_empty() || store.is_failing() {
            saved.sent = store.write(changes);
        }
        saved.rows = rows;
        std::mem::swap(&mut saved.folders, &mut folders);
        folders.retain(|name, _| !saved.folders.contains_key(name));
        Ok((saved.sent, folders))
    }

    /// Rows and folders as they are now.
    fn snapshot(&self) -> serde_json::Result<(Rows, Folders)> {
        let (mut rows, mut folders) = (Rows::new(), Folders::new());
        let mut own = |source: &Source| {
            if let Source::Own(folder) = source {
                folders.insert(folder.name(), folder.clone());
            }
        };
        let formations = self.formations();
        for (id, entry) in formations.iter().filter(|(id, _)| !self.is_given(id)) {
            own(&entry.current.source);
            entry.previous.iter().for_each(|version| own(&version.source));
            rows.insert((FORMATIONS, id.clone()), serde_json::to_string(&SavedFormation::new(entry))?);
        }
        for (id, draft) in self.drafts().iter() {
            folders.insert(draft.folder.name(), draft.folder.clone());
            let (created_at, base, folder) = (draft.created_at, draft.base.clone(), draft.folder.name());
            rows.insert((DRAFTS, id.clone()), serde_json::to_string(&SavedDraft { created_at, base, folder })?);
        }
        Ok((rows, folders))
    }

    /// Tells the store how things are now. No caller waits for it.
    pub(crate) fn announce(&self) -> Result<(), String> {
        if self.host.store.folder().is_some() { self.send().map(drop) } else { Ok(()) }
    }

    /// Takes up formations and drafts as a server before this one left them; the built-in one only where `demo` wants
    /// it. Formations that ran run again.
    pub(super) fn restore(&self, demo: bool) -> Result<(), String> {
        let Some(data) = self.host.store.folder() else { return Ok(()) };
        let files = files(data).map_err(|error| format!("{}: {error}", data.display()))?;
        let mut saved = lock(&self.saved);
        for row in self.host.store.read(SCOPE)? {
            let unreadable = |error: serde_json::Error| self.host.store.unreadable(SCOPE, &row, &error);
            let id: String = serde_json::from_str(&row.key).map_err(unreadable)?;
            let area = match row.area.as_str() {
                FORMATIONS => {
                    let formation: SavedFormation = serde_json::from_str(&row.value).map_err(unreadable)?;
                    let entry = formation.restore(&files, &mut saved.folders);
                    if !demo && matches!(entry.current.source, Source::Demo) {
                        continue;
                    }
                    self.reserve(entry.port);
                    let entry = self.revive(&id, entry)?;
                    self.formations().insert(id.clone(), entry);
                    FORMATIONS
                }
                DRAFTS => {
                    let SavedDraft { created_at, base, folder } =
                        serde_json::from_str(&row.value).map_err(unreadable)?;
                    let folder = find(&files, &folder, &mut saved.folders);
                    self.drafts().insert(id.clone(), Draft { created_at, base, folder });
                    DRAFTS
                }
                _ => continue,
            };
            let Row { value, .. } = row;
            saved.rows.insert((area, id), value);
        }
        let named: BTreeSet<&String> = saved.folders.keys().collect();
        sweep(&files, &named).map_err(|error| format!("{}: {error}", files.display()))
    }

    /// Starts a formation that ran when the server before this one ended. One whose files are wrong has crashed; rows
    /// that cannot be read are an error, since going on would lose them.
    fn revive(&self, id: &str, mut entry: Entry) -> Result<Entry, String> {
        if matches!(entry.status, Status::Starting | Status::Running) {
            self.context.open(&live_scope(id))?;
            let updated_at = entry.updated_at;
            match self.load(&live_scope(id), &entry.current.source) {
                Ok(service) => {
                    entry.run(service);
                    entry.log.stdout.push("formation is ready");
                }
                Err(error) => {
                    entry.halt(Status::Crashed);
                    entry.log.stderr.push(error);
                }
            }
            entry.updated_at = updated_at;
        }
        Ok(entry)
    }
}

fn differences(before: &Rows, after: &Rows) -> Vec<Change> {
    let change = |(area, id): &(&'static str, String), value: Option<String>| {
        let key = serde_json::Value::from(id.as_str()).to_string();
        Change::Row { scope: SCOPE.into(), area, key, value }
    };
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| change(key, None));
    let new = after.iter().filter(|(key, value)| before.get(*key) != Some(*value));
    gone.chain(new.map(|(key, value)| change(key, Some(value.clone())))).collect()
}

/// The folder of that name. Versions and drafts may share one.
fn find(files: &Path, name: &str, folders: &mut Folders) -> Arc<Folder> {
    folders.entry(name.to_owned()).or_insert_with(|| Arc::new(Folder::found(files.join(name)))).clone()
}

/// Deletes what deployments left that never came to their end.
fn sweep(files: &Path, named: &BTreeSet<&String>) -> io::Result<()> {
    for entry in fs::read_dir(files)? {
        let entry = entry?;
        if !named.contains(&entry.file_name().to_string_lossy().into_owned()) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

impl SavedFormation {
    fn new(entry: &Entry) -> Self {
        Self {
            name: entry.name.clone(),
            port: entry.port,
            status: entry.status,
            restart_count: entry.restart_count,
            created_at: entry.created_at,
            deployed_at: entry.deployed_at,
            updated_at: entry.updated_at,
            current: SavedVersion::new(&entry.current),
            previous: entry.previous.as_ref().map(SavedVersion::new),
        }
    }

    fn restore(self, files: &Path, folders: &mut Folders) -> Entry {
        let current = self.current.restore(files, folders);
        let previous = self.previous.map(|version| version.restore(files, folders));
        Entry {
            status: self.status,
            restart_count: self.restart_count,
            created_at: self.created_at,
            deployed_at: self.deployed_at,
            updated_at: self.updated_at,
            previous,
            ..Entry::new(self.name, self.port, current)
        }
    }
}

impl SavedVersion {
    fn new(version: &Version) -> Self {
        let source = match &version.source {
            Source::Demo => SavedSource::Demo,
            Source::Own(folder) => SavedSource::Own(folder.name()),
            Source::Path(path) => SavedSource::Path(path.clone()),
        };
        let Version { number, semantic, digest, .. } = version.clone();
        Self { number, semantic, digest, source }
    }

    fn restore(self, files: &Path, folders: &mut Folders) -> Version {
        let source = match self.source {
            SavedSource::Demo => Source::Demo,
            SavedSource::Own(name) => Source::Own(find(files, &name, folders)),
            SavedSource::Path(path) => Source::Path(path),
        };
        Version { number: self.number, semantic: self.semantic, digest: self.digest, source }
    }
}
