//! Formation bundles: made from an archive or a folder, and checked before anything is sent.
//!
//! A bundle is a gzipped tar archive with one folder at its top, in which `formation.afs` (or `.yaml`, `.yml`) lies.
//! A server that refuses one says so only after the whole upload, so every constructor looks for the same faults first
//! and names what to change. Archives are read as streams: a bundle of any size takes little memory.
//!
//! ```no_run
//! use muxi_client::{api::bundle::Bundle, bundle::BundleError};
//!
//! let bundle = Bundle::from_path("formations/demo")?;
//! println!("{} {}", bundle.id, bundle.version);
//! # Ok::<(), BundleError>(())
//! ```

use crate::api::bundle::{Bundle, BundleSource};
use std::{
    fs::File,
    io::{self, Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::{NamedTempFile, TempPath};

mod archive;
mod config;
mod error;
mod folder;
#[cfg(test)]
mod tests;
mod watch;

pub use error::BundleError;
#[doc(hidden)]
pub use watch::Watch;

const UNWATCHED: Watch<'static> = Watch(&|| Ok(()));

impl Bundle {
    /// A bundle from `path`: a folder is packed as by [`Bundle::from_folder`], anything else is read as an archive.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, BundleError> {
        UNWATCHED.path(path.as_ref())
    }

    /// A bundle from a `.tar.gz` file. The file is read again for each upload and must not change meanwhile.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, BundleError> {
        UNWATCHED.file(path.as_ref())
    }

    /// Packs a folder that holds `formation.afs` (or `.yaml`, `.yml`) into a temporary file.
    ///
    /// The same content gives the same bytes wherever the folder lies. Left out are:
    /// - what a `.muxiignore` or `.gitignore` in the folder or below it names. `.key` and `secrets.enc` are needed on
    ///   the server, so for these two only `.muxiignore` counts;
    /// - `.git`, always, and unless `.muxiignore` re-includes them (`!.env`) the files that the MUXI command line
    ///   leaves out as well: `.env`, `.env.*`, the plain `secrets` file, caches, logs and editor folders;
    /// - symbolic links and special files, since the server skips them too.
    pub fn from_folder(path: impl AsRef<Path>) -> Result<Self, BundleError> {
        UNWATCHED.folder(path.as_ref())
    }

    /// A bundle from the bytes of a `.tar.gz` file.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Result<Self, BundleError> {
        UNWATCHED.bytes(bytes)
    }

    /// A bundle from a reader of a `.tar.gz` file, which is copied into a temporary file.
    pub fn from_reader(reader: impl Read) -> Result<Self, BundleError> {
        UNWATCHED.reader(reader)
    }
}

impl Watch<'_> {
    /// See [`Bundle::from_path`].
    pub fn path(&self, path: &Path) -> Result<Bundle, BundleError> {
        if path.is_dir() { self.folder(path) } else { self.file(path) }
    }

    fn file(&self, path: &Path) -> Result<Bundle, BundleError> {
        let metadata = path.metadata().map_err(BundleError::io(path.display()))?;
        // A pipe can be read only once, and opening it may wait for ever.
        if !metadata.is_file() {
            let wrong = io::Error::new(io::ErrorKind::InvalidInput, "it is neither a regular file nor a folder");
            return Err(BundleError::io(path.display())(wrong));
        }
        self.checked(ArchiveFile { path: ArchivePath::Given(path.to_owned()), size: metadata.len() })
    }

    fn folder(&self, path: &Path) -> Result<Bundle, BundleError> {
        let (config, packed) = folder::pack(path, self)?;
        Ok(Bundle { id: config.id, version: config.version, source: Arc::new(ArchiveFile::temporary(packed)?) })
    }

    /// See [`Bundle::from_bytes`].
    pub fn bytes(&self, bytes: impl Into<Arc<[u8]>>) -> Result<Bundle, BundleError> {
        self.checked(Memory(bytes.into()))
    }

    /// See [`Bundle::from_reader`].
    pub fn reader(&self, reader: impl Read) -> Result<Bundle, BundleError> {
        let mut file = NamedTempFile::new().map_err(BundleError::io("a temporary file"))?;
        io::copy(&mut self.reading(reader), &mut file).map_err(BundleError::io("the bundle"))?;
        self.checked(ArchiveFile::temporary(file.into_temp_path())?)
    }

    fn checked(&self, source: impl BundleSource + 'static) -> Result<Bundle, BundleError> {
        let config = archive::inspect(&source, self)?;
        Ok(Bundle { id: config.id, version: config.version, source: Arc::new(source) })
    }
}

/// An archive on disk.
#[derive(Debug)]
struct ArchiveFile {
    path: ArchivePath,
    size: u64,
}

#[derive(Debug)]
enum ArchivePath {
    Given(PathBuf),
    /// Removed with the last copy of the bundle.
    Temporary(TempPath),
}

impl ArchiveFile {
    fn temporary(path: TempPath) -> Result<Self, BundleError> {
        let size = path.metadata().map_err(BundleError::io("a temporary file"))?.len();
        Ok(Self { path: ArchivePath::Temporary(path), size })
    }
}

impl BundleSource for ArchiveFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let file = File::open(match &self.path {
            ArchivePath::Given(path) => path.as_path(),
            ArchivePath::Temporary(path) => path,
        })?;
        if file.metadata()?.len() != self.size {
            return Err(io::Error::other("the bundle file has changed since it was checked"));
        }
        Ok(Box::new(file))
    }

    fn size(&self) -> u64 {
        self.size
    }
}

/// An archive in memory.
struct Memory(Arc<[u8]>);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory({} bytes)", self.0.len())
    }
}

impl BundleSource for Memory {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.0.clone())))
    }

    fn size(&self) -> u64 {
        self.0.len() as u64
    }
}
