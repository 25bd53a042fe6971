//! The control plane.

use super::{DraftAction, DraftEncoding, DraftMode, EntryKind, FormationState, IsoTime};

replies! {
    /// Health of the server.
    pub struct ServerHealth {
        /// True if the server works.
        pub success: bool,
        /// `ok`.
        pub status: String,
        /// The server's version.
        pub version: String,
    }

    /// Totals of the server.
    pub struct ServerStatus {
        /// The server itself.
        pub server: ServerInfo,
        /// The numbers of formations by state.
        pub formations: FormationCounts,
        /// The ports for formations.
        pub port_pool: PortPool,
        /// The server's process.
        pub runtime: ServerRuntime,
    }

    /// The server itself.
    pub struct ServerInfo {
        /// The server's id.
        pub id: String,
        /// The server's version.
        pub version: String,
        /// Seconds since its start.
        pub uptime: u64,
    }

    /// Formations by state.
    pub struct FormationCounts {
        /// All formations.
        pub total: u64,
        /// Running ones.
        pub running: u64,
        /// Stopped ones.
        pub stopped: u64,
        /// Crashed ones.
        pub crashed: u64,
    }

    /// The ports for formations.
    pub struct PortPool {
        /// All ports.
        pub total: u64,
        /// Free ports.
        pub available: u64,
        /// Ports in use.
        pub allocated: u64,
    }

    /// The server's process.
    pub struct ServerRuntime {
        /// Running goroutines.
        pub goroutines: u64,
        /// The version of Go that the server was built with.
        pub go_version: String,
    }

    /// Every formation of the server.
    pub struct FormationList {
        /// The formations.
        pub formations: Vec<FormationSummary>,
        /// The number of formations.
        pub total: u64,
    }

    /// One formation in a list.
    pub struct FormationSummary {
        /// The formation's id.
        pub id: String,
        /// The formation's name.
        pub name: String,
        /// The port it listens on, on the server's machine.
        pub port: u16,
        /// `starting`, `running`, `stopping`, `stopped`, `crashed`, `restarting` or `unhealthy`.
        pub status: FormationState,
        /// The id of its process.
        pub pid: i64,
        /// Seconds since its start.
        pub uptime: u64,
        /// The number of restarts.
        pub restart_count: u64,
        /// True if it answered its health check; none while it starts.
        pub healthy: Option<bool>,
        /// Its versions.
        pub version: Option<FormationVersion>,
    }

    /// The versions of a formation.
    pub struct FormationVersion {
        /// The version that the bundle states.
        pub semantic: Option<String>,
        /// The SHA-256 of the current bundle, hexadecimal.
        pub current: Option<String>,
        /// The SHA-256 of the bundle before it, hexadecimal.
        pub previous: Option<String>,
    }

    /// One formation.
    pub struct FormationDetail {
        /// The formation's id.
        pub id: String,
        /// The formation's name.
        pub name: String,
        /// `starting`, `running`, `stopping`, `stopped`, `crashed`, `restarting` or `unhealthy`.
        pub status: FormationState,
        /// The port it listens on, on the server's machine.
        pub port: u16,
        /// The id of its process.
        pub pid: i64,
        /// The number of restarts.
        pub restart_count: u64,
        /// Seconds since its start.
        pub uptime: u64,
        /// When it was deployed first, RFC 3339.
        pub created_at: IsoTime,
        /// When it was deployed, RFC 3339.
        pub deployed_at: IsoTime,
        /// When it was changed last, RFC 3339.
        pub updated_at: IsoTime,
        /// True if it answered its health check; none while it starts.
        pub healthy: Option<bool>,
        /// Its versions.
        pub version: Option<FormationVersion>,
        /// When its health was checked last, RFC 3339.
        pub last_health_check: Option<IsoTime>,
    }

    /// The result of stopping, starting, restarting, rolling back or deleting a formation.
    pub struct LifecycleResult {
        /// The formation's id.
        pub id: String,
        /// The state it is in now.
        pub status: Option<FormationState>,
        /// A description of the outcome, for people.
        pub message: Option<String>,
        /// The port it listens on, on the server's machine.
        pub port: Option<u16>,
        /// The id of its process.
        pub pid: Option<i64>,
        /// The number of restarts.
        pub restart_count: Option<u64>,
        /// The number of the version that runs now.
        pub version: Option<i64>,
        /// The number of the version that ran before.
        pub previous_version: Option<i64>,
    }

    /// The result of cancelling an update.
    pub struct UpdateCancelled {
        /// The formation's id.
        pub formation_id: String,
        /// A description of the outcome, for people.
        pub message: String,
        /// The state the formation is in.
        pub status: FormationState,
        /// The port of the version that keeps running.
        pub current_port: u16,
        /// The port of the version that was given up.
        pub staging_port: u16,
    }

    /// A deployed formation.
    pub struct Deployed {
        /// The formation's id.
        pub formation_id: String,
        /// The port it listens on, on the server's machine.
        pub port: u16,
        /// The state it is in.
        pub status: FormationState,
        /// Its address through the server.
        pub url: String,
        /// The address of its health check, on the server's machine.
        pub health_url: String,
        /// The id of its process.
        pub pid: i64,
    }

    /// An updated formation.
    pub struct Updated {
        /// The formation's id.
        pub id: String,
        /// The state it is in.
        pub status: FormationState,
        /// The number of the version that runs now.
        pub version: i64,
        /// The number of the version that ran before.
        pub previous_version: i64,
        /// A port on the server's machine; the shipped server gives that of the version before.
        pub port: u16,
        /// The id of its process.
        pub pid: i64,
        /// A description of the outcome, for people.
        pub message: String,
        /// `blue-green`.
        pub deployment_type: String,
    }

    /// The last lines of a formation's output.
    pub struct FormationLogs {
        /// The formation's id.
        pub formation_id: String,
        /// The lines.
        pub logs: LogLines,
        /// The numbers of all lines.
        pub total_lines: LogLineCounts,
    }

    /// Lines by stream, oldest first.
    pub struct LogLines {
        /// Lines of standard output.
        pub stdout: Option<Vec<String>>,
        /// Lines of standard error.
        pub stderr: Option<Vec<String>>,
    }

    /// Numbers of lines by stream.
    pub struct LogLineCounts {
        /// Lines of standard output.
        pub stdout: Option<u64>,
        /// Lines of standard error.
        pub stderr: Option<u64>,
    }

    /// The result of an edit of a draft.
    pub struct DraftResult {
        /// True if the edit was made.
        pub success: bool,
        /// The result of the action.
        pub data: Option<DraftData>,
        /// The state of the draft; none after `deploy`.
        pub draft: Option<DraftState>,
        /// The state of the deployed formation; none after `deploy`.
        pub live: Option<LiveState>,
    }

    /// The result of an action on a draft. `deploy` gives the fields of `Deployed` or `Updated`.
    pub struct DraftData {
        /// `init`: the action.
        pub action: Option<DraftAction>,
        /// `init`: `new` or `clone`.
        pub mode: Option<DraftMode>,
        /// The path of the file or folder below the draft.
        pub path: Option<String>,
        /// `list`: what the folder holds.
        pub entries: Option<Vec<DraftEntry>>,
        /// `read`: the file's content.
        pub content: Option<String>,
        /// `read`: `utf-8` or `base64`.
        pub encoding: Option<DraftEncoding>,
        /// `write`: bytes written.
        pub size: Option<u64>,
        /// `write`: whether the file was written.
        pub written: Option<bool>,
        /// `delete`: whether the file or folder was deleted.
        pub deleted: Option<bool>,
        /// `discard`: whether the draft was discarded.
        pub discarded: Option<bool>,
    }

    /// A file or folder of a draft.
    pub struct DraftEntry {
        /// Its name; that of a folder ends in `/`.
        pub name: String,
        /// `file` or `dir`.
        #[serde(rename = "type")]
        pub kind: EntryKind,
        /// Bytes; none for a folder and an empty file.
        pub size: Option<u64>,
    }

    /// The state of a draft.
    pub struct DraftState {
        /// True if there is a draft.
        pub exists: bool,
        /// The version it was cloned from.
        pub base_version: Option<String>,
        /// When it was made, RFC 3339.
        pub created_at: Option<IsoTime>,
    }

    /// The state of the formation that a draft belongs to.
    pub struct LiveState {
        /// The deployed version.
        pub version: Option<String>,
        /// The state it is in.
        pub status: Option<FormationState>,
    }

    /// A started development run.
    pub struct DevRun {
        /// True if it was started.
        pub success: bool,
        /// The formation's id.
        pub formation_id: String,
        /// The port it listens on, on the server's machine.
        pub port: u16,
        /// The state it is in.
        pub status: FormationState,
    }

    /// A stopped development run.
    pub struct DevStopped {
        /// True if it was stopped.
        pub success: bool,
        /// The formation's id.
        pub formation_id: String,
        /// The state it is in.
        pub status: FormationState,
    }
}
