//! The handler of each operation.

use super::http::call::Call;
use super::http::envelope::Outcome;
use super::library::{artifacts, documents, tuning};
use super::log::{audit, events};
use super::memory::{admin, distilleries, history, ingestion, knowledge, memories};
use super::people::{buffers, credentials, sessions, users};
use super::schedule::scheduler;
use super::settings::{config, secrets};
use super::turn::{chat, requests, triggers};
use futures_util::future::BoxFuture;

/// The way in which an operation is carried out.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// At once.
    Now(fn(&Call) -> Outcome),
    /// With waiting. Such a call is finished even when its client leaves.
    Later(fn(Call) -> BoxFuture<'static, Outcome>),
}

/// The handler of an operation; every row of the table has one (see the test).
pub(super) fn handler(operation: &str) -> Option<Handler> {
    use Handler::{Later, Now};
    Some(match operation {
        "health" => Now(config::health),
        "get_status" => Now(config::status),
        "get_config" => Now(config::summary),
        "get_formation_info" => Now(config::formation),
        "get_agents" => Now(config::agents),
        "get_agent" => Now(config::agent),
        "sync_agent_knowledge" => Now(knowledge::sync),
        "rebuild_knowledge_trees" => Now(config::rebuild_knowledge),
        "get_mcp_servers" => Now(config::mcp_servers),
        "get_mcp_server" => Now(config::mcp_server),
        "get_mcp_tools" => Now(config::mcp_tools),
        "get_mcp_config" => Now(config::mcp),
        "get_memory_config" => Now(config::memory),
        "get_overlord_config" => Now(config::overlord),
        "get_overlord_soul" => Now(config::soul),
        "get_llm_settings" => Now(config::llm),
        "get_async_config" => Now(config::asynchronous),
        "get_a2a_config" => Now(config::a2a),
        "get_logging_config" => Now(config::logging),
        "get_logging_destinations" => Now(config::logging_destinations),
        "get_scheduler_config" => Now(config::scheduler),

        "get_secrets" | "get_secret" => Now(secrets::list),
        "create_secret" => Now(secrets::create),
        "set_secret" => Now(secrets::replace),
        "delete_secret" => Now(secrets::delete),
        "reload_secrets" => Now(secrets::reload),

        "chat" | "chat_stream" => Later(|call| Box::pin(chat::chat(call))),
        "audio_chat" | "audio_chat_stream" => Later(|call| Box::pin(chat::audio(call))),
        "get_sessions" => Now(sessions::list),
        "get_session" => Now(sessions::get),
        "get_session_messages" => Now(sessions::messages),
        "restore_session" => Now(sessions::restore),
        "get_requests" => Now(requests::list),
        "get_request_status" => Now(requests::get),
        "cancel_request" => Now(requests::cancel),

        "get_memories" => Now(memories::list),
        "add_memory" | "ingest_memory" => Now(memories::create),
        "delete_memory" => Now(memories::delete),
        "get_memory_provenance" => Now(ingestion::provenance),
        "ingest_memories_batch" => Now(ingestion::batch),
        "get_ingestion_status" => Now(ingestion::status),
        "get_history" => Now(history::list),
        "ingest_distilled_memories" => Now(distilleries::ingest),
        "get_distilled_status" => Now(distilleries::status),

        "get_user_buffer" => Now(buffers::buffer),
        "clear_user_buffer" => Now(buffers::clear_user),
        "clear_session_buffer" => Now(buffers::clear_session),
        "clear_all_buffers" | "clear_memory_buffers" => Now(buffers::clear_all),
        "list_memory_buffers" => Now(buffers::buffers),
        "get_buffer_stats" => Now(buffers::stats),
        "rebuild_memory" => Now(admin::rebuild),
        "get_memory_rebuild_status" => Now(admin::rebuild_status),
        "forget_memory_source" => Now(admin::forget),
        "get_memory_forget_status" => Now(admin::forget_status),
        "backfill_memory" => Now(admin::backfill),
        "lint_memory" => Now(admin::lint),
        "register_distillery" => Now(distilleries::register),
        "list_distilleries" => Now(distilleries::list),
        "revoke_distillery" => Now(distilleries::revoke),

        "list_artifacts" => Now(artifacts::list),
        "get_artifact" => Now(artifacts::get),
        "get_artifact_versions" => Now(artifacts::versions),
        "download_artifact_content" => Now(artifacts::content),

        "get_scheduler_jobs" => Now(scheduler::list),
        "get_scheduler_job" => Now(scheduler::get),
        "create_scheduler_job" => Now(scheduler::create),
        "update_scheduler_job" => Now(scheduler::update),
        "delete_scheduler_job" => Now(scheduler::delete),
        "pause_scheduler_job" => Now(scheduler::pause),
        "resume_scheduler_job" => Now(scheduler::resume),

        "list_credential_services" => Now(credentials::services),
        "list_credentials" => Now(credentials::list),
        "get_credential" => Now(credentials::get),
        "create_credential" => Now(credentials::create),
        "delete_credential" => Now(credentials::delete),

        "get_user_identifiers_for_user" => Now(users::identifiers),
        "link_user_identifier" => Now(users::link),
        "unlink_user_identifier" => Now(users::unlink),
        "resolve_user" => Now(users::resolve),
        "lookup_user" => Now(users::lookup),
        "get_user_channels" => Now(users::channels),
        "update_user_channels" => Now(users::update_channels),
        "send_notification" => Later(|call| Box::pin(users::notify(call))),

        "get_triggers" => Now(triggers::list),
        "get_trigger" => Now(triggers::get),
        "fire_trigger" => Later(|call| Box::pin(triggers::fire(call))),
        "get_sops" => Now(documents::sops),
        "get_sop" => Now(documents::sop),
        "list_skills" => Now(documents::skills),
        "get_skill" => Now(documents::skill),
        "list_agent_skills" => Now(documents::agent_skills),

        "get_audit_log" => Now(audit::list),
        "clear_audit_log" => Now(audit::clear),
        "get_tuning" => Now(tuning::get),
        "replace_tuning" => Now(tuning::replace),
        "run_tuning" => Now(tuning::run),
        "get_tuning_pending" => Now(tuning::pending),
        "apply_tuning_pending" => Now(tuning::apply),
        "dismiss_tuning_pending" => Now(tuning::dismiss),

        "stream_events" | "stream_session_events" => Now(events::user_events),
        "stream_request" => Now(events::request_events),
        "stream_logs" => Now(events::logs),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::handler;
    use muxi_client::api::table::formation::ENDPOINTS;

    #[test]
    fn every_operation_has_a_handler() {
        let missing: Vec<&str> = ENDPOINTS.iter().map(|row| row.name).filter(|name| handler(name).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(ENDPOINTS.len() > 100);
    }
}
