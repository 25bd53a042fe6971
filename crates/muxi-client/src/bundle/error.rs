//! The error of a bundle.

use crate::api::error::Error;
use std::{io, path::PathBuf};

/// A configuration may have this many bytes.
pub(super) const CONFIG_LIMIT: u64 = 4 << 20;

/// A problem of a bundle, and the way to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A file or folder could not be read or written.
    #[error("cannot read or write {what}: {source}")]
    Io {
        /// The path that was read or written.
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
        /// The kind of file that the first bytes look like.
        looks_like: &'static str,
    },
    /// The compressed data ends early.
    #[error("the bundle is cut short: copy or pack it again")]
    Truncated,
    /// The compressed data or the archive inside is broken.
    #[error("the bundle is damaged ({reason}): copy or pack it again")]
    Damaged {
        /// The defect.
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
    #[error("`{path}` is larger than {} bytes: is it a formation's configuration?", CONFIG_LIMIT)]
    ConfigTooLarge {
        /// The configuration.
        path: String,
    },
    /// The configuration is not YAML, or a field has a wrong type.
    #[error("`{path}` cannot be read: {reason}")]
    InvalidConfig {
        /// The configuration.
        path: String,
        /// The parser's message.
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

impl From<BundleError> for Error {
    /// A wrong argument, with the fault of the bundle as its [source](std::error::Error::source).
    fn from(error: BundleError) -> Self {
        Self::invalid(error.to_string()).with_source(error)
    }
}

impl BundleError {
    pub(super) fn io(what: impl std::fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what: what.to_string(), source }
    }
}
