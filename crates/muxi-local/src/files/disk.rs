//! Reading the files of a formation's folder.

use super::report::Report;
use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Bytes that a file which is read whole may have.
const LARGEST: u64 = 1 << 20;
/// Characters that one of its lines may have: as many as a message.
const LONGEST: usize = 100_000;
/// Folders below each other that are looked into.
const DEEPEST: usize = 16;

/// A formation's folder.
pub(super) struct Folder<'a>(pub(super) &'a Path);

impl Folder<'_> {
    /// The text of a file, with line feeds only. A fault is reported.
    pub(super) fn read(&self, name: &str, report: &mut Report) -> Option<String> {
        let bytes = match read(&self.0.join(name)) {
            Ok(bytes) => bytes,
            Err(error) => {
                report.file_error(name, format!("cannot be read: {error}"));
                return None;
            }
        };
        if bytes.len() as u64 > LARGEST {
            report.file_error(name, format!("expected a file of at most {LARGEST} bytes"));
            return None;
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text.replace("\r\n", "\n"),
            Err(error) => {
                let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
                let good = String::from_utf8_lossy(good);
                let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                let line = good.matches('\n').count() + 1;
                report.error(name, (line as u64, column as u64), "expected text in UTF-8");
                return None;
            }
        };
        for (index, line) in text.lines().enumerate() {
            // Bytes bound characters from above, and are cheaper to count.
            if line.len() > LONGEST && line.chars().count() > LONGEST {
                let place = (index as u64 + 1, LONGEST as u64 + 1);
                report.error(name, place, format!("expected lines of at most {LONGEST} characters"));
                return None;
            }
        }
        Some(text)
    }

    /// True if there is such a file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.join(name).is_file()
    }

    /// The names of the files directly in a folder that have one of the extensions, sorted; none without the folder.
    pub(super) fn files(&self, folder: &str, extensions: &[&str], report: &mut Report) -> Vec<String> {
        let fits = |path: &PathBuf| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            extension.is_some_and(|found| extensions.contains(&found)) && path.is_file()
        };
        self.list(folder, report).into_iter().filter(fits).map(|path| self.name(&path)).collect()
    }

    /// The names of the folders directly in a folder, sorted.
    pub(super) fn folders(&self, folder: &str, report: &mut Report) -> Vec<String> {
        let list = self.list(folder, report);
        list.into_iter().filter(|path| path.is_dir()).map(|path| self.name(&path)).collect()
    }

    /// The names of all files below a folder, sorted.
    pub(super) fn below(&self, folder: &str, report: &mut Report) -> Vec<String> {
        let mut found = Vec::new();
        self.walk(folder, DEEPEST, &mut found, report);
        found.sort();
        found
    }

    fn walk(&self, folder: &str, depth: usize, found: &mut Vec<String>, report: &mut Report) {
        for path in self.list(folder, report) {
            let name = self.name(&path);
            if path.is_file() {
                found.push(name);
            } else if path.is_dir() && depth > 0 {
                self.walk(&name, depth - 1, found, report);
            }
        }
    }

    /// The entries of a folder, sorted; hidden files left out.
    fn list(&self, folder: &str, report: &mut Report) -> Vec<PathBuf> {
        let path = self.0.join(folder);
        if !path.is_dir() {
            return Vec::new();
        }
        let listed = fs::read_dir(path).and_then(|entries| {
            let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
            paths
        });
        let mut paths = listed.unwrap_or_else(|error| {
            report.file_error(folder, format!("cannot be read: {error}"));
            Vec::new()
        });
        paths.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
        paths.sort();
        paths
    }

    /// A path as it is named in messages: relative, with `/`.
    fn name(&self, path: &Path) -> String {
        let relative = path.strip_prefix(self.0).unwrap_or(path);
        let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        parts.join("/")
    }
}

/// At most one byte more than is allowed, so that too much is noticed and not read.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file's name without its folders and its extension.
pub(super) fn stem(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}
