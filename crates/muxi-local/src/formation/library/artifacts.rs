//! Files that turns made, with their versions.

use crate::formation::http::call::Call;
use crate::formation::http::check::{error, query_int};
use crate::formation::http::envelope::{Answer, Failure, Outcome, ok};
use crate::formation::ids;
use crate::formation::responder::File;
use crate::store::{Rows, Table};
use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, header};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// One file of one user.
#[derive(Debug, Serialize, Deserialize)]
struct Artifact {
    id: String,
    user: String,
    name: String,
    versions: Vec<Version>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Version {
    content_type: String,
    size: usize,
    agent: String,
    session: String,
    created: Timestamp,
    read: Timestamp,
}

/// The bytes of one version.
struct Content(Bytes);

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(|bytes| Self(bytes.into())).map_err(serde::de::Error::custom)
    }
}

/// All files, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Artifacts {
    all: Table<u64, Artifact>,
    /// By the numbers of file and version: a file that is only looked at is not written whole.
    contents: Table<(u64, usize), Content>,
}

impl Artifacts {
    /// Stores a file; one of the same name gets a new version.
    pub(crate) fn save(&mut self, user: &str, file: File, agent: &str, session: &str, now: Timestamp) {
        let (agent, session) = (agent.to_owned(), session.to_owned());
        let File { name, content_type, content } = file;
        let version = Version { content_type, size: content.len(), agent, session, created: now, read: now };
        let known = self.all.find(|a| a.user == user && a.name == name).map(|(file, _)| *file);
        let file = known.unwrap_or_else(|| {
            let user = user.to_owned();
            self.all.push(Artifact { id: ids::random("", 21), user, name, versions: Vec::new() })
        });
        if let Some(artifact) = self.all.get_mut(&file) {
            artifact.versions.push(version);
            self.contents.insert((file, artifact.versions.len()), Content(content));
        }
    }

    pub(crate) fn tables(&mut self) -> [&mut dyn Rows; 2] {
        [&mut self.all, &mut self.contents]
    }

    /// The number of versions of files that a user has.
    pub(crate) fn count(&self, user: &str) -> usize {
        let mine = self.all.values().filter(|artifact| artifact.user == user);
        mine.map(|artifact| artifact.versions.len()).sum()
    }

    /// A user's file and its number.
    fn find(&self, user: &str, id: &str) -> Result<(u64, &Artifact), Failure> {
        let found = self.all.find(|artifact| artifact.id == id && artifact.user == user);
        let found = found.map(|(file, artifact)| (*file, artifact));
        found.ok_or_else(|| Failure::missing(format!("Artifact '{id}' not found")))
    }

    /// A user's file that is being read, which moves its times.
    fn touch(&mut self, user: &str, id: &str, now: Timestamp) -> Result<(u64, &Artifact), Failure> {
        let (file, _) = self.find(user, id)?;
        if let Some(artifact) = self.all.get_mut(&file) {
            artifact.versions.iter_mut().for_each(|version| version.read = now);
        }
        self.find(user, id)
    }
}

/// The category of a content type.
pub(crate) fn category(content_type: &str) -> &'static str {
    match content_type.split('/').next().unwrap_or_default() {
        "text" => "text",
        "image" => "image",
        _ if content_type.ends_with("json") || content_type.ends_with("octet-stream") => "data",
        _ => "document",
    }
}

impl Artifact {
    fn row(&self, index: usize) -> Value {
        let version = &self.versions[index];
        let (size, kind) = (version.size, &version.content_type);
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

pub(crate) fn list(call: &Call) -> Outcome {
    let limit = query_int(call, "limit", 1..=100, 20)?;
    let user = call.user()?;
    let state = call.formation.state();
    let mut mine: Vec<&Artifact> = state.artifacts.all.values().filter(|artifact| artifact.user == user).collect();
    mine.sort_by_key(|artifact| std::cmp::Reverse(artifact.versions.last().map(|version| version.created)));
    let rows: Vec<Value> = mine.iter().take(limit).map(|artifact| artifact.latest()).collect();
    ok("artifact_list", "artifact.list", json!({ "count": rows.len(), "total": mine.len(), "artifacts": rows }))
}

pub(crate) fn get(call: &Call) -> Outcome {
    let user = call.user()?;
    let mut state = call.formation.state();
    let (_, artifact) = state.artifacts.touch(user, call.path("artifact_id"), call.formation.now())?;
    ok("artifact", "artifact.retrieved", artifact.latest())
}

pub(crate) fn versions(call: &Call) -> Outcome {
    let user = call.user()?;
    let state = call.formation.state();
    let (_, artifact) = state.artifacts.find(user, call.path("artifact_id"))?;
    let rows: Vec<Value> = (0..artifact.versions.len()).rev().map(|index| artifact.row(index)).collect();
    let data = json!({ "name": artifact.name, "count": rows.len(), "versions": rows });
    ok("artifact", "artifact.versions.retrieved", data)
}

pub(crate) fn content(call: &Call) -> Outcome {
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
    let artifacts = &mut state.artifacts;
    let (file, _) = artifacts.touch(user, call.path("artifact_id"), call.formation.now())?;
    let (_, artifact) = artifacts.find(user, call.path("artifact_id"))?;
    let number = number.unwrap_or(artifact.versions.len());
    let (version, content) = number
        .checked_sub(1)
        .and_then(|index| artifact.versions.get(index))
        .zip(artifacts.contents.get(&(file, number)))
        .ok_or_else(|| Failure::missing(format!("Version {number} of artifact '{}' not found", artifact.id)))?;
    let mut response = Response::new(Body::from(content.0.clone()));
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
