//! Readers of files, for the fuzzers of this project alone: they may change at any time.

use crate::{
    control::Upload,
    files::{self, FormationKeys},
    formation::responder::script::{Script, ScriptError},
};
use std::path::Path;

/// Unpacks a bundle into a folder that is there.
///
/// # Errors
///
/// A file that is no bundle, with the real server's words.
pub fn unpack(bundle: &Path, folder: &Path) -> Result<(), String> {
    Upload::open(bundle).map_err(|error| error.to_string())?.extract(folder)
}

/// Reads a formation from its folder.
///
/// # Errors
///
/// The problems of the formation, a line each.
pub fn read_formation(folder: &Path) -> Result<(), String> {
    let keys = FormationKeys { admin: "admin".to_owned(), client: "client".to_owned() };
    files::load(folder, &keys).map(drop).map_err(|problems| problems.to_string())
}

/// Reads a script.
///
/// # Errors
///
/// The problem of the script.
pub fn read_script(text: &str) -> Result<(), ScriptError> {
    Script::read(text, None).map(drop)
}
