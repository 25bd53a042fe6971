//! Drafts: the editable copy of a formation.

use super::{
    Call, bundle, deploy,
    deploy::Candidate,
    dev,
    progress::{self, Done, Failure, Progress, blocking},
    registry::{Control, Draft, draft_scope},
    update::{self, Updating},
};
use crate::reply;
use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// A refusal: its name and the status that goes with it.
type Refusal = (StatusCode, &'static str);

fn bad(name: &'static str) -> Refusal {
    (StatusCode::BAD_REQUEST, name)
}

fn missing(name: &'static str) -> Refusal {
    (StatusCode::NOT_FOUND, name)
}

fn conflict(name: &'static str) -> Refusal {
    (StatusCode::CONFLICT, name)
}

/// The answer to an error of the disk: it has no name of its own.
const BROKEN: Refusal = (StatusCode::INTERNAL_SERVER_ERROR, "DirectoryError");

pub(super) async fn files(call: Call) -> Response {
    let (events, control, id) = (call.wants_events(), call.control, call.id);
    if deploy::check_id(&id).is_err() {
        return refuse(&control, &id, bad("InvalidFormationID"));
    }
    let Some(body) = dev::object(call.request).await else { return refuse(&control, &id, bad("InvalidJSON")) };
    if dev::text(&body, "action") == Some("deploy") {
        return deploy_draft(control, id, events).await;
    }
    let (worker, name) = (control.clone(), id.clone());
    match blocking(move || act(&worker, &name, &body)).await {
        Ok(Ok(data)) => {
            let (draft, live) = state(&control, &id);
            reply::bare(StatusCode::OK, &json!({"success": true, "data": data, "draft": draft, "live": live}))
        }
        Ok(Err(refusal)) => refuse(&control, &id, refusal),
        Err(_) => refuse(&control, &id, BROKEN),
    }
}

fn refuse(control: &Control, id: &str, (status, name): Refusal) -> Response {
    let (draft, live) = state(control, id);
    reply::bare(status, &json!({"success": false, "error": name, "draft": draft, "live": live}))
}

/// The `draft` and `live` objects of every answer.
fn state(control: &Control, id: &str) -> (Value, Value) {
    let draft = match control.drafts().get(id) {
        None => json!({"exists": false}),
        Some(draft) => {
            let mut fields = json!({"exists": true});
            if let Some((_, base)) = &draft.base {
                fields["base_version"] = base.as_str().into();
            }
            fields["created_at"] = draft.created_at.to_string().into();
            fields
        }
    };
    let live = control.with(id, |entry| json!({"version": label(entry), "status": entry.status.as_str()}));
    (draft, live.unwrap_or_else(|| json!({})))
}

/// The name of the live version; its number where the caller gave none.
fn label(entry: &super::entry::Entry) -> String {
    entry.current.semantic.clone().unwrap_or_else(|| entry.current.number.to_string())
}

fn act(control: &Control, id: &str, body: &Map<String, Value>) -> Result<Value, Refusal> {
    let action = dev::text(body, "action").unwrap_or_default();
    let mode = dev::text(body, "mode");
    match action {
        "init" => init(control, id, mode),
        "list" => Ok(json!({"action": action, "files": list(&root(control, id, mode)?)?})),
        "read" => read(&root(control, id, mode)?, body),
        "write" => write(&root(control, id, None)?, body),
        "delete" => {
            let (path, target) = place(&root(control, id, None)?, body)?;
            let removed = if target.is_dir() { fs::remove_dir_all(&target) } else { fs::remove_file(&target) };
            removed.map_err(|error| file_error(&error))?;
            Ok(json!({"action": action, "path": path}))
        }
        "discard" => {
            let draft = control.drafts().remove(id).ok_or(missing("DraftNotFound"))?;
            drop(draft);
            // The state of its development run goes with it, unless that still runs.
            if !control.dev().contains_key(id) {
                control.context.forget(&draft_scope(id));
            }
            Ok(json!({"action": action}))
        }
        _ => Err(bad("InvalidAction")),
    }
}

/// Makes a draft: empty (`new`) or a copy of the live formation (`live`). Without a mode, a copy where there is one.
fn init(control: &Control, id: &str, mode: Option<&str>) -> Result<Value, Refusal> {
    if control.drafts().contains_key(id) {
        return Err(conflict("DraftAlreadyExists"));
    }
    let live = control.with(id, |entry| (entry.current.source.clone(), (entry.current.number, label(entry))));
    let (mode, live) = match (mode, live) {
        (Some("new"), _) | (None, None) => ("new", None),
        (Some("live"), None) => return Err(missing("LiveNotFound")),
        (Some("live") | None, live) => ("live", live),
        _ => return Err(bad("InvalidMode")),
    };
    let folder = control.folder().map_err(|_| BROKEN)?;
    let mut base = None;
    if let Some((source, version)) = live {
        let copied = control.files_of(&source).and_then(|files| copy(&files, folder.path()));
        copied.map_err(|_| BROKEN)?;
        base = Some(version);
    }
    let draft = Draft { created_at: Timestamp::now(), base, folder: Arc::new(folder) };
    match control.drafts().entry(id.to_owned()) {
        std::collections::btree_map::Entry::Occupied(_) => Err(conflict("DraftAlreadyExists")),
        std::collections::btree_map::Entry::Vacant(place) => {
            place.insert(draft);
            Ok(json!({"action": "init", "mode": mode}))
        }
    }
}

/// The folder that an action works on: the draft's, or with mode `live` the live formation's.
fn root(control: &Control, id: &str, mode: Option<&str>) -> Result<PathBuf, Refusal> {
    match mode {
        None | Some("draft") => {
            control.drafts().get(id).map(|draft| draft.folder.path().to_owned()).ok_or(missing("DraftNotFound"))
        }
        Some("live") => {
            let source = control.with(id, |entry| entry.current.source.clone()).ok_or(missing("LiveNotFound"))?;
            control.files_of(&source).map_err(|_| BROKEN)
        }
        Some(_) => Err(bad("InvalidMode")),
    }
}

/// The file that an action is about. Refuses what could lie outside the folder.
fn place(root: &Path, body: &Map<String, Value>) -> Result<(String, PathBuf), Refusal> {
    let path = dev::text(body, "path").ok_or(bad("InvalidPath"))?;
    let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let target = root.join(path);
    if !inside || path.contains(['\\', '\0']) || leads_out(root, &target) {
        return Err(bad("InvalidPath"));
    }
    Ok((path.to_owned(), target))
}

/// True if links on the way to a file lead out of the folder.
fn leads_out(root: &Path, target: &Path) -> bool {
    let Ok(root) = root.canonicalize() else { return false };
    // A file that does not exist yet cannot be a link; the nearest folder above it can. A link to nowhere is not
    // followed.
    let there = target.ancestors().find(|path| path.symlink_metadata().is_ok());
    there.is_some_and(|path| !path.canonicalize().is_ok_and(|path| path.starts_with(&root)))
}

fn read(root: &Path, body: &Map<String, Value>) -> Result<Value, Refusal> {
    let (path, target) = place(root, body)?;
    let bytes = fs::read(target).map_err(|error| file_error(&error))?;
    let (content, encoding) = match (encoding(body)?, String::from_utf8(bytes)) {
        (Encoding::Text, Ok(text)) => (text, "utf-8"),
        (Encoding::Base64, Ok(text)) => (STANDARD.encode(text), "base64"),
        (_, Err(binary)) => (STANDARD.encode(binary.as_bytes()), "base64"),
    };
    Ok(json!({"action": "read", "path": path, "content": content, "encoding": encoding}))
}

fn write(root: &Path, body: &Map<String, Value>) -> Result<Value, Refusal> {
    let (path, target) = place(root, body)?;
    let content = body.get("content").and_then(Value::as_str).unwrap_or_default();
    let bytes = match encoding(body)? {
        Encoding::Text => content.as_bytes().to_vec(),
        Encoding::Base64 => STANDARD.decode(content).map_err(|_| bad("DecodeError"))?,
    };
    if target.is_dir() {
        return Err(bad("InvalidPath"));
    }
    let parent = target.parent().unwrap_or(root);
    // A file where a folder would have to be.
    fs::create_dir_all(parent).map_err(|_| bad("InvalidPath"))?;
    fs::write(&target, &bytes).map_err(|_| BROKEN)?;
    Ok(json!({"action": "write", "path": path, "size": bytes.len()}))
}

enum Encoding {
    Text,
    Base64,
}

fn encoding(body: &Map<String, Value>) -> Result<Encoding, Refusal> {
    match dev::text(body, "encoding") {
        None | Some("utf-8") => Ok(Encoding::Text),
        Some("base64") => Ok(Encoding::Base64),
        Some(_) => Err(bad("DecodeError")),
    }
}

fn file_error(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => missing("FileNotFound"),
        io::ErrorKind::IsADirectory => bad("InvalidPath"),
        _ => BROKEN,
    }
}

fn list(root: &Path) -> Result<Vec<Value>, Refusal> {
    let files = walk(root).map_err(|_| BROKEN)?;
    let row = |path: &String| {
        let size = fs::metadata(root.join(path)).map_err(|_| BROKEN)?.len();
        Ok(json!({"path": path, "size": size}))
    };
    files.iter().map(row).collect()
}

/// The files below `root`, sorted, with `/` between names. Links are left out.
fn walk(root: &Path) -> io::Result<Vec<String>> {
    let (mut files, mut open) = (Vec::new(), vec![(root.to_owned(), String::new())]);
    while let Some((folder, prefix)) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, format!("{prefix}{}", entry.file_name().to_string_lossy()));
            if kind.is_dir() {
                open.push((entry.path(), format!("{path}/")));
            } else if kind.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for path in walk(from)? {
        let target = to.join(&path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(from.join(&path), target)?;
    }
    Ok(())
}

/// Deploys the draft: a new formation, or an update of the live one. The draft stays.
async fn deploy_draft(control: Arc<Control>, id: String, events: bool) -> Response {
    let stale = {
        let live = control.with(&id, |entry| (entry.current.number, entry.update.is_some()));
        let drafts = control.drafts();
        let Some(draft) = drafts.get(&id) else {
            drop(drafts);
            return refuse(&control, &id, missing("DraftNotFound"));
        };
        // Another caller has changed the live formation since the draft was copied from it.
        let base = draft.base.as_ref().map(|(number, _)| *number);
        live.is_some_and(|(number, updating)| updating || base.is_some_and(|base| base != number))
    };
    if stale {
        return refuse(&control, &id, conflict("DeployConflict"));
    }
    let (worker, keeper, name) = (control.clone(), control.clone(), id.clone());
    let render = move |result| {
        let (draft, live) = state(&control, &id);
        match result {
            Ok(Done { mut data, .. }) => {
                data["action"] = "deploy".into();
                reply::bare(StatusCode::OK, &json!({"success": true, "data": data, "draft": draft, "live": live}))
            }
            Err(Failure { status, name, message, .. }) => {
                let body = json!({"success": false, "error": name, "message": message, "draft": draft, "live": live});
                reply::bare(status, &body)
            }
        }
    };
    progress::run(&keeper, events, |progress| publish(worker, name, progress), render).await
}

async fn publish(control: Arc<Control>, id: String, progress: Progress) -> Result<Done, Failure> {
    progress.stage("validating", "Validating draft...");
    let candidate = candidate(&control, &id).await?;
    if candidate.config.id != id {
        let message = format!("Formation ID mismatch: draft of '{id}' contains '{}'", candidate.config.id);
        return Err(Failure::bad("IDMismatch", "validating", message));
    }
    let live = control.with(&id, |_| ()).is_some();
    let done = if live {
        replace(&control, &id, candidate, progress).await?
    } else {
        deploy::install(control.clone(), id.clone(), candidate, progress).await?
    };
    // The draft now is a copy of what runs.
    let base = control.with(&id, |entry| (entry.current.number, label(entry)));
    if let Some(draft) = control.drafts().get_mut(&id) {
        draft.base = base;
    }
    Ok(done)
}

async fn replace(control: &Arc<Control>, id: &str, candidate: Candidate, progress: Progress) -> Result<Done, Failure> {
    let updating = Updating::begin(control, id)?;
    update::replace(updating, candidate, progress).await
}

/// A copy of the draft, so that later edits do not reach what runs.
async fn candidate(control: &Arc<Control>, id: &str) -> Result<Candidate, Failure> {
    let absent = || Failure::new(StatusCode::NOT_FOUND, "DraftNotFound", "validating", "Draft not found");
    let draft = control.drafts().get(id).map(|draft| draft.folder.clone()).ok_or_else(absent)?;
    let broken = |error: io::Error| Failure::internal("DirectoryError", "validating", error.to_string());
    let folder = Arc::new(control.folder().map_err(broken)?);
    let target = folder.clone();
    let (config, digest) = blocking(move || {
        copy(draft.path(), target.path()).map_err(broken)?;
        let config = deploy::check(target.path())?;
        Ok::<_, Failure>((config, digest(target.path()).map_err(broken)?))
    })
    .await??;
    let semantic = Some(config.version.clone());
    Ok(Candidate { folder, config, semantic, digest })
}

/// A digest of names and contents: a draft has no bundle whose bytes could be compared.
fn digest(root: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    for path in walk(root)? {
        let content = fs::read(root.join(&path))?;
        digest.update(path.as_bytes());
        digest.update([0]);
        digest.update(content.len().to_le_bytes());
        digest.update(content);
    }
    Ok(bundle::hex(&digest.finalize()))
}
