//! The fields that a formation's configuration must have for a server to take it.

use super::error::{BundleError, CONFIG_LIMIT};
use serde::Deserialize;
use std::io::Read;

/// The names of the configuration; the server takes the first that it finds.
pub(super) const NAMES: [&str; 3] = ["formation.afs", "formation.yaml", "formation.yml"];
/// The encrypted secrets.
pub(super) const SECRETS: &str = "secrets.enc";
/// Their key.
pub(super) const KEY: &str = ".key";

const DEFAULT_VERSION: &str = "1.0.0";
const RESERVED_IDS: [&str; 7] = ["health", "ping", "rpc", "server", "admin", "metrics", "api"];

/// A configuration that a server takes.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) id: String,
    pub(super) version: String,
}

/// The fields that the server reads. Scalars keep their text: `version: 1.10` is `1.10`.
#[derive(Default, Deserialize)]
struct Fields {
    id: Option<String>,
    description: Option<String>,
    version: Option<String>,
}

/// Reads the configuration's bytes, up to [`CONFIG_LIMIT`].
pub(super) fn read(path: &str, input: impl Read) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    input.take(CONFIG_LIMIT + 1).read_to_end(&mut bytes).map_err(BundleError::io(path))?;
    if bytes.len() as u64 > CONFIG_LIMIT {
        return Err(BundleError::ConfigTooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Checks the configuration; `has` tells whether a file lies beside it.
pub(super) fn check(path: &str, bytes: &[u8], has: impl Fn(&str) -> bool) -> Result<Config, BundleError> {
    let invalid = |reason: String| BundleError::InvalidConfig { path: path.to_owned(), reason };
    let text = std::str::from_utf8(bytes).map_err(|_| invalid("it is not valid UTF-8".to_owned()))?;
    // The server reads the first document only, and an empty one as if every field were missing.
    let mut input = text.as_bytes();
    let first = serde_saphyr::read::<_, Option<Fields>>(&mut input).next().transpose();
    let fields = first.map_err(|error| invalid(error.without_snippet().to_string()))?.flatten().unwrap_or_default();

    let required = |value: Option<String>, field| {
        value.filter(|value| !value.is_empty()).ok_or(BundleError::MissingField { path: path.to_owned(), field })
    };
    let id = required(fields.id, "id")?;
    required(fields.description, "description")?;
    if RESERVED_IDS.contains(&id.as_str()) {
        return Err(BundleError::ReservedId { path: path.to_owned(), id });
    }
    if !is_valid_id(&id) {
        return Err(BundleError::InvalidId { path: path.to_owned(), id });
    }

    let names = secrets_in(text);
    if let (false, Some(missing)) = (names.is_empty(), [SECRETS, KEY].into_iter().find(|name| !has(name))) {
        return Err(BundleError::MissingSecrets { path: path.to_owned(), names, missing });
    }
    let version = fields.version.filter(|version| !version.is_empty()).unwrap_or_else(|| DEFAULT_VERSION.to_owned());
    Ok(Config { id, version })
}

fn is_valid_id(id: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (3..=50).contains(&id.len()) && id.bytes().all(inner) && !id.starts_with('-') && !id.ends_with('-')
}

/// The secrets that the text refers to, found as the server finds them: anywhere, and with exactly one space.
fn secrets_in(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for reference in text.split("${{ secrets.").skip(1) {
        if let Some((name, _)) = reference.split_once("}}") {
            let name = name.trim().to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}
