//! The store of the state: in memory only, or in a folder as well, where it survives the process.
//!
//! Rows live in memory, in [`Table`]s, and everything reads them there. A store on disk is written behind them: the
//! changed rows of one moment go to one writer thread as a batch, and a caller that must not answer before they are
//! safe waits for that batch. Batches that arrive while the disk is busy are written together.

mod database;
mod table;
mod writer;

pub(crate) use table::{Rows, Table, Whole};

use database::Database;
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};
use tokio::sync::watch;
use writer::{Message, Progress};

/// The file of the lock that keeps a second process out of the folder.
const LOCK: &str = "muxi-local.lock";
/// The file of the database.
const DATABASE: &str = "muxi-local.db";

/// One change to the rows on disk. A scope is everything that belongs to one owner, such as one formation.
#[derive(Debug)]
pub(crate) enum Change {
    /// A row is new or has a new value, as JSON; `None` takes it away.
    Row { scope: Arc<str>, area: &'static str, key: String, value: Option<String> },
    /// Every row of the scope goes; `*` in it stands for any text.
    Clear { scope: Arc<str> },
}

/// A row as it was read.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) area: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// The store of one server. The default one keeps nothing.
#[derive(Default)]
pub(crate) struct Store(Option<Disk>);

struct Disk {
    folder: PathBuf,
    /// The way to the writer, and the number of the last batch that went there. `None` after the store was closed.
    sender: Mutex<(Option<mpsc::Sender<Message>>, u64)>,
    progress: watch::Receiver<Progress>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.folder()).finish()
    }
}

/// The words for a change that the disk has refused. It is in memory, and goes to the disk with the next one.
pub(crate) fn unsaved(error: &str) -> String {
    format!(
        "The change is made, but not yet saved: {error}. It is saved with the next change that the disk takes, and lost \
         if the server ends before"
    )
}

impl Store {
    /// Opens the store in `folder`, which is made where it is missing. Errors name the file and say what to do.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let said = |error: io::Error| {
            let reason = if folder.is_file() { "it is a file".to_owned() } else { error.to_string() };
            let shown = folder.display();
            io::Error::other(format!(
                "cannot keep data in {shown}: expected a folder, or a path where one can be made: {reason}"
            ))
        };
        private_folder(folder).map_err(said)?;
        let lock = lock(folder).map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::other(format!(
                "{} is in use by another muxi-local. Stop that process, or choose another folder.",
                folder.display()
            )),
            fs::TryLockError::Error(error) => said(error),
        })?;
        let database = Database::open(&folder.join(DATABASE)).map_err(io::Error::other)?;
        let (sender, receiver) = mpsc::channel();
        let (report, progress) = watch::channel(Progress::default());
        let thread = thread::Builder::new().name("muxi-local-store".into()).spawn(move || {
            writer::run(database, &receiver, &report);
            // Free again only once the database is closed, also where a forked process has the file open as well.
            let _ = lock.unlock();
        })?;
        let (sender, thread) = (Mutex::new((Some(sender), 0)), Mutex::new(Some(thread)));
        Ok(Self(Some(Disk { folder: folder.to_owned(), sender, progress, thread })))
    }

    /// The folder; `None` in memory.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.0.as_ref().map(|disk| disk.folder.as_path())
    }

    /// The rows of a scope, those of all batches so far included. Waits for the disk.
    pub(crate) fn read(&self, scope: &str) -> Result<Vec<Row>, String> {
        let Some(disk) = &self.0 else { return Ok(Vec::new()) };
        let (reply, rows) = mpsc::channel();
        disk.send(|_| Message::Read { scope: scope.to_owned(), reply });
        rows.recv().unwrap_or_else(|_| Err(writer::CLOSED.to_owned()))
    }

    /// The words for a row that has not the form that it should have.
    pub(crate) fn unreadable(&self, scope: &str, row: &Row, error: &serde_json::Error) -> String {
        let file = self.folder().unwrap_or(Path::new("")).join(DATABASE);
        format!("{}: the stored row {} of '{}' in {scope} cannot be read: {error}", file.display(), row.key, row.area)
    }

    /// Hands a batch to the writer; gives its number.
    pub(crate) fn write(&self, changes: Vec<Change>) -> u64 {
        let Some(disk) = &self.0 else { return 0 };
        disk.send(|number| Message::Write { number, changes })
    }

    /// True if the last try to write failed. The next batch tries again with all that is left.
    pub(crate) fn is_failing(&self) -> bool {
        self.0.as_ref().is_some_and(|disk| disk.progress.borrow().failed.is_some())
    }

    /// Waits until the batch of that number is safe. The error says why it is not.
    pub(crate) async fn wait(&self, number: u64) -> Result<(), String> {
        let Some(disk) = &self.0 else { return Ok(()) };
        let mut progress = disk.progress.clone();
        let over = progress.wait_for(|progress| progress.verdict(number).is_some()).await;
        let verdict = over.ok().and_then(|progress| progress.verdict(number));
        verdict.unwrap_or_else(|| Err(writer::CLOSED.to_owned()))
    }

    /// Writes what is left and lets go of the folder. Waits for the disk.
    pub(crate) fn close(&self) {
        let Some(disk) = &self.0 else { return };
        disk.sender.lock().unwrap_or_else(PoisonError::into_inner).0 = None;
        if let Some(thread) = disk.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

impl Disk {
    /// Sends what `message` makes of the next number. Batches arrive in the order of their numbers.
    fn send(&self, message: impl FnOnce(u64) -> Message) -> u64 {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(channel), last) = &mut *sender else { return u64::MAX };
        let message = message(*last + 1);
        if matches!(message, Message::Write { .. }) {
            *last += 1;
        }
        // A writer that has ended has dropped its end of the progress too, which tells those who wait.
        let _ = channel.send(message);
        *last
    }
}

/// Makes the folder, for its owner only.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn lock(folder: &Path) -> Result<fs::File, fs::TryLockError> {
    let file = fs::File::options().create(true).truncate(false).write(true).open(folder.join(LOCK));
    let file = file.map_err(fs::TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}
