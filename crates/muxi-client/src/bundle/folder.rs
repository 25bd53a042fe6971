//! Packs a folder: sorted entries without times, owners or other marks of the machine, so that equal content gives
//! equal bytes.

use super::{
    config::{self, Config},
    error::BundleError,
    watch::Watch,
};
use flate2::{Compression, GzBuilder};
use ignore::{
    WalkBuilder,
    gitignore::{Gitignore, GitignoreBuilder},
};
use std::{
    collections::BTreeMap,
    fs::{File, Metadata},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};
use tar::{EntryType, Header};
use tempfile::{NamedTempFile, TempPath};

/// Our own ignore file.
const IGNORE_FILE: &str = ".muxiignore";
/// Left out unless the folder's `.muxiignore` re-includes it. The MUXI command line leaves out the same, but
/// for `secrets.env`, in which the local server takes plain secrets.
const IGNORED: [&str; 21] = [
    ".muxiignore",
    ".gitignore",
    ".hg",
    ".svn",
    ".muxi",
    "/secrets",
    "/secrets.env",
    ".env",
    ".env.*",
    ".venv",
    "node_modules",
    "__pycache__",
    "*.pyc",
    ".pytest_cache",
    ".mypy_cache",
    ".DS_Store",
    "Thumbs.db",
    "*.log",
    "*.tmp",
    ".vscode",
    ".idea",
];

/// Packs `folder` into a temporary file.
pub(super) fn pack(folder: &Path, watch: &Watch<'_>) -> Result<(Config, TempPath), BundleError> {
    let root = folder.canonicalize().map_err(BundleError::io(folder.display()))?;
    let entries = collect(&root, watch)?;

    let Some((name, path)) = config::NAMES.iter().find_map(|name| Some((*name, entries.get(*name)?))) else {
        return Err(BundleError::NoConfigInFolder { folder: folder.to_owned() });
    };
    let shown = folder.join(name).display().to_string();
    let file = File::open(path).map_err(BundleError::io(&shown))?;
    let config = config::check(&shown, &config::read(&shown, file)?, |file| entries.contains_key(file))?;

    let temporary = NamedTempFile::new().map_err(BundleError::io("a temporary file"))?;
    write(&temporary, &config.id, &entries, watch)?;
    Ok((config, temporary.into_temp_path()))
}

/// The files to pack, by their paths in the archive; a folder's ends with a slash.
fn collect(root: &Path, watch: &Watch<'_>) -> Result<BTreeMap<String, PathBuf>, BundleError> {
    let (own, _) = Gitignore::new(root.join(IGNORE_FILE));
    let mut defaults = GitignoreBuilder::new(root);
    for line in IGNORED {
        let _ = defaults.add_line(None, line);
    }
    let failed = |error: ignore::Error| BundleError::io(root.display())(io::Error::other(error));
    let defaults = defaults.build().map_err(failed)?;

    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(false).git_ignore(true).require_git(false).add_custom_ignore_filename(IGNORE_FILE);
    let included = own.clone();
    walk.filter_entry(move |entry| {
        let (path, is_dir) = (entry.path(), entry.file_type().is_some_and(|kind| kind.is_dir()));
        entry.depth() == 0
            || entry.file_name() != ".git"
                && (!defaults.matched(path, is_dir).is_ignore() || included.matched(path, is_dir).is_whitelist())
    });

    let mut entries = BTreeMap::new();
    for entry in walk.build() {
        watch.check().map_err(BundleError::io(root.display()))?;
        let entry = entry.map_err(failed)?;
        let Some(kind) = entry.file_type().filter(|kind| entry.depth() > 0 && (kind.is_dir() || kind.is_file())) else {
            continue;
        };
        let mut name = archive_name(root, entry.path())?;
        if kind.is_dir() {
            name.push('/');
        }
        entries.insert(name, entry.into_path());
    }
    // A `.gitignore` names the key as a rule, since it must not be committed; the server needs it all the same.
    for name in [config::SECRETS, config::KEY] {
        let path = root.join(name);
        if path.symlink_metadata().is_ok_and(|file| file.is_file()) && !own.matched(&path, false).is_ignore() {
            entries.insert(name.to_owned(), path);
        }
    }
    Ok(entries)
}

fn archive_name(root: &Path, path: &Path) -> Result<String, BundleError> {
    let parts = path.strip_prefix(root).unwrap_or(path).iter().map(|part| part.to_str());
    let parts: Option<Vec<&str>> = parts.collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| BundleError::NameNotUtf8 { path: path.display().to_string() })
}

fn write(
    target: &NamedTempFile,
    top: &str,
    entries: &BTreeMap<String, PathBuf>,
    watch: &Watch<'_>,
) -> Result<(), BundleError> {
    let written = BundleError::io("a temporary file");
    // Neither time nor name, and 255 for an unknown system.
    let gzip = GzBuilder::new().mtime(0).operating_system(255);
    let mut tar = tar::Builder::new(gzip.write(BufWriter::new(target.as_file()), Compression::default()));
    append(&mut tar, &format!("{top}/"), EntryType::Directory, 0o755, 0, io::empty()).map_err(written)?;
    for (name, path) in entries {
        let archived = format!("{top}/{name}");
        let failed = BundleError::io(path.display());
        if name.ends_with('/') {
            append(&mut tar, &archived, EntryType::Directory, 0o755, 0, io::empty()).map_err(failed)?;
            continue;
        }
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(BundleError::io(path.display()))?;
        let mut content = watch.reading(file.take(metadata.len()));
        append(&mut tar, &archived, EntryType::Regular, mode(&metadata), metadata.len(), &mut content)
            .map_err(failed)?;
        if content.inner.limit() > 0 || content.inner.get_mut().read(&mut [0]).is_ok_and(|more| more > 0) {
            return Err(BundleError::Changed { path: path.display().to_string() });
        }
    }
    let finished = tar.into_inner().and_then(flate2::write::GzEncoder::finish).and_then(|mut buffer| buffer.flush());
    finished.map_err(BundleError::io("a temporary file"))
}

fn append<W: Write>(
    tar: &mut tar::Builder<W>,
    name: &str,
    kind: EntryType,
    mode: u32,
    size: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    tar.append_data(&mut header, name, content)
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    if metadata.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 }
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0o644
}
