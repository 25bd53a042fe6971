//! A script as Python gives it.

use muxi_local::ScriptError;
use pyo3::prelude::*;

/// The `Source` of `_script.py`.
#[derive(FromPyObject)]
pub(crate) struct Script {
    pub(crate) text: String,
    /// The file that it was read from.
    file: Option<String>,
    /// True if it was given as text, so that a place in it tells something.
    is_text: bool,
}

impl Script {
    /// The error with its place in the script as it was given.
    pub(crate) fn explain(&self, error: &ScriptError) -> String {
        let message = error.message();
        let name = self.file.as_deref().unwrap_or("script");
        let Some((line, column)) = error.line().zip(error.column()) else { return format!("{name}: {message}") };
        if self.is_text { format!("{name}:{line}:{column}: {message}") } else { format!("{name}: {message}") }
    }
}
