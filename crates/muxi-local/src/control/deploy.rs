//! Deploying a formation that is not there yet.

use super::{
    Call, bundle,
    entry::{Entry, Service, Source, Status, Version},
    folder::Folder,
    progress::{self, Done, Failure, Progress, blocking},
    registry::{Control, live_scope, not_found},
};
use crate::files::{Config, DEFAULT_VERSION};
use crate::reply;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use std::{future::Future, path::Path, sync::Arc};

/// The content types of a bundle. The real server looks for them case-sensitively.
const TYPES: [&str; 3] = ["application/gzip", "application/x-gzip", "application/octet-stream"];
/// Ids that are routes of their own.
const RESERVED: [&str; 7] = ["health", "ping", "rpc", "server", "admin", "metrics", "api"];
/// The real server's default: one attempt per second.
const ATTEMPTS: u32 = 30;

pub(super) async fn deploy(call: Call) -> Response {
    let kind = call.header("content-type").unwrap_or_default();
    if !TYPES.iter().any(|allowed| kind.contains(allowed)) {
        let message = "Invalid Content-Type. Expected application/gzip with a formation bundle (tar.gz)";
        return reply::error(StatusCode::BAD_REQUEST, message);
    }
    let id = call.header("x-formation-id").unwrap_or_default().to_owned();
    if id.is_empty() {
        return reply::error(StatusCode::BAD_REQUEST, "Missing required header: X-Formation-ID");
    }
    if let Err(message) = check_id(&id) {
        return reply::error(StatusCode::BAD_REQUEST, &message);
    }
    if call.control.formations().contains_key(&id) {
        return reply::error(StatusCode::CONFLICT, &exists(&id));
    }
    let semantic = call.header("x-formation-version").map(str::to_owned);
    let (events, control) = (call.wants_events(), call.control);
    let keeper = control.clone();
    let upload = match bundle::receive(call.request.into_body()).await {
        Ok(upload) => upload,
        Err(_) => return cut("Failed to save bundle"),
    };
    let work = |progress: Progress| async move {
        progress.stage("extracting", "Extracting bundle...");
        let candidate = unpack(&control, upload, semantic).await?;
        if candidate.config.id != id {
            let found = &candidate.config.id;
            let message = format!("Formation ID mismatch: header says '{id}' but bundle contains '{found}'");
            return Err(Failure::bad("IDMismatch", "extracting", message));
        }
        candidate.check_version()?;
        install(control, id, candidate, progress).await
    };
    progress::run(&keeper, events, work, progress::render).await
}

/// Why `id` cannot name a formation.
pub(super) fn check_id(id: &str) -> Result<(), String> {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = id.as_bytes();
    let edges = bytes.first().zip(bytes.last()).is_some_and(|(first, last)| inner(*first) && inner(*last));
    if !(3..=50).contains(&id.len()) || !edges || !bytes.iter().all(|byte| inner(*byte) || *byte == b'-') {
        return Err(format!(
            "Invalid formation ID '{id}': must be 3-50 characters, lowercase letters, digits and hyphens, starting and ending with a letter or digit"
        ));
    }
    if RESERVED.contains(&id) { Err(format!("Invalid formation ID '{id}': reserved name")) } else { Ok(()) }
}

fn exists(id: &str) -> String {
    format!("Formation '{id}' already exists. Use PUT to update.")
}

/// The answer to an upload that broke off or took too long; the connection is of no more use.
pub(super) fn cut(message: &str) -> Response {
    let mut response = reply::error(StatusCode::INTERNAL_SERVER_ERROR, message);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A formation that is about to be started.
pub(super) struct Candidate {
    pub(super) folder: Arc<Folder>,
    pub(super) config: Config,
    /// The version as the caller named it.
    pub(super) semantic: Option<String>,
    pub(super) digest: String,
}

impl Candidate {
    /// The version that the caller gave (or the default) must be the bundle's.
    pub(super) fn check_version(&self) -> Result<(), Failure> {
        let (header, found) = (self.semantic.as_deref().unwrap_or(DEFAULT_VERSION), &self.config.version);
        if header == found {
            return Ok(());
        }
        let message = format!("Version mismatch: header says '{header}' but bundle contains '{found}'");
        Err(Failure::bad("VersionMismatch", "extracting", message))
    }

    pub(super) fn version(self, number: u32) -> Version {
        Version { number, semantic: self.semantic, digest: self.digest, source: Source::Own(self.folder) }
    }
}

/// Unpacks a bundle and reads its configuration.
pub(super) async fn unpack(
    control: &Control,
    upload: bundle::Upload,
    semantic: Option<String>,
) -> Result<Candidate, Failure> {
    let folder =
        control.folder().map_err(|error| Failure::internal("ExtractDirError", "extracting", error.to_string()))?;
    let folder = Arc::new(folder);
    let (target, digest) = (folder.clone(), upload.digest.clone());
    let config = blocking(move || {
        let refused = |error| Failure::bad("ExtractError", "extracting", format!("Failed to extract bundle: {error}"));
        upload.extract(target.path()).map_err(refused)?;
        check(target.path())
    });
    Ok(Candidate { config: config.await??, folder, semantic, digest })
}

/// Reads and checks the configuration in `folder`.
pub(super) fn check(folder: &Path) -> Result<Config, Failure> {
    let config = Config::read(folder).map_err(|error| Failure::bad("ParseError", "extracting", error.to_string()))?;
    config.check_secrets(folder).map_err(|error| Failure::bad("SecretsError", "extracting", error))?;
    Ok(config)
}

/// Starts a new formation: the stages from `resolving_runtime` on.
pub(super) async fn install(
    control: Arc<Control>,
    id: String,
    candidate: Candidate,
    progress: Progress,
) -> Result<Done, Failure> {
    let (_, runtime) = candidate.config.runtime();
    resolve(&progress, "Resolving runtime version...", &runtime);
    let name = candidate.config.name.clone();
    let version = candidate.version(1);
    let source = version.source.clone();
    let port = control.port();
    {
        // Another deployment of the same id may have got here first.
        let mut formations = control.formations();
        if formations.contains_key(&id) {
            return Err(Failure::new(StatusCode::CONFLICT, "RegisterError", "spawning", exists(&id)));
        }
        let entry = Entry::new(name, port, version);
        entry.log.stdout.push(format!("starting formation {id}"));
        formations.insert(id.clone(), entry);
    }
    progress.stage("spawning", "Starting formation. It might take 1-2 minutes.");
    progress.stage("health_check", "Waiting for formation health check...");
    match start(&control, &id, source, &progress, std::future::pending()).await {
        Ok(service) => {
            control.with(&id, |entry| entry.started(service)).unwrap_or_else(|| Err(not_found("health_check")))?;
            let url = format!("{}/api/{id}", control.url);
            let health_url = format!("{url}/v1/health");
            let data = json!({
                "formation_id": id, "port": port, "status": Status::Running.as_str(), "url": url,
                "health_url": health_url, "pid": std::process::id(),
            });
            Ok(Done { status: StatusCode::CREATED, complete: data.clone(), data })
        }
        Err(reason) => {
            // A formation that never ran leaves nothing behind, so that it can be deployed again.
            control.formations().remove(&id);
            Err(Failure::bad("HealthCheckFailed", "health_check", failed_start(&reason)))
        }
    }
}

/// Reports both halves of `resolving_runtime`.
pub(super) fn resolve(progress: &Progress, message: &str, version: &str) {
    progress.stage("resolving_runtime", message);
    let text = format!("Resolved runtime version: {version}");
    progress.stage_with("resolving_runtime", text, &[("version", version.into())]);
}

/// Starts a formation and waits until it is healthy. The error is the reason, the tail of its log included.
pub(super) async fn start(
    control: &Arc<Control>,
    id: &str,
    source: Source,
    progress: &Progress,
    cancelled: impl Future<Output = ()>,
) -> Result<Service, String> {
    tokio::select! {
        () = tokio::time::sleep(control.start_time) => {}
        () = cancelled => return Err(crashed("terminated: update cancelled")),
    }
    let (loader, scope) = (control.clone(), live_scope(id));
    let loaded = blocking(move || loader.load(&scope, &source)).await.map_err(|failure| failure.message)?;
    let service = loaded.map_err(|error| crashed(&error))?;
    let fields = [("attempt", 1.into()), ("max_attempts", ATTEMPTS.into())];
    progress.stage_with("health_check", format!("Health check attempt 1/{ATTEMPTS}..."), &fields);
    Ok(service)
}

fn crashed(log: &str) -> String {
    format!("Formation crashed during startup:\n{log}")
}

/// The words for a formation that did not become healthy.
pub(super) fn failed_start(reason: &str) -> String {
    format!("Formation failed health check after {ATTEMPTS}s: {reason}")
}
