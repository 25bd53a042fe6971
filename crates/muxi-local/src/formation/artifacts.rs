//! Files that turns made, with their versions.

use super::call::Call;
use super::check::{error, query_int};
use super::envelope::{Answer, Failure, Outcome, ok};
use super::ids;
use super::responder::File;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, header};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// One file of one user.
#[derive(Debug)]
struct Artifact {
    id: String,
    user: String,
    name: String,
    versions: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    content_type: String,
    content: Bytes,
    agent: String,
    session: String,
    created: Timestamp,
    read: Timestamp,
}

/// All files.
#[derive(Debug, Default)]
pub(crate) struct Artifacts(Vec<Artifact>);

impl Artifacts {
    /// Stores a file; one of the same name gets a new version.
    pub(crate) fn save(&mut self, user: &str, file: File, agent: &str, session: &str, now: Timestamp) {
        let (agent, session) = (agent.to_owned(), session.to_owned());
        let File { name, content_type, content } = file;
        let version = Version { content_type, content, agent, session, created: now, read: now };
        if let Some(artifact) = self.0.iter_mut().find(|a| a.user == user && a.name == name) {
            artifact.versions.push(version);
            return;
        }
        let user = user.to_owned();
        self.0.push(Artifact { id: ids::random("", 21), user, name, versions: vec![version] });
    }

    /// How many versions of files a user has.
    pub(crate) fn count(&self, user: &str) -> usize {
        self.0.iter().filter(|artifact| artifact.user == user).map(|artifact| artifact.versions.len()).sum()
    }

    /// A user's file. Reading moves its times.
    fn find(&mut self, user: &str, id: &str) -> Result<&mut Artifact, Failure> {
        let found = self.0.iter_mut().find(|artifact| artifact.id == id && artifact.user == user);
        found.ok_or_else(|| Failure::missing(format!("Artifact '{id}' not found")))
    }
}

/// What sort of file a content type is.
pub(crate) fn category(content_type: &str) -> &'static str {
    match content_type.split('/').next().unwrap_or_default() {
        "text" => "text",
        "image" => "image",
        _ if content_type.ends_with("json") || content_type.ends_with("octet-stream") => "data",
        _ => "document",
    }
}

impl Artifact {
    fn touch(&mut self, now: Timestamp) {
        self.versions.iter_mut().for_each(|version| version.read = now);
    }

    fn row(&self, index: usize) -> Value {
        let version = &self.versions[index];
        let (size, kind) = (version.content.len(), &version.content_type);
        json!({
            "name": self.name, "version": index + 1, "is_latest": index + 1 == self.versions.len(),
            "content_type": kind, "category": category(kind),
            "summary": format!("{} ({kind}, {size} bytes) produced by {}.", self.name, version.agent),
            "tags": [], "agent_id": version.agent, "conversation_id": version.session, "size_bytes": size,
            "created_at": ids::iso_bare(version.created), "updated_at": ids::iso_bare(version.read),
            "last_accessed_at": ids::iso_bare(version.read), "id": self.id,
        })
    }

    fn latest(&self) -> Value {
        self.row(self.versions.len() - 1)
    }
}

pub(super) fn list(call: &Call) -> Outcome {
    let limit = query_int(call, "limit", 1..=100, 20)?;
    let user = call.user()?;
    let state = call.formation.state();
    let mut mine: Vec<&Artifact> = state.artifacts.0.iter().filter(|artifact| artifact.user == user).collect();
    mine.sort_by_key(|artifact| std::cmp::Reverse(artifact.versions.last().map(|version| version.created)));
    let rows: Vec<Value> = mine.iter().take(limit).map(|artifact| artifact.latest()).collect();
    ok("artifact_list", "artifact.list", json!({ "count": rows.len(), "total": mine.len(), "artifacts": rows }))
}

pub(super) fn get(call: &Call) -> Outcome {
    let user = call.user()?;
    let mut state = call.formation.state();
    let artifact = state.artifacts.find(user, call.path("artifact_id"))?;
    artifact.touch(call.formation.now());
    ok("artifact", "artifact.retrieved", artifact.latest())
}

pub(super) fn versions(call: &Call) -> Outcome {
    let user = call.user()?;
    let mut state = call.formation.state();
    let artifact = state.artifacts.find(user, call.path("artifact_id"))?;
    let rows: Vec<Value> = (0..artifact.versions.len()).rev().map(|index| artifact.row(index)).collect();
    let data = json!({ "name": artifact.name, "count": rows.len(), "versions": rows });
    ok("artifact", "artifact.versions.retrieved", data)
}

pub(super) fn content(call: &Call) -> Outcome {
    let number = match call.query("version") {
        None => None,
        Some(text) => match text.parse::<usize>() {
            Ok(number) => Some(number),
            Err(_) => {
                let msg = "Input should be a valid integer, unable to parse string as an integer";
                return Err(Failure::invalid(vec![error("query.version", msg, "string", "invalid")]));
            }
        },
    };
    let user = call.user()?;
    let mut state = call.formation.state();
    let artifact = state.artifacts.find(user, call.path("artifact_id"))?;
    artifact.touch(call.formation.now());
    let number = number.unwrap_or(artifact.versions.len());
    let version = number
        .checked_sub(1)
        .and_then(|index| artifact.versions.get(index))
        .ok_or_else(|| Failure::missing(format!("Version {number} of artifact '{}' not found", artifact.id)))?;
    let mut response = Response::new(Body::from(version.content.clone()));
    let headers = response.headers_mut();
    let encoded = utf8_percent_encode(&artifact.name, NON_ALPHANUMERIC).to_string().replace("%2E", ".");
    let plain: String = artifact.name.chars().filter(|c| (' '..='~').contains(c) && !matches!(c, '"' | '\\')).collect();
    let text = version.content_type.starts_with("text/") && !version.content_type.contains(';');
    let content_type = format!("{}{}", version.content_type, if text { "; charset=utf-8" } else { "" });
    for (name, value) in [
        (header::CONTENT_TYPE.as_str(), content_type),
        (header::CONTENT_DISPOSITION.as_str(), format!("inline; filename=\"{plain}\"; filename*=UTF-8''{encoded}")),
        ("x-muxi-artifact-id", artifact.id.clone()),
        ("x-muxi-artifact-version", number.to_string()),
    ] {
        if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    Ok(Answer::Whole(response))
}
