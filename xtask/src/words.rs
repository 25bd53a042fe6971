//! What the arguments mean, in one sentence each.

use muxi_client::api::endpoint::{Auth, Endpoint, Param, Place};

/// What an argument of an operation means.
pub(crate) fn argument(endpoint: &Endpoint, param: &Param) -> String {
    of_bundle(endpoint, param.name)
        .or_else(|| special(endpoint.name, param.name))
        .or_else(|| by_place(endpoint, param.place))
        .or_else(|| by_name(param.name))
        .map_or_else(|| fallback(param), str::to_owned)
}

/// Whether an operation uploads a bundle.
pub(crate) fn has_bundle(endpoint: &Endpoint) -> bool {
    endpoint.params.iter().any(|param| param.place == Place::Bundle)
}

/// What the arguments of an operation that uploads a bundle mean.
fn of_bundle(endpoint: &Endpoint, name: &str) -> Option<&'static str> {
    Some(match name {
        _ if !has_bundle(endpoint) => return None,
        "payload" => "The bundle: the path of a `.tar.gz` file or of a folder, bytes, or a binary file object.",
        "formation_id" => "The formation's id; the bundle's when not given.",
        "version" => "The formation's version, which must be the bundle's; the bundle's when not given.",
        _ => return None,
    })
}

/// Arguments whose name does not say enough.
fn special(operation: &str, name: &str) -> Option<&'static str> {
    Some(match (operation, name) {
        ("create_credential", "payload") => "`service`, `credential` (an object) and optionally `name`.",
        ("ingest_distilled_memories", "payload") => "The batch's bytes, as they were signed.",
        ("ingest_distilled_memories", "timestamp") => "When it was signed, in Unix seconds.",
        ("get_sop", "name") => "The procedure's name.",
        ("get_skill", "name") => "The skill's name.",
        ("register_distillery", "name") => "A name for people.",
        ("register_distillery", "scope") => {
            "What it may submit: `user_ids`, `event_types`, `max_events_per_day`, `max_batch_size`."
        }
        ("get_triggers" | "get_trigger" | "fire_trigger", "name") => "The trigger's name.",
        ("fire_trigger", "session_id") => "The conversation that the trigger's turn belongs to.",
        ("restore_session", "messages") => {
            "The messages: each `role`, `content` and `timestamp`, optionally `agent_id` and `metadata`."
        }
        ("get_session_messages", "before") => "Only messages older than this one.",
        ("create_scheduler_job" | "update_scheduler_job", "message") => "What to tell the formation when it is time.",
        ("update_scheduler_job", "schedule") => "A future ISO 8601 time, or a cron line.",
        ("send_notification", "message") => "The text to push.",
        ("send_notification", "channels") => "Names of the channels to use, instead of the preferred one.",
        ("send_notification", "user_id") => "The user to notify.",
        ("update_user_channels", "channels") => "Settings by channel name.",
        ("get_audit_log", "action") => "Only entries of this action.",
        ("draft_files", "mode") => "How to start the draft (`init`).",
        ("draft_files", "path") => "The file, relative to the draft's folder.",
        ("draft_files", "content") => "What to write (`write`).",
        ("dev_run", "path") => "An absolute path of a folder on the server.",
        ("replace_tuning", "content") => "The new text.",
        ("ingest_memory", "content") => "Text, or any JSON.",
        ("ingest_memory", "source_id") => "The item's id at its source: the same one again is a duplicate.",
        ("ingest_memory", "timestamp") => "When it happened, ISO 8601.",
        ("forget_memory_source", "source") => "The source to forget.",
        ("forget_memory_source", "rebuild") => "Rebuild the derived stores afterwards (the formation's default: yes).",
        ("forget_memory_source", "sync") => "Wait for the rebuild.",
        ("sync_agent_knowledge" | "rebuild_knowledge_trees", "source_id") => "Only this knowledge source.",
        ("rebuild_knowledge_trees", "agent_id") => "Only this agent's trees.",
        ("stream_logs", "filters") => "The filters as a mapping; the same as the keywords below.",
        ("stream_logs", "user_id") => "Only entries about this user.",
        ("stream_logs", "session_id") => "Only entries of this session.",
        ("stream_logs", "request_id") => "Only entries of this request.",
        ("stream_logs", "agent_id") => "Only entries of this agent.",
        ("lint_memory", "user_id") => "Only this user's memory.",
        ("rebuild_memory" | "backfill_memory" | "forget_memory_source", "user_id") => "The user whose memory it is.",
        ("get_user_identifiers_for_user", "user_id") => "The user's MUXI id.",
        ("get_user_channels" | "update_user_channels", "user_id") => "The user's id.",
        ("create_scheduler_job" | "update_scheduler_job", "user_id") => {
            "The job's owner; an empty text means user \"0\"."
        }
        _ => return None,
    })
}

/// Arguments that mean the same wherever their place is used.
fn by_place(endpoint: &Endpoint, place: Place) -> Option<&'static str> {
    Some(match place {
        Place::User => "The user on whose behalf the call is made.",
        Place::AnyUser if endpoint.auth == Auth::ClientOrAdmin => {
            "The user on whose behalf the call is made; may be empty with the admin key."
        }
        Place::AnyUser => "The user on whose behalf the call is made; the formation's default user when empty.",
        Place::Turn => {
            "The turn: `message`, and optionally `files`, `session_id`, `request_id`, `agent_id`, `ui_response` and more."
        }
        Place::Trigger => "The values for the trigger's template.",
        _ => return None,
    })
}

/// Arguments that mean the same in every operation.
fn by_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "action" => "What to do.",
        "active_only" => "Only sessions that are active.",
        "agent_id" => "The agent's id.",
        "artifact_id" => "The artifact's id.",
        "async_mode" => "Answer at once and run the trigger in the background.",
        "backfill" => "Make events for older rows first.",
        "background" => "Answer at once and work on (the formation's default: yes).",
        "create_user" => "Create the user when there is none.",
        "credential_id" => "The credential's id.",
        "date_from" => "The first day.",
        "date_to" => "The last day.",
        "db" => "Include the memory database.",
        "description" => "A description for people.",
        "detail" => "The fact.",
        "distillery_id" => "The distillery's id.",
        "dry_run" => "Only say what would be done.",
        "encoding" => "How `content` is encoded.",
        "entity" => "The name of an entity.",
        "event_id" => "The id of a memory event.",
        "event_type" => "Only entries of this type; `*` matches any text.",
        "formation_id" => "The formation's id.",
        "identifier" => "An e-mail address, a name, or whatever else identifies the user.",
        "identifier_type" => "The kind of identifier, for example `email`.",
        "identifiers" => "The identifiers.",
        "include_sources" => "Add where each entry came from.",
        "items" => "The items, each as `ingest_memory` takes it.",
        "job_id" => "The job's id.",
        "job_type" => "`one_time` or `recurring`.",
        "key" => "The secret's name.",
        "level" => "Only entries of this severity and up.",
        "limit" => "The largest number of entries to return.",
        "mem_type" => "The kind of fact, for example `preference`.",
        "memory_id" => "The memory's id.",
        "metadata" => "More about it, kept beside it.",
        "muxi_user_id" => "The user's MUXI id; without one a user is made.",
        "offset" => "How many entries to skip.",
        "preferred_channel" => "The channel to use first.",
        "processing_id" => "The id that the submission returned.",
        "projection" => "The derived store to rebuild.",
        "public_key" => "Its public key.",
        "reason" => "Why, for the record.",
        "request_id" => "The request's id.",
        "resource_type" => "Only entries about this kind of thing, for example `agent`.",
        "schedule" => "When: a future ISO 8601 time, or a cron line.",
        "scope" => "Who shares it: `user` (default), `group` or `formation`.",
        "scope_id" => "The group's id when the scope is `group`.",
        "scopes" => "The scopes to look in.",
        "server_id" => "The MCP server's id.",
        "session_id" => "The session's id.",
        "signature" => "The Ed25519 signature, in base64.",
        "since" => "Only entries after this time.",
        "source" => "Where it came from, for example `crm`.",
        "stream" => "The output to read.",
        "subject" => "What or whom it is about.",
        "timezone" => "The user's time zone, for example `Europe/Berlin`.",
        "title" => "A title for people.",
        "trust_level" => "How far it is trusted.",
        "value" => "The secret's value.",
        "version" => "The version; the latest when absent.",
        _ => return None,
    })
}

/// An argument that nobody has described yet: at least where it goes.
fn fallback(param: &Param) -> String {
    match param.place {
        Place::Path => "Identifies the resource.".to_owned(),
        Place::Header => format!("The value of the `{}` header.", param.wire),
        Place::Query => format!("The query parameter `{}`.", param.wire),
        _ => format!("The field `{}` of the body.", param.wire),
    }
}

/// Where an argument goes, for people.
pub(crate) fn place(param: &Param) -> String {
    let wire = param.wire;
    match param.place {
        Place::Path => "path".to_owned(),
        Place::Query => format!("query `{wire}`"),
        Place::Filters => "query".to_owned(),
        Place::Body => format!("body `{wire}`"),
        Place::Payload | Place::Turn => "the body".to_owned(),
        Place::Trigger => "body `data`".to_owned(),
        Place::Raw => "the body, byte for byte".to_owned(),
        Place::Bundle => "the body, a gzipped tar archive".to_owned(),
        Place::Header => format!("header `{wire}`"),
        Place::User | Place::AnyUser => format!("header `{USER_HEADER}`"),
        Place::Local => "not sent".to_owned(),
    }
}

/// The credentials of an operation, for people.
pub(crate) fn key(auth: Auth) -> &'static str {
    match auth {
        Auth::None => "no key",
        Auth::Client => "client key",
        Auth::Admin => "admin key",
        Auth::ClientOrAdmin => "client or admin key",
        Auth::Hmac => "signed with the server key",
    }
}

/// The header that names the user.
pub(crate) const USER_HEADER: &str = "X-Muxi-User-ID";

#[cfg(test)]
mod tests {
    use muxi_client::api::endpoints::{formation, server};

    #[test]
    fn every_argument_is_described() {
        for endpoint in formation::ENDPOINTS.iter().chain(server::ENDPOINTS) {
            for param in endpoint.params {
                let text = super::argument(endpoint, param);
                assert_ne!(text, super::fallback(param), "{}({})", endpoint.name, param.name);
            }
        }
    }
}
