//! The control plane's operations.

use crate::api::bundle::Bundle;
use crate::api::endpoint::endpoints;
use crate::api::types::{DraftAction, DraftEncoding, DraftMode, OutputStream};

endpoints! { Server, ops;
    /// Check that the server answers. Python returns the length of the answer (4), as the official SDK does.
    text fn ping() -> Text = GET "/ping", none; Length

    /// Health and version of the server.
    json fn health() -> ServerHealth = GET "/health", none

    /// Totals of the server: formations by state, ports, version and uptime.
    json fn status() -> ServerStatus = GET "/rpc/server/status", hmac

    /// Every formation with its state.
    json fn list_formations() -> FormationList = GET "/rpc/formations", hmac

    /// One formation.
    json fn get_formation(formation_id: &str => path) -> FormationDetail = GET "/rpc/formations/{formation_id}", hmac

    /// Stop a running formation.
    json fn stop_formation(formation_id: &str => path) -> LifecycleResult = POST "/rpc/formations/{formation_id}/stop", hmac; Slow

    /// Start a stopped formation and wait until it is healthy.
    json fn start_formation(formation_id: &str => path) -> LifecycleResult = POST "/rpc/formations/{formation_id}/start", hmac; Slow

    /// Restart a formation and wait until it is healthy.
    json fn restart_formation(formation_id: &str => path) -> LifecycleResult = POST "/rpc/formations/{formation_id}/restart", hmac; Slow

    /// Go back to the version before the current one.
    json fn rollback_formation(formation_id: &str => path) -> LifecycleResult = POST "/rpc/formations/{formation_id}/rollback", hmac; Slow

    /// Delete a formation for good.
    json fn delete_formation(formation_id: &str => path) -> LifecycleResult = DELETE "/rpc/formations/{formation_id}", hmac; Slow

    /// Cancel a running update.
    json fn cancel_update(formation_id: &str => path) -> UpdateCancelled = POST "/rpc/formations/{formation_id}/cancel-update", hmac

    /// Deploy a new formation from a bundle and wait until it is healthy.
    ///
    /// The bundle is a `.tar.gz` file, a folder, bytes or a file object. The formation id and the version are
    /// read from it unless given.
    json fn deploy_formation(payload: Bundle => bundle; kw formation_id: &str => header as "X-Formation-ID", kw version: &str => header as "X-Formation-Version")
        -> Deployed = POST "/rpc/formations", hmac; Slow

    /// Replace a formation by a new bundle without downtime.
    ///
    /// The bundle is a `.tar.gz` file, a folder, bytes or a file object. The formation id and the version are
    /// read from it unless given. Bytes equal to the current version's are refused with a conflict.
    json fn update_formation(payload: Bundle => bundle; kw formation_id: &str => path, kw version: &str => header as "X-Formation-Version")
        -> Updated = PUT "/rpc/formations/{formation_id}", hmac; Slow

    /// The last lines of a formation's output. `stream` is `stdout`, `stderr` or `all` (default).
    json fn get_formation_logs(formation_id: &str => path; kw limit: u32 => query as "lines", kw stream: OutputStream => word)
        -> FormationLogs = GET "/rpc/formations/{formation_id}/logs", hmac

    /// The last lines of the server's audit log, as text; often empty.
    text fn get_server_logs(; kw limit: u32 => query as "lines") -> Text = GET "/rpc/server/logs", hmac

    /// Deploy a new formation and follow its progress. See `deploy_formation`.
    sse fn deploy_formation_stream(payload: Bundle => bundle; kw formation_id: &str => header as "X-Formation-ID", kw version: &str => header as "X-Formation-Version")
        -> LifecycleEvents = POST "/rpc/formations", hmac

    /// Update a formation and follow the progress. See `update_formation`.
    sse fn update_formation_stream(payload: Bundle => bundle; kw formation_id: &str => path, kw version: &str => header as "X-Formation-Version")
        -> LifecycleEvents = PUT "/rpc/formations/{formation_id}", hmac

    /// Start a stopped formation and follow the progress.
    sse fn start_formation_stream(formation_id: &str => path) -> LifecycleEvents = POST "/rpc/formations/{formation_id}/start", hmac

    /// Restart a formation and follow the progress.
    sse fn restart_formation_stream(formation_id: &str => path) -> LifecycleEvents = POST "/rpc/formations/{formation_id}/restart", hmac

    /// Roll a formation back and follow the progress.
    sse fn rollback_formation_stream(formation_id: &str => path) -> LifecycleEvents = POST "/rpc/formations/{formation_id}/rollback", hmac

    /// Follow a formation's output. New lines only; it never ends by itself. `stream` is `stdout` (default) or `stderr`.
    sse fn stream_formation_logs(formation_id: &str => path; kw stream: OutputStream => word)
        -> FormationLogEvents = GET "/rpc/formations/{formation_id}/logs", hmac, query "follow" = "true"

    /// Download a formation as a zip archive. `db` includes its memory database.
    bytes fn download_formation(formation_id: &str => path; kw db: bool => query) -> Bytes = GET "/rpc/formations/{formation_id}/download", hmac

    /// Edit the draft copy of a formation. `action` is `init`, `list`, `read`, `write`, `delete`, `deploy` or `discard`;
    /// `encoding` is `utf-8` (default) or `base64`.
    json fn draft_files(formation_id: &str => path, action: DraftAction => typed; kw mode: DraftMode => typed, kw path: &str => body, kw content: &str => body, kw encoding: DraftEncoding => typed)
        -> DraftResult = POST "/rpc/formations/{formation_id}/draft/files", hmac; Bare

    /// Deploy the draft copy of a formation and follow the progress.
    sse fn draft_deploy_stream(formation_id: &str => path) -> LifecycleEvents = POST "/rpc/formations/{formation_id}/draft/files", hmac, body "action" = "\"deploy\""

    /// Run a formation from a folder on the server, or from its draft. Takes exactly one of `path` and `formation_id`.
    json fn dev_run(; kw path: &str => body, kw formation_id: &str => body) -> DevRun = POST "/rpc/dev/run", hmac; OneOf

    /// Stop a development run.
    json fn dev_stop(formation_id: &str => body) -> DevStopped = POST "/rpc/dev/stop", hmac
}
