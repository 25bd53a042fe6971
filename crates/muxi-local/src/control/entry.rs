//! A formation as the server knows it: its versions, its status, and what answers for it.

use super::{folder::Folder, logs::Log, progress::Failure};
use crate::formation::Formation;
use axum::Router;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{path::PathBuf, sync::Arc, time::Instant};
use tokio::sync::Notify;

/// A formation as the server knows it.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) status: Status,
    pub(super) restart_count: u32,
    pub(super) created_at: Timestamp,
    pub(super) deployed_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) running_since: Option<Instant>,
    /// The service that answers its requests; `None` unless it runs.
    pub(super) service: Option<Service>,
    pub(super) log: Arc<Log>,
    pub(super) current: Version,
    pub(super) previous: Option<Version>,
    pub(super) update: Option<UpdateState>,
    /// The port of an update that has failed, where the server does not forget it.
    pub(super) failed_port: Option<u16>,
}

/// An update in progress.
pub(super) struct UpdateState {
    /// Known once the new version is being started; before that there is nothing to cancel.
    pub(super) staging_port: Option<u16>,
    pub(super) cancel: Arc<Notify>,
}

/// One deployed version.
#[derive(Clone)]
pub(super) struct Version {
    pub(super) number: u32,
    /// The version as the caller named it; absent when the caller gave none.
    pub(super) semantic: Option<String>,
    /// SHA-256 of the bundle's bytes.
    pub(super) digest: String,
    pub(super) source: Source,
}

/// The place of a formation's files.
#[derive(Clone)]
pub(super) enum Source {
    /// The built-in formation: written to files only when a caller asks for them.
    Demo,
    /// A folder of the server's own, deleted with its last version.
    Own(Arc<Folder>),
    /// The caller's folder, or the formation file in it.
    Path(PathBuf),
}

/// The state of a formation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Starting,
    Running,
    Stopped,
    Crashed,
    /// A restart has ended it for good.
    Unhealthy,
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Crashed => "crashed",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// A formation that runs, and its routes.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) formation: Arc<Formation>,
    pub(super) router: Router,
}

impl Service {
    pub(super) fn new(formation: Arc<Formation>) -> Self {
        Self { router: crate::formation::router(formation.clone()), formation }
    }
}

impl Entry {
    /// A formation that is being started.
    pub(super) fn new(name: String, port: u16, current: Version) -> Self {
        let now = Timestamp::now();
        Self {
            name,
            port,
            status: Status::Starting,
            restart_count: 0,
            created_at: now,
            deployed_at: now,
            updated_at: now,
            running_since: None,
            service: None,
            log: Arc::default(),
            current,
            previous: None,
            update: None,
            failed_port: None,
        }
    }

    /// `service` answers from now on.
    pub(super) fn run(&mut self, service: Service) {
        self.service = Some(service);
        self.status = Status::Running;
        self.running_since = Some(Instant::now());
        self.updated_at = Timestamp::now();
    }

    /// Has `service` answer from now on, unless the formation was stopped or replaced while it started.
    pub(super) fn started(&mut self, service: Service) -> Result<(), Failure> {
        if self.status != Status::Starting {
            let message = "Formation failed health check: stopped during startup";
            return Err(Failure::internal("HealthCheckFailed", "health_check", message));
        }
        self.run(service);
        self.log.stdout.push("formation is ready");
        Ok(())
    }

    /// Nothing answers any more. Requests in flight end by themselves.
    pub(super) fn halt(&mut self, status: Status) {
        self.service = None;
        self.status = status;
        self.running_since = None;
        self.updated_at = Timestamp::now();
    }

    /// Seconds since it runs.
    pub(super) fn uptime(&self) -> u64 {
        self.running_since.map_or(0, |since| since.elapsed().as_secs())
    }

    /// `null` while it starts.
    pub(super) fn healthy(&self) -> Value {
        match self.status {
            Status::Starting => Value::Null,
            status => Value::Bool(status == Status::Running),
        }
    }

    /// The `version` object: digests, and the name where `semantic` is asked for.
    pub(super) fn version(&self, semantic: bool) -> Value {
        let mut version = Map::new();
        if let (true, Some(name)) = (semantic, &self.current.semantic) {
            version.insert("semantic".into(), name.as_str().into());
        }
        version.insert("current".into(), self.current.digest.as_str().into());
        if let Some(previous) = &self.previous {
            version.insert("previous".into(), previous.digest.as_str().into());
        }
        version.into()
    }
}
