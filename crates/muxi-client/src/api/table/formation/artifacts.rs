//! Artifacts: files that turns make.

use crate::api::table::endpoints;

endpoints! { Formation;
    /// A user's artifacts, latest versions. `limit` is 1 to 100 (default 20).
    json list_artifacts -> ArtifactList = GET "/artifacts", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
    } with {
        /// The largest number of entries to return.
        kw limit: u32 => query,
    }

    /// One artifact without its content.
    json get_artifact -> Artifact = GET "/artifacts/{artifact_id}", client_or_admin {
        /// The artifact's id.
        artifact_id: String => path,
        /// The user on whose behalf the call is made.
        user_id: String => user,
    }

    /// The bytes of an artifact.
    bytes download_artifact_content -> Bytes = GET "/artifacts/{artifact_id}/content", client_or_admin {
        /// The artifact's id.
        artifact_id: String => path,
        /// The user on whose behalf the call is made.
        user_id: String => user,
    } with {
        /// The version; the latest when absent.
        kw version: u32 => query,
    }

    /// All versions of an artifact, newest first.
    json get_artifact_versions -> ArtifactVersions = GET "/artifacts/{artifact_id}/versions", client_or_admin {
        /// The artifact's id.
        artifact_id: String => path,
        /// The user on whose behalf the call is made.
        user_id: String => user,
    }
}
