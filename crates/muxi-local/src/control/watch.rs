//! Reloads formations when their files change.

use super::Control;
use notify_debouncer_mini::{
    DebounceEventResult, Debouncer, new_debouncer,
    notify::{RecommendedWatcher, RecursiveMode},
};
use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::Duration,
};

/// How long files must be quiet: editors and checkouts write several times.
const QUIET: Duration = Duration::from_millis(150);

/// Watches the folders of formations until it is dropped.
pub(crate) struct Watcher {
    _debouncer: Debouncer<RecommendedWatcher>,
}

impl Watcher {
    /// Watches the folders that the server was started with. Each reload is one line on the standard error output,
    /// and more where files are wrong.
    pub(crate) fn start(control: &Arc<Control>) -> io::Result<Self> {
        let places: Vec<(PathBuf, PathBuf)> = control
            .paths()
            .map(|path| {
                let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
                let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                // Events carry absolute paths.
                Ok((path.to_owned(), folder.canonicalize()?))
            })
            .collect::<io::Result<_>>()?;
        let folders: Vec<PathBuf> = places.iter().map(|(_, folder)| folder.clone()).collect();
        let control = Arc::downgrade(control);
        let mut faulty = BTreeSet::new();
        let changed = move |events: DebounceEventResult| reload(&control, &places, &mut faulty, events);
        let mut debouncer = new_debouncer(QUIET, changed).map_err(io::Error::other)?;
        for folder in folders {
            debouncer.watcher().watch(&folder, RecursiveMode::Recursive).map_err(io::Error::other)?;
        }
        Ok(Self { _debouncer: debouncer })
    }
}

/// `faulty` has the formations whose files were wrong the last time.
fn reload(
    control: &Weak<Control>,
    places: &[(PathBuf, PathBuf)],
    faulty: &mut BTreeSet<String>,
    events: DebounceEventResult,
) {
    let Some(control) = control.upgrade() else { return };
    let events = match events {
        Ok(events) => events,
        Err(error) => return eprintln!("muxi-local: cannot watch the formations' files: {error}"),
    };
    let changed = |path: &Path| {
        let folder = places.iter().find(|(place, _)| place == path).map(|(_, folder)| folder);
        folder.is_some_and(|folder| events.iter().any(|event| matters(folder, &event.path)))
    };
    for reload in control.reload(changed) {
        let was_faulty = faulty.remove(&reload.id);
        if reload.outcome.is_err() {
            faulty.insert(reload.id.clone());
        } else if !reload.changed && !was_faulty {
            // Somebody wrote a file that is no part of the formation.
            continue;
        }
        eprintln!("muxi-local: {reload}");
        for warning in reload.outcome.iter().flatten() {
            eprintln!("muxi-local: warning: {warning}");
        }
    }
}

/// Whether a change below a folder can change its formation: hidden files other than `.env` do not.
fn matters(folder: &Path, path: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(folder) else { return false };
    inside.components().all(|part| {
        let name = part.as_os_str().to_string_lossy();
        !name.starts_with('.') || name == ".env"
    })
}
