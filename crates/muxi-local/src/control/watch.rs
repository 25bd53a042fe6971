//! Reloads formations and the script when their files change.

use super::{Control, Reload};
use notify_debouncer_mini::{
    Config, DebounceEventResult, Debouncer, new_debouncer_opt,
    notify::{self, Event, EventHandler, EventKind, RecommendedWatcher, RecursiveMode, WatcherKind, event::AccessKind},
};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::Duration,
};

/// The time for which files must be quiet: editors and checkouts write several times.
const QUIET: Duration = Duration::from_millis(150);

/// Watches the folders of formations and the script until it is dropped.
pub(crate) struct Watcher {
    _debouncer: Debouncer<Changes>,
}

impl Watcher {
    /// Watches the folders that the server was started with, and the file of its script. Each reload is one line on the
    /// standard error output, and more where files are wrong.
    pub(crate) fn start(control: &Arc<Control>, script: Option<&Path>) -> io::Result<Self> {
        let formations: Vec<(PathBuf, PathBuf)> = control
            .paths()
            .map(|path| Ok((path.to_owned(), if path.is_file() { folder_of(path)? } else { path.canonicalize()? })))
            .collect::<io::Result<_>>()?;
        let folders: Vec<PathBuf> = formations.iter().map(|(_, folder)| folder.clone()).collect();
        let script = match script {
            Some(path) => Some((path.to_owned(), folder_of(path)?.join(path.file_name().unwrap_or_default()))),
            None => None,
        };
        let beside = script.as_ref().and_then(|(_, file)| file.parent().map(Path::to_owned));
        let mut places = Places { control: Arc::downgrade(control), formations, script, faulty: Faulty::default() };
        let config = Config::default().with_timeout(QUIET);
        let changed = move |events: DebounceEventResult| places.reload(events);
        let mut debouncer = new_debouncer_opt::<_, Changes>(config, changed).map_err(io::Error::other)?;
        for folder in &folders {
            debouncer.watcher().watch(folder, RecursiveMode::Recursive).map_err(io::Error::other)?;
        }
        // Editors write another file in the place of the old one, so its folder is watched. A second watch of a folder
        // takes the place of the first.
        if let Some(beside) = beside.filter(|beside| !folders.iter().any(|folder| beside.starts_with(folder))) {
            debouncer.watcher().watch(&beside, RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        }
        Ok(Self { _debouncer: debouncer })
    }
}

/// The folder that a file is in, as events name it: absolute.
fn folder_of(file: &Path) -> io::Result<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).canonicalize()
}

/// The system's watcher without news of files that are only read: each reload reads them, and so would bring about the
/// next one.
struct Changes(RecommendedWatcher);

impl notify::Watcher for Changes {
    fn new<F: EventHandler>(mut handler: F, config: notify::Config) -> notify::Result<Self> {
        let handler = move |event: notify::Result<Event>| {
            let opened = |event: &Event| matches!(event.kind, EventKind::Access(AccessKind::Open(_)));
            if !event.as_ref().is_ok_and(opened) {
                handler.handle_event(event);
            }
        };
        RecommendedWatcher::new(handler, config).map(Self)
    }

    fn watch(&mut self, path: &Path, mode: RecursiveMode) -> notify::Result<()> {
        self.0.watch(path, mode)
    }

    fn unwatch(&mut self, path: &Path) -> notify::Result<()> {
        self.0.unwatch(path)
    }

    fn kind() -> WatcherKind {
        RecommendedWatcher::kind()
    }
}

/// The watched files.
struct Places {
    control: Weak<Control>,
    /// As formations were given, and the absolute folder of each.
    formations: Vec<(PathBuf, PathBuf)>,
    /// The script as it was given, and its absolute path.
    script: Option<(PathBuf, PathBuf)>,
    faulty: Faulty,
}

impl Places {
    fn reload(&mut self, events: DebounceEventResult) {
        let Some(control) = self.control.upgrade() else { return };
        let events = match events {
            Ok(events) => events,
            Err(error) => return eprintln!("muxi-local: cannot watch the files: {error}"),
        };
        if let Some((path, _)) = self.script.as_ref().filter(|(_, file)| events.iter().any(|event| event.path == *file))
        {
            let name = path.display().to_string();
            let outcome = control.context.responders.reload_script(path);
            let changed = outcome.as_ref().is_ok_and(|changed| *changed);
            let fault = outcome.err().map(|error| error.to_string());
            if self.faulty.is_news(&name, changed, fault.as_deref()) {
                match fault {
                    None => eprintln!("muxi-local: reloaded the script {name}"),
                    Some(fault) => {
                        eprintln!("muxi-local: the script is not reloaded and goes on as it was:\n{fault}");
                    }
                }
            }
        }
        let changed = |path: &Path| {
            let folder = self.formations.iter().find(|(place, _)| place == path).map(|(_, folder)| folder);
            folder.is_some_and(|folder| events.iter().any(|event| matters(folder, &event.path)))
        };
        for reload in control.reload(changed) {
            let Reload { id, changed, outcome } = &reload;
            if self.faulty.is_news(id, *changed, outcome.as_ref().err().map(String::as_str)) {
                eprintln!("muxi-local: {reload}");
                for warning in outcome.iter().flatten() {
                    eprintln!("muxi-local: warning: {warning}");
                }
            }
        }
    }
}

/// The faults of the last reload, by the id of the formation or the path of the script.
#[derive(Default)]
struct Faulty(BTreeMap<String, String>);

impl Faulty {
    /// Notes the outcome of a reload. Tells whether it is to be told: a change, another fault than the last time, or the
    /// end of one. A file that is no part of anything brings about a reload, too.
    fn is_news(&mut self, name: &str, changed: bool, fault: Option<&str>) -> bool {
        match fault {
            Some(fault) => self.0.insert(name.to_owned(), fault.to_owned()).as_deref() != Some(fault),
            None => self.0.remove(name).is_some() || changed,
        }
    }
}

/// Tells whether a change below a folder can change its formation: hidden files other than `.env` do not.
fn matters(folder: &Path, path: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(folder) else { return false };
    inside.components().all(|part| {
        let name = part.as_os_str().to_string_lossy();
        !name.starts_with('.') || name == ".env"
    })
}

#[cfg(test)]
mod tests {
    use super::Faulty;

    #[test]
    fn each_fault_is_told_once_until_it_changes() {
        let mut faulty = Faulty::default();
        let mut told = |changed, fault| faulty.is_news("desk", changed, fault);
        assert_eq!([told(false, Some("a")), told(false, Some("a")), told(false, Some("b"))], [true, false, true]);
        assert_eq!([told(false, None), told(false, None), told(true, None)], [true, false, true]);
        assert!(told(false, Some("b")));
        assert!(faulty.is_news("other", false, Some("b")));
    }
}
