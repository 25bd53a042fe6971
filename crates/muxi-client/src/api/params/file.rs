//! Files of a chat turn.

use base64::{Engine as _, engine::general_purpose::STANDARD};

params! {
    /// A file that goes with a chat turn.
    pub struct File {
        /// Its size in bytes.
        size: u64,
    }
}

impl File {
    /// A file from its bytes; `content_type` is its media type, such as `image/png`.
    ///
    /// Text goes out as it is, all else in base64: the runtime decodes pictures and voice notes, and takes text files
    /// literally.
    pub fn from_bytes(name: impl Into<String>, content_type: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        let (content_type, bytes) = (content_type.into(), bytes.as_ref());
        let content = match std::str::from_utf8(bytes) {
            Ok(text) if is_text(&content_type) => text.to_owned(),
            _ => STANDARD.encode(bytes),
        };
        Self::default()
            .with("filename", name.into())
            .with("content", content)
            .with("content_type", content_type)
            .size(bytes.len() as u64)
    }
}

/// True if a media type is one of text.
fn is_text(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.starts_with("text/") || ["json", "xml", "yaml", "javascript"].iter().any(|end| essence.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_as_it_is_and_all_else_in_base64() {
        let content = |kind: &str, bytes: &[u8]| {
            let file = serde_json::to_value(File::from_bytes("a", kind, bytes)).unwrap();
            assert_eq!(file["size"], bytes.len());
            file["content"].as_str().unwrap().to_owned()
        };
        assert_eq!(content("text/plain; charset=utf-8", "Grüße".as_bytes()), "Grüße");
        assert_eq!(content("application/json", b"{}"), "{}");
        assert_eq!(content("audio/wav", b"RIFF"), "UklGRg==");
        // Bytes that claim to be text and are none must not be lost.
        assert_eq!(content("text/plain", b"\xff"), "/w==");
    }
}
