//! Start, restart, stop, delete.
//!
//! On the real server start and restart look for the configuration in the wrong folder and always fail; here they
//! work, unless [`Quirk::StartRestart500`] is on.

use super::{
    Call, deploy,
    entry::{Service, Status},
    progress::{self, Done, Failure, Progress},
    registry::{Control, live_scope, not_found},
    update,
};
use crate::quirks::Quirk;
use crate::reply;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;
use std::sync::Arc;

pub(super) async fn start(call: Call) -> Response {
    let (events, control, id) = (call.wants_events(), call.control, call.id);
    let keeper = control.clone();
    let work = |progress| async move {
        let works = !control.host.quirks.on(Quirk::StartRestart500);
        let allowed = control.with(&id, |entry| {
            let idle = matches!(entry.status, Status::Stopped | Status::Crashed | Status::Unhealthy);
            if idle && works {
                entry.halt(Status::Starting);
            }
            idle
        });
        match allowed {
            None => Err(not_found("validating")),
            Some(false) => {
                let message = "Formation is already running";
                Err(Failure::new(StatusCode::CONFLICT, "AlreadyRunning", "validating", message))
            }
            Some(true) if !works => Err(no_config()),
            Some(true) => launch(&control, &id, false, &progress).await,
        }
    };
    progress::run(&keeper, events, work, progress::render).await
}

pub(super) async fn restart(call: Call) -> Response {
    let (events, control, id) = (call.wants_events(), call.control, call.id);
    let keeper = control.clone();
    let work = |progress: Progress| async move {
        if control.with(&id, |_| ()).is_none() {
            return Err(not_found("stopping"));
        }
        progress.stage("stopping", "Stopping current process...");
        if control.host.quirks.on(Quirk::StartRestart500) {
            control.with(&id, |entry| entry.halt(Status::Unhealthy));
            return Err(no_config());
        }
        control.with(&id, |entry| entry.halt(Status::Starting));
        launch(&control, &id, true, &progress).await
    };
    progress::run(&keeper, events, work, progress::render).await
}

/// The real server's error, because it looks in the wrong folder.
fn no_config() -> Failure {
    let message = "Failed to find formation config: no formation config file found (tried: [formation.afs formation.yaml formation.yml])";
    Failure::internal("ConfigError", "validating", message)
}

/// Starts a formation that is marked as starting.
async fn launch(control: &Arc<Control>, id: &str, again: bool, progress: &Progress) -> Result<Done, Failure> {
    progress.stage("validating", "Loading formation configuration...");
    let result = ready(control, id, progress).await;
    let service = match result {
        Ok(service) => service,
        Err(failure) => {
            control.with(id, |entry| {
                entry.halt(Status::Crashed);
                entry.log.stderr.push(failure.message.clone());
            });
            return Err(failure);
        }
    };
    let started = control.with(id, |entry| {
        entry.started(service)?;
        entry.restart_count += u32::from(again);
        Ok((entry.port, entry.restart_count))
    });
    let (port, restarts) = started.unwrap_or_else(|| Err(not_found("health_check")))?;
    let status = Status::Running.as_str();
    let mut complete = json!({"formation_id": id, "port": port, "status": status});
    let data = if again {
        complete["restart_count"] = restarts.into();
        json!({"id": id, "message": "Formation restarted", "port": port, "restart_count": restarts, "status": status})
    } else {
        json!({"id": id, "message": "Formation started", "port": port, "status": status})
    };
    Ok(Done { status: StatusCode::OK, data, complete })
}

async fn ready(control: &Arc<Control>, id: &str, progress: &Progress) -> Result<Service, Failure> {
    let source = control.with(id, |entry| entry.current.source.clone()).ok_or_else(|| not_found("validating"))?;
    let (asked, runtime) = update::runtime(control, &source).await?;
    deploy::resolve(progress, &format!("Resolving runtime version: {asked}"), &runtime);
    progress.stage("spawning", "Starting formation...");
    progress.stage("health_check", "Waiting for formation health check...");
    let started = deploy::start(control, id, source, progress, std::future::pending()).await;
    started.map_err(|reason| Failure::internal("HealthCheckFailed", "health_check", deploy::failed_start(&reason)))
}

pub(super) async fn stop(call: Call) -> Response {
    let quirks = &call.control.host.quirks;
    let lost = quirks.on(Quirk::StagingLeftovers) && call.control.staging().contains(&call.id)
        || quirks.on(Quirk::StartRestart500)
            && call.control.with(&call.id, |entry| entry.status == Status::Unhealthy) == Some(true);
    if lost {
        return reply::error(StatusCode::INTERNAL_SERVER_ERROR, "Failed to stop formation");
    }
    let stopped = call.control.with(&call.id, |entry| {
        let runs = entry.status != Status::Stopped;
        if runs {
            entry.halt(Status::Stopped);
            entry.log.stdout.push("formation stopped");
        }
        runs
    });
    match stopped {
        None => reply::not_found(),
        Some(false) => reply::error(StatusCode::CONFLICT, "Formation is already stopped"),
        Some(true) => {
            reply::ok(json!({"id": call.id, "message": "Formation stopped successfully", "status": "stopped"}))
        }
    }
}

pub(super) async fn delete(call: Call) -> Response {
    // Out of the lock first: the last owner of the files deletes them.
    let entry = call.control.formations().remove(&call.id);
    match entry {
        None => reply::not_found(),
        Some(_) => {
            call.control.context.forget(&live_scope(&call.id));
            reply::ok(json!({"id": call.id, "message": "Formation deleted successfully"}))
        }
    }
}
