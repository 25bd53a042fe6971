//! Voice notes as text.

use super::{Call, Llm, model_of, silence_limit};
use crate::formation::{Formation, ids};
use base64::Engine as _;
use http::{HeaderValue, StatusCode};
use serde_json::Value;
use std::sync::Arc;

/// The model that is asked where the formation names none for `audio`.
const MODEL: &str = "whisper-1";

impl Llm {
    /// The text of a voice note: `None` where the endpoint does not transcribe, an empty one where it failed.
    pub(crate) async fn transcribe(self: Arc<Self>, formation: &Formation, file: &Value) -> Option<String> {
        let call = Call { silence_limit: silence_limit(formation), host: formation.host.clone(), llm: self };
        let text = file["content"].as_str().unwrap_or_default();
        let Ok(content) = base64::engine::general_purpose::STANDARD.decode(text.trim()) else {
            return Some(String::new());
        };
        let model = model_of(formation, "audio").unwrap_or_else(|| MODEL.to_owned());
        let boundary = ids::random("muxi-local-", 21);
        let kind = file["content_type"].as_str().or(file["mime_type"].as_str()).unwrap_or_default();
        let name = file["filename"].as_str().unwrap_or("audio");
        let body = form(&boundary, &model, name, kind, &content);
        let content_type = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}")).ok()?;
        let Ok(response) = call.ask("audio/transcriptions", content_type, body.into()).await else {
            return Some(String::new());
        };
        match response.status() {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => None,
            StatusCode::OK => {
                let whole = call.whole(response.into_body()).await.unwrap_or_default();
                let value: Value = serde_json::from_slice(&whole).unwrap_or_default();
                Some(value["text"].as_str().unwrap_or_default().trim().to_owned())
            }
            _ => Some(String::new()),
        }
    }
}

/// The body of the call, in the form that browsers send files.
fn form(boundary: &str, model: &str, name: &str, kind: &str, content: &[u8]) -> Vec<u8> {
    let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    // A line break would begin a header of its own.
    let kind: String = kind.chars().filter(|c| !c.is_control()).collect();
    let head = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n\
         --{boundary}\r\ncontent-disposition: form-data; name=\"response_format\"\r\n\r\njson\r\n\
         --{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         content-type: {kind}\r\n\r\n"
    );
    [head.as_bytes(), content, format!("\r\n--{boundary}--\r\n").as_bytes()].concat()
}
