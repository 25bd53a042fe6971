//! The control plane's operations.

use crate::api::{
    bundle::Bundle,
    table::endpoints,
    types::{DraftAction, DraftEncoding, DraftMode, OutputStream},
};

endpoints! { Server;
    /// Check that the server answers. Python returns the length of the answer (4), as the official SDK does.
    text ping -> Text = GET "/ping", none; length {}

    /// Health and version of the server.
    json health -> ServerHealth = GET "/health", none; bare {}

    /// Totals of the server: formations by state, ports, version and uptime.
    json status -> ServerStatus = GET "/rpc/server/status", hmac {}

    /// Every formation with its state.
    json list_formations -> FormationList = GET "/rpc/formations", hmac {}

    /// One formation.
    json get_formation -> FormationDetail = GET "/rpc/formations/{formation_id}", hmac {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Stop a running formation.
    json stop_formation -> LifecycleResult = POST "/rpc/formations/{formation_id}/stop", hmac; slow {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Start a stopped formation and wait until it is healthy.
    json start_formation -> LifecycleResult = POST "/rpc/formations/{formation_id}/start", hmac; slow {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Restart a formation and wait until it is healthy.
    json restart_formation -> LifecycleResult = POST "/rpc/formations/{formation_id}/restart", hmac; slow {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Go back to the version before the current one.
    json rollback_formation -> LifecycleResult = POST "/rpc/formations/{formation_id}/rollback", hmac; slow {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Delete a formation for good.
    json delete_formation -> LifecycleResult = DELETE "/rpc/formations/{formation_id}", hmac; slow {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Cancel a running update.
    json cancel_update -> UpdateCancelled = POST "/rpc/formations/{formation_id}/cancel-update", hmac; bare {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Deploy a new formation from a bundle and wait until it is healthy.
    ///
    /// The bundle is a `.tar.gz` file, a folder, bytes or a file object. The formation id and the version are read from
    /// it unless given.
    json deploy_formation -> Deployed = POST "/rpc/formations", hmac; slow {
        /// The bundle: the path of a `.tar.gz` file or of a folder, bytes, or a binary file object.
        payload: Bundle => bundle,
    } with {
        /// The formation's id; the bundle's when not given.
        kw formation_id: String => header as "X-Formation-ID",
        /// The formation's version, which must be the bundle's; the bundle's when not given.
        kw version: String => header as "X-Formation-Version",
    }

    /// Replace a formation by a new bundle without downtime.
    ///
    /// The bundle is a `.tar.gz` file, a folder, bytes or a file object. The formation id and the version are read from
    /// it unless given. Bytes equal to the current version's are refused with a conflict.
    json update_formation -> Updated = PUT "/rpc/formations/{formation_id}", hmac; slow {
        /// The bundle: the path of a `.tar.gz` file or of a folder, bytes, or a binary file object.
        payload: Bundle => bundle,
    } with {
        /// The formation's id; the bundle's when not given.
        kw formation_id: String => path,
        /// The formation's version, which must be the bundle's; the bundle's when not given.
        kw version: String => header as "X-Formation-Version",
    }

    /// The last lines of a formation's output. `stream` is `stdout`, `stderr` or `all` (default).
    json get_formation_logs -> FormationLogs = GET "/rpc/formations/{formation_id}/logs", hmac {
        /// The formation's id.
        formation_id: String => path,
    } with {
        /// The largest number of entries to return.
        kw limit: u32 => query as "lines",
        /// The output to read.
        kw stream: OutputStream => query,
    }

    /// The last lines of the server's audit log, as text; often empty.
    text get_server_logs -> Text = GET "/rpc/server/logs", hmac {
    } with {
        /// The largest number of entries to return.
        kw limit: u32 => query as "lines",
    }

    /// Deploy a new formation and follow its progress. See `deploy_formation`.
    sse deploy_formation_stream -> LifecycleEvents = POST "/rpc/formations", hmac {
        /// The bundle: the path of a `.tar.gz` file or of a folder, bytes, or a binary file object.
        payload: Bundle => bundle,
    } with {
        /// The formation's id; the bundle's when not given.
        kw formation_id: String => header as "X-Formation-ID",
        /// The formation's version, which must be the bundle's; the bundle's when not given.
        kw version: String => header as "X-Formation-Version",
    }

    /// Update a formation and follow the progress. See `update_formation`.
    sse update_formation_stream -> LifecycleEvents = PUT "/rpc/formations/{formation_id}", hmac {
        /// The bundle: the path of a `.tar.gz` file or of a folder, bytes, or a binary file object.
        payload: Bundle => bundle,
    } with {
        /// The formation's id; the bundle's when not given.
        kw formation_id: String => path,
        /// The formation's version, which must be the bundle's; the bundle's when not given.
        kw version: String => header as "X-Formation-Version",
    }

    /// Start a stopped formation and follow the progress.
    sse start_formation_stream -> LifecycleEvents = POST "/rpc/formations/{formation_id}/start", hmac {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Restart a formation and follow the progress.
    sse restart_formation_stream -> LifecycleEvents = POST "/rpc/formations/{formation_id}/restart", hmac {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Roll a formation back and follow the progress.
    sse rollback_formation_stream -> LifecycleEvents = POST "/rpc/formations/{formation_id}/rollback", hmac {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Follow a formation's output. New lines only; it never ends by itself. `stream` is `stdout` (default) or
    /// `stderr`.
    sse stream_formation_logs -> FormationLogEvents = GET "/rpc/formations/{formation_id}/logs", hmac,
        query "follow" = "true"
    {
        /// The formation's id.
        formation_id: String => path,
    } with {
        /// The output to read.
        kw stream: OutputStream => query,
    }

    /// Download a formation as a zip archive. `db` includes its memory database.
    bytes download_formation -> Bytes = GET "/rpc/formations/{formation_id}/download", hmac {
        /// The formation's id.
        formation_id: String => path,
    } with {
        /// Include the memory database.
        kw db: bool => query,
    }

    /// Edit the draft copy of a formation. `action` is `init`, `list`, `read`, `write`, `delete`, `deploy` or
    /// `discard`; `encoding` is `utf-8` (default) or `base64`.
    json draft_files -> DraftResult = POST "/rpc/formations/{formation_id}/draft/files", hmac; whole {
        /// The formation's id.
        formation_id: String => path,
        /// The action to take.
        action: DraftAction => body,
    } with {
        /// The content that the draft starts with (`init`).
        kw mode: DraftMode => body,
        /// The file, relative to the draft's folder.
        kw path: String => body,
        /// The content to write (`write`).
        kw content: String => body,
        /// The encoding of `content`.
        kw encoding: DraftEncoding => body,
    }

    /// Deploy the draft copy of a formation and follow the progress.
    sse draft_deploy_stream -> LifecycleEvents = POST "/rpc/formations/{formation_id}/draft/files", hmac,
        body "action" = "\"deploy\""
    {
        /// The formation's id.
        formation_id: String => path,
    }

    /// Run a formation from a folder on the server, or from its draft. Takes exactly one of `path` and `formation_id`.
    json dev_run -> DevRun = POST "/rpc/dev/run", hmac; one_of, bare {
    } with {
        /// An absolute path of a folder on the server.
        kw path: String => body,
        /// The formation's id.
        kw formation_id: String => body,
    }

    /// Stop a development run.
    json dev_stop -> DevStopped = POST "/rpc/dev/stop", hmac; bare {
        /// The formation's id.
        formation_id: String => body,
    }
}
