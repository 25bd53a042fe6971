//! A script as Python gives it.

use muxi_local::ScriptError;
use pyo3::prelude::*;

/// The `Source` of `_script.py`.
#[derive(FromPyObject)]
pub(crate) struct Script {
    pub(crate) text: String,
    /// The file that it was read from.
    file: Option<String>,
    /// The part on each line, such as `rule 2`, of a script that was not given as text.
    lines: Vec<String>,
}

impl Script {
    /// The error with its place in the script as it was given.
    pub(crate) fn explain(&self, error: &ScriptError) -> String {
        let message = error.message();
        let name = self.file.as_deref().unwrap_or("script");
        let Some((line, column)) = error.line().zip(error.column()) else { return format!("{name}: {message}") };
        let index = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
        match index.and_then(|index| self.lines.get(index)) {
            Some(part) => format!("{name}: {part}: {message}"),
            None => format!("{name}:{line}:{column}: {message}"),
        }
    }
}
