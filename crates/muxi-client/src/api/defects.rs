//! Defects of the shipped runtime that a call meets as an error: which they are, and what helps.

use super::{
    error::Error,
    table::{Api, Endpoint},
};

/// The hint for an error that stands for a defect. No further attempt gets past it.
pub fn hint(endpoint: Option<&Endpoint>, error: &Error) -> Option<&'static str> {
    let name = endpoint.filter(|e| e.api == Api::Formation)?.name;
    let says = |words: &str| error.message().contains(words);
    match (name, error.status()) {
        ("chat" | "audio_chat", Some(500)) if says("not JSON serializable") => {
            Some("the turn ran and made a file, which this runtime cannot return as JSON: use the stream")
        }
        ("chat" | "chat_stream", Some(501)) => {
            Some("this runtime has no async mode here, whatever is configured: leave `mode` out")
        }
        ("list_skills" | "get_skill" | "list_agent_skills", Some(500)) if says("create_success_response()") => {
            Some("this runtime's own defect: it cannot tell its skills")
        }
        ("stream_request", Some(500)) if says("No module named") => {
            Some("this runtime's own defect: follow the turn in its chat stream, or poll get_request_status")
        }
        ("create_credential", Some(500)) if says("has no attribute 'store'") => {
            Some("this runtime's own defect: it cannot store credentials")
        }
        ("link_user_identifier", Some(500)) if says("not-null constraint") => {
            Some("this runtime makes no user here: call resolve_user with create_user, and link to that one")
        }
        _ => None,
    }
}

/// True if the error means that the buffers are clear: cleared just now, or empty before.
pub fn buffers_are_clear(endpoint: Option<&Endpoint>, error: &Error) -> bool {
    endpoint.is_some_and(|e| e.flags.buffers_cleared)
        && (error.message().contains("MEMORY_BUFFER_CLEARED") || error.message() == "Buffer memory is not available")
}

/// The hint for an error in a chat stream.
pub fn stream_hint(error: &Error) -> Option<&'static str> {
    (error.details().get("type").is_some_and(|t| t == "AttributeError") && error.message().contains("__aiter__"))
        .then_some("this runtime has an answer that it cannot stream: the same call of `chat` returns it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{table::Operation, table::formation::ops};
    use std::time::SystemTime;

    fn error(status: u16, message: &str) -> Error {
        let body = serde_json::json!({"success": false, "error": {"code": "INTERNAL_ERROR", "message": message}});
        Error::from_reply(status, &http::HeaderMap::new(), body.to_string().as_bytes(), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn only_the_defects_have_hints() {
        let skills = Some(ops::list_skills::ENDPOINT);
        let defect = error(500, "create_success_response() missing 2 required positional arguments");
        assert!(hint(skills, &defect).is_some());
        assert!(hint(skills, &error(500, "disk full")).is_none());
        assert!(hint(Some(ops::get_sops::ENDPOINT), &defect).is_none() && hint(None, &defect).is_none());
    }

    #[test]
    fn buffers_are_clear_when_the_runtime_says_so_by_an_error() {
        let clear = Some(ops::clear_all_buffers::ENDPOINT);
        assert!(buffers_are_clear(clear, &error(500, "MEMORY_BUFFER_CLEARED")));
        assert!(buffers_are_clear(clear, &error(503, "Buffer memory is not available")));
        assert!(!buffers_are_clear(clear, &error(503, "overlord not running")));
        assert!(!buffers_are_clear(Some(ops::get_sops::ENDPOINT), &error(500, "MEMORY_BUFFER_CLEARED")));
    }
}
