//! Replacing a running formation: update, cancel-update, rollback.

use super::{
    Call, bundle,
    deploy::{self, Candidate},
    entry::{Source, Status, UpdateState},
    progress::{self, Done, Failure, Progress, blocking},
    registry::{Control, not_found},
};
use crate::quirks::Quirk;
use crate::{files, reply};
use axum::response::Response;
use http::StatusCode;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Notify;

/// The mark that a formation is being updated; taken away however the update ends.
pub(super) struct Updating {
    control: Arc<Control>,
    id: String,
    cancel: Arc<Notify>,
}

impl Updating {
    /// Marks the formation; refuses when there is none or it is marked already.
    pub(super) fn begin(control: &Arc<Control>, id: &str) -> Result<Self, Failure> {
        let cancel = Arc::new(Notify::new());
        let mark = control.with(id, |entry| {
            let free = entry.update.is_none();
            if free {
                entry.update = Some(UpdateState { staging_port: None, cancel: cancel.clone() });
            }
            free
        });
        match mark {
            Some(true) => Ok(Self { control: control.clone(), id: id.to_owned(), cancel }),
            Some(false) => {
                let message = "Formation is already being updated";
                Err(Failure::new(StatusCode::CONFLICT, "RegistryError", "validating", message))
            }
            None => Err(not_found("validating")),
        }
    }
}

impl Drop for Updating {
    fn drop(&mut self) {
        let keeps = self.control.host.quirks.on(Quirk::CancelUpdate200);
        self.control.with(&self.id, |entry| {
            let state = entry.update.take();
            entry.failed_port = state.and_then(|state| state.staging_port).filter(|_| keeps);
        });
    }
}

pub(super) async fn update(call: Call) -> Response {
    let updating = match Updating::begin(&call.control, &call.id) {
        Ok(updating) => updating,
        Err(failure) => return reply::error(failure.status, &failure.message),
    };
    let semantic = call.header("x-formation-version").map(str::to_owned);
    let (events, control) = (call.wants_events(), call.control);
    let keeper = control.clone();
    let upload = match bundle::receive(call.request.into_body()).await {
        Ok(upload) => upload,
        Err(_) => return deploy::cut("Failed to read bundle"),
    };
    let work = |progress: Progress| async move {
        if control.with(&updating.id, |entry| entry.current.digest == upload.digest) == Some(true) {
            let message = "Source is identical to current version - nothing to update";
            return Err(Failure::new(StatusCode::CONFLICT, "NoChange", "extracting", message));
        }
        progress.stage("extracting", "Extracting bundle to staging...");
        let candidate = deploy::unpack(&control, upload, semantic).await?;
        candidate.check_version()?;
        replace(updating, candidate, progress).await
    };
    progress::run(&keeper, events, work, progress::render).await
}

/// Starts the new version beside the old one and swaps them: the stages from `validating` on.
pub(super) async fn replace(updating: Updating, candidate: Candidate, progress: Progress) -> Result<Done, Failure> {
    let (control, id) = (&updating.control, updating.id.as_str());
    progress.stage("validating", "Validating formation config...");
    let (asked, runtime) = candidate.config.runtime();
    deploy::resolve(&progress, &format!("Resolving runtime version: {asked}"), &runtime);
    let port = control.port();
    let name = candidate.config.name.clone();
    let prepared = control.with(id, |entry| {
        if let Some(update) = &mut entry.update {
            update.staging_port = Some(port);
        }
        let highest = entry.previous.as_ref().map_or(0, |version| version.number).max(entry.current.number);
        (highest + 1, entry.current.number, entry.log.clone())
    });
    let Some((number, old, log)) = prepared else { return Err(not_found("spawning_staging")) };
    if control.host.quirks.on(Quirk::StagingLeftovers) && control.staging().contains(id) {
        let message = format!("Failed to start staging process: process with ID {id}-staging already exists");
        return Err(Failure::internal("SpawnError", "spawning_staging", message));
    }
    let version = candidate.version(number);
    let message = format!("Starting staging version on port {port}");
    progress.stage_with("spawning_staging", message, &[("staging_port", port.into())]);
    progress.stage("health_check", "Waiting for staging health check...");
    let service = deploy::start(control, id, version.source.clone(), &progress, updating.cancel.notified()).await;
    let service = service.map_err(|reason| {
        log.stderr.push(format!("version {number} did not start: {reason}"));
        let message =
            format!("New version failed health check: {reason}. Old version still running - zero downtime maintained.");
        Failure::bad("HealthCheckFailed", "health_check", message)
    })?;
    progress.stage("swapping", "Switching traffic to new version...");
    let swapped = control.with(id, |entry| {
        entry.previous = Some(std::mem::replace(&mut entry.current, version));
        let old_port = std::mem::replace(&mut entry.port, port);
        entry.name = name;
        // Nothing is left to cancel.
        entry.update.iter_mut().for_each(|update| update.staging_port = None);
        entry.run(service);
        entry.deployed_at = entry.updated_at;
        old_port
    });
    let Some(old_port) = swapped else {
        return Err(Failure::internal("SwitchError", "swapping", "Formation was deleted during the update"));
    };
    control.staging().insert(id.to_owned());
    let port = if control.host.quirks.on(Quirk::OldPort) { old_port } else { port };
    progress.stage("stopping_old", "Stopping old version...");
    log.stdout.push(format!("updated from version {old} to {number}"));
    let status = Status::Running.as_str();
    Ok(Done {
        status: StatusCode::OK,
        data: json!({
            "deployment_type": "blue-green", "id": id, "message": "Formation updated successfully",
            "pid": std::process::id(), "port": port, "previous_version": old, "status": status, "version": number,
        }),
        complete: json!({
            "formation_id": id, "port": port, "status": status, "url": format!("{}/api/{id}", control.url),
            "previous_version": old.to_string(), "new_version": number.to_string(),
        }),
    })
}

pub(super) async fn cancel(call: Call) -> Response {
    let cancelled = call.control.with(&call.id, |entry| {
        let Some(update) = entry.update.as_ref() else {
            return entry.failed_port.map(|staging| (staging, entry.port, entry.status));
        };
        let staging = update.staging_port?;
        // Kept for an update that is just about to wait.
        update.cancel.notify_one();
        Some((staging, entry.port, entry.status))
    });
    match cancelled {
        None => reply::not_found(),
        Some(None) => reply::error(StatusCode::BAD_REQUEST, "No update in progress for this formation"),
        Some(Some((staging, current, status))) => reply::bare(
            StatusCode::OK,
            &json!({
                "current_port": current, "formation_id": call.id, "message": "Update cancelled successfully",
                "staging_port": staging, "status": status.as_str(),
            }),
        ),
    }
}

pub(super) async fn rollback(call: Call) -> Response {
    let (events, control, id) = (call.wants_events(), call.control, call.id);
    let keeper = control.clone();
    progress::run(&keeper, events, |progress| roll_back(control, id, progress), progress::render).await
}

async fn roll_back(control: Arc<Control>, id: String, progress: Progress) -> Result<Done, Failure> {
    progress.stage("validating", "Validating rollback request...");
    let updating = Updating::begin(&control, &id)?;
    let version = control.with(&id, |entry| entry.previous.clone()).flatten();
    let Some(version) = version else {
        let message = "No previous version available for rollback";
        return Err(Failure::bad("NoPreviousVersion", "validating", message));
    };
    let (_, runtime) = runtime(&control, &version.source).await?;
    deploy::resolve(&progress, "Resolving runtime version...", &runtime);
    let port = control.port();
    progress.stage("spawning_previous", format!("Starting previous version on staging port {port}..."));
    progress.stage("health_check", "Waiting for previous version health check...");
    let service = deploy::start(&control, &id, version.source.clone(), &progress, updating.cancel.notified()).await;
    let service = service.map_err(|reason| {
        Failure::bad("HealthCheckFailed", "health_check", format!("Previous version failed health check: {reason}"))
    })?;
    progress.stage("stopping_current", "Stopping current version...");
    progress.stage("swapping", "Swapping versions...");
    let number = version.number;
    let swapped = control.with(&id, |entry| {
        let old = std::mem::replace(&mut entry.current, version);
        let old_number = old.number;
        entry.previous = Some(old);
        entry.port = port;
        entry.run(service);
        entry.log.stdout.push(format!("rolled back from version {old_number} to {number}"));
        old_number
    });
    let Some(old) = swapped else {
        return Err(Failure::internal("SwapError", "swapping", "Formation was deleted during the rollback"));
    };
    if control.host.quirks.on(Quirk::StagingLeftovers) && control.staging().contains(&id) {
        // The process of the update still holds the port.
        control.with(&id, |entry| entry.halt(Status::Crashed));
    }
    let status = Status::Running.as_str();
    Ok(Done {
        status: StatusCode::OK,
        data: json!({
            "id": id, "message": "Rolled back to previous version", "pid": std::process::id(),
            "previous_version": old, "status": status, "version": number,
        }),
        complete: json!({
            "formation_id": id, "port": port, "status": status, "url": format!("{}/api/{id}", control.url),
            "previous_version": old.to_string(), "new_version": number.to_string(),
        }),
    })
}

/// The runtime that a version asks for, and the one that it gets.
pub(super) async fn runtime(control: &Arc<Control>, source: &Source) -> Result<(String, String), Failure> {
    if matches!(source, Source::Demo) {
        return Ok(files::default_runtime());
    }
    let (control, source) = (control.clone(), source.clone());
    let read = move || {
        let folder = control.files_of(&source).map_err(|error| error.to_string())?;
        Ok::<_, String>(files::Config::read(&folder).map_err(|error| error.to_string())?.runtime())
    };
    blocking(read).await?.map_err(|error| Failure::internal("ConfigError", "validating", error))
}
