//! The files that come with a message, as far as a text model can read them.

use crate::formation::Formation;
use crate::quirks::Quirk;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

/// The text that files add to the message that is echoed: the content of each that is text, under its name.
pub(crate) fn as_text(formation: &Formation, files: &[Value]) -> String {
    files.iter().filter_map(|file| Some(format!("\n\n[{}]\n{}", name(file), text(formation, file)?))).collect()
}

/// The name of a file.
pub(crate) fn name(file: &Value) -> &str {
    file["filename"].as_str().unwrap_or("file")
}

/// The content of a file that is text; images, audio and video are not.
pub(crate) fn text(formation: &Formation, file: &Value) -> Option<String> {
    let kind = file["content_type"].as_str().or(file["mime_type"].as_str()).unwrap_or("text/plain");
    let content = file["content"].as_str()?;
    let dropped = kind.starts_with("text/") && formation.quirk(Quirk::TextFilesDropped);
    if dropped || ["image/", "audio/", "video/"].iter().any(|start| kind.starts_with(start)) {
        return None;
    }
    if formation.quirk(Quirk::DocumentsNotDecoded) { Some(content.to_owned()) } else { decoded(content) }
}

/// The text in a file's content. Content that is no base64 is text as it stands; `None` where the bytes are no text.
fn decoded(content: &str) -> Option<String> {
    match STANDARD.decode(content.trim()) {
        Err(_) => Some(content.to_owned()),
        Ok(bytes) => {
            String::from_utf8(bytes).ok().filter(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()))
        }
    }
}
