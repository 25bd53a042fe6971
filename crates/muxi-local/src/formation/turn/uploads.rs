//! The limits on messages and on the files in them.

use crate::formation::FormationSpec;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

/// Characters that a message may have, unless the formation says otherwise.
const LONGEST: usize = 100_000;
/// Bytes that a file may have, unless the formation says otherwise.
const LARGEST: usize = 50 << 20;

fn limit(spec: &FormationSpec, name: &str, default: usize) -> usize {
    let own = spec.document.pointer(&format!("/input_limits/{name}")).and_then(Value::as_u64);
    own.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(default)
}

/// Characters that a message may have.
pub(crate) fn longest(spec: &FormationSpec) -> usize {
    limit(spec, "max_message_length", LONGEST)
}

/// The name and the size of the first file that is too large, and what would be allowed.
pub(crate) fn too_large<'a>(spec: &FormationSpec, files: &'a [Value]) -> Option<(&'a str, usize, usize)> {
    let most = limit(spec, "max_file_size_bytes", LARGEST);
    files.iter().find_map(|file| {
        // As it is read: white space around it does not make it another file.
        let content = file.get("content").and_then(Value::as_str)?.trim();
        // Base64 only makes content longer, so short content need not be decoded.
        if content.len() <= most {
            return None;
        }
        let size = STANDARD.decode(content).map_or(content.len(), |bytes| bytes.len());
        let name = file.get("filename").and_then(Value::as_str).unwrap_or("file");
        (size > most).then_some((name, size, most))
    })
}
