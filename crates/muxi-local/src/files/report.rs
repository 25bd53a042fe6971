//! The problems of a formation's files, with their places.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// One fault: where it is and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file, relative to the formation's folder; empty for what was given as the formation.
    file: String,
    /// Line and column, both from 1; absent where the whole file is meant.
    place: Option<(u64, u64)>,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// All the faults that keep a formation from being served, one a line.
#[derive(Debug, Clone)]
pub(crate) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    /// The same with whole paths: the formation was given as that folder or file, perhaps beside others.
    pub(crate) fn of(mut self, given: &Path) -> Self {
        let folder = if given.is_file() { given.parent().unwrap_or(given) } else { given };
        for Problem { file, .. } in &mut self.0 {
            // Part by part, so that all of it has the separators of this system.
            let parts = file.split('/').filter(|part| !part.is_empty());
            let path = if file.is_empty() { given.to_owned() } else { folder.join(parts.collect::<PathBuf>()) };
            *file = path.display().to_string();
        }
        self
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let end = if index > 0 { "\n" } else { "" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) errors: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl Report {
    /// Notes a fault at a place of a file.
    pub(super) fn error(&mut self, file: &str, place: (u64, u64), message: impl Into<String>) {
        self.errors.push(Problem { file: file.to_owned(), place: Some(place), message: message.into() });
    }

    /// Notes a fault of a whole file.
    pub(super) fn file_error(&mut self, file: &str, message: impl Into<String>) {
        self.errors.push(Problem { file: file.to_owned(), place: None, message: message.into() });
    }

    /// Notes what is odd but does no harm.
    pub(super) fn warn(&mut self, file: &str, place: (u64, u64), message: impl Into<String>) {
        self.warnings.push(Problem { file: file.to_owned(), place: Some(place), message: message.into() });
    }

    /// The same for a whole file.
    pub(super) fn file_warning(&mut self, file: &str, message: impl Into<String>) {
        self.warnings.push(Problem { file: file.to_owned(), place: None, message: message.into() });
    }

    /// `value`, unless there was a fault.
    pub(super) fn finish<T>(self, value: T) -> Result<(T, Vec<Problem>), Problems> {
        if self.errors.is_empty() { Ok((value, self.warnings)) } else { Err(Problems(self.errors)) }
    }
}

/// A list of names for a message: `a, b, c`.
pub(super) fn names<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| name.as_ref().to_owned()).collect::<Vec<_>>().join(", ")
}
