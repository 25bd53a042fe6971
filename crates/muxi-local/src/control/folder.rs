//! Folders of the server's own.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

/// A folder that goes with its last owner, unless the server is to find it again after a restart.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    kept: AtomicBool,
}

impl Folder {
    /// A fresh folder in `parent`.
    pub(super) fn new(parent: &Path) -> io::Result<Self> {
        Ok(Self { path: tempfile::tempdir_in(parent)?.keep(), kept: AtomicBool::new(false) })
    }

    /// A folder that a server before this one kept.
    pub(super) fn found(path: PathBuf) -> Self {
        Self { path, kept: AtomicBool::new(true) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The name within the parent.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Keeps the folder when its last owner goes, or not.
    pub(super) fn keep(&self, kept: bool) {
        self.kept.store(kept, Ordering::Relaxed);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept.load(Ordering::Relaxed) {
            // A folder that cannot be deleted now is swept at the next start.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
