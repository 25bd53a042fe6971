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
mod folder;
#[cfg(test)]
mod tests;

impl Bundle {
    /// A bundle from `path`: a folder is packed as by [`Bundle::from_folder`], anything else is read as an archive.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, BundleError> {
        let path = path.as_ref();
        if path.is_dir() { Self::from_folder(path) } else { Self::from_file(path) }
    }

    /// A bundle from a `.tar.gz` file. The file is read again for each upload and must not change meanwhile.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, BundleError> {
        let path = path.as_ref();
        let size = path.metadata().map_err(BundleError::io(path.display()))?.len();
        Self::checked(ArchiveFile { path: ArchivePath::Given(path.to_owned()), size })
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
        let (config, packed) = folder::pack(path.as_ref())?;
        Ok(Self { id: config.id, version: config.version, source: Arc::new(ArchiveFile::temporary(packed)?) })
    }

    /// A bundle from the bytes of a `.tar.gz` file.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Result<Self, BundleError> {
        Self::checked(Memory(bytes.into()))
    }

    /// A bundle from a reader of a `.tar.gz` file, which is copied into a temporary file.
    pub fn from_reader(mut reader: impl Read) -> Result<Self, BundleError> {
        let mut file = NamedTempFile::new().map_err(BundleError::io("a temporary file"))?;
        io::copy(&mut reader, &mut file).map_err(BundleError::io("the bundle"))?;
        Self::checked(ArchiveFile::temporary(file.into_temp_path())?)
    }

    fn checked(source: impl BundleSource + 'static) -> Result<Self, BundleError> {
        let config = archive::inspect(&source)?;
        Ok(Self { id: config.id, version: config.version, source: Arc::new(source) })
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

/// What is wrong with a bundle, and what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A file or folder could not be read or written.
    #[error("cannot read or write {what}: {source}")]
    Io {
        /// What was read or written.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// There are no bytes, or the archive has no entries.
    #[error("the bundle is empty: pack a folder with `tar czf bundle.tar.gz FOLDER`")]
    Empty,
    /// The file is of another kind.
    #[error("the bundle is not gzipped; it looks like {looks_like}: pack it with `tar czf bundle.tar.gz FOLDER`")]
    NotGzip {
        /// What the first bytes look like.
        looks_like: &'static str,
    },
    /// The compressed data ends early.
    #[error("the bundle is cut short: copy or pack it again")]
    Truncated,
    /// The compressed data or the archive inside is broken.
    #[error("the bundle is damaged ({reason}): copy or pack it again")]
    Damaged {
        /// What was found.
        reason: String,
    },
    /// The compressed data is no tar archive.
    #[error("the bundle is gzipped, but there is no tar archive inside: pack it with `tar czf bundle.tar.gz FOLDER`")]
    NotTar,
    /// `git archive` writes a global header first, which the server takes for the folder.
    #[error(
        "the bundle starts with a global header, as `git archive` writes it, which the server cannot read: \
         pack it with `tar czf bundle.tar.gz FOLDER` or give the folder itself"
    )]
    GlobalHeader,
    /// The archive has an entry for `./`, which the server refuses.
    #[error(
        "the bundle has an entry `./`, as `tar czf bundle.tar.gz .` writes it, which the server refuses: \
         pack the folder by its name from the folder above it, or give the folder itself"
    )]
    DotEntry,
    /// The files are not in a folder.
    #[error(
        "`{path}` is at the top of the bundle: all files must be in one folder; \
         pack the folder by its name from the folder above it, or give the folder itself"
    )]
    Flat {
        /// The first such file.
        path: String,
    },
    /// The archive has more than one folder at its top.
    #[error("the bundle must have one folder at its top, but after `{root}/` there is `{path}`: pack one folder only")]
    SecondRoot {
        /// The folder that the server takes.
        root: String,
        /// The first entry outside it.
        path: String,
    },
    /// An entry points out of the folder.
    #[error("the bundle has an entry with the unsafe path `{path}`: paths must be relative, without `..`")]
    UnsafePath {
        /// The path.
        path: String,
    },
    /// A name is not UTF-8.
    #[error("the name `{path}` is not valid UTF-8: rename it")]
    NameNotUtf8 {
        /// The name as far as it can be shown.
        path: String,
    },
    /// An entry is stored as a sparse file, which the server drops.
    #[error("`{path}` is stored as a sparse file, which the server drops: pack without `--sparse`")]
    Sparse {
        /// The entry.
        path: String,
    },
    /// The archive has no configuration where the server looks for it.
    #[error(
        "the bundle has none of formation.afs, formation.yaml, formation.yml as a regular file directly in `{root}/`{}",
        .nested.as_ref().map(|path| format!(" (but `{path}`: pack the folder that holds it)")).unwrap_or_default()
    )]
    NoConfig {
        /// The folder that the server takes.
        root: String,
        /// A configuration found elsewhere.
        nested: Option<String>,
    },
    /// The folder has no configuration.
    #[error(
        "the folder {} has none of formation.afs, formation.yaml, formation.yml \
         (as a regular file that is not ignored): give the folder that holds one", .folder.display()
    )]
    NoConfigInFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The configuration is too large to be one.
    #[error("`{path}` is larger than {} bytes: is it a formation's configuration?", config::LIMIT)]
    ConfigTooLarge {
        /// The configuration.
        path: String,
    },
    /// The configuration is not YAML, or a field has a wrong type.
    #[error("`{path}` cannot be read: {reason}")]
    InvalidConfig {
        /// The configuration.
        path: String,
        /// What the parser says.
        reason: String,
    },
    /// The configuration lacks a required field.
    #[error("`{path}` has no `{field}`: add one, the server requires it")]
    MissingField {
        /// The configuration.
        path: String,
        /// The field.
        field: &'static str,
    },
    /// The formation's id breaks the rules.
    #[error(
        "the formation id `{id}` in `{path}` is not valid: use 3 to 50 lowercase letters, digits and hyphens, \
         beginning and ending with a letter or digit"
    )]
    InvalidId {
        /// The configuration.
        path: String,
        /// The id.
        id: String,
    },
    /// The formation's id is one of the server's own names.
    #[error("the formation id `{id}` in `{path}` is reserved by the server: choose another")]
    ReservedId {
        /// The configuration.
        path: String,
        /// The id.
        id: String,
    },
    /// The configuration refers to secrets that the bundle does not hold.
    #[error(
        "`{path}` refers to secrets ({}), but the bundle has no `{missing}` beside it: \
         add the file, or remove the references (the server counts those in comments too)", .names.join(", ")
    )]
    MissingSecrets {
        /// The configuration.
        path: String,
        /// The secrets it refers to.
        names: Vec<String>,
        /// The file that is not there.
        missing: &'static str,
    },
    /// A file changed while the folder was packed.
    #[error("`{path}` changed while the folder was packed: try again when nothing writes to it")]
    Changed {
        /// The file.
        path: String,
    },
}

impl BundleError {
    fn io(what: impl std::fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what: what.to_string(), source }
    }
}
