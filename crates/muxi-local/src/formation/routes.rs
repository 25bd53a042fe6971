//! The router: every row of the operation table, joined with its handler.

use super::call::{Call, Payload};
use super::codes::code;
use super::envelope::{Answer, Failure, Outcome, Rendered, json_response, refuse, render};
use super::events::Happening;
use super::{
    Formation, artifacts, audit, chat, clockwork, config, credentials, distilleries, events, history, ingestion,
    knowledge, library, memories, memory_admin, requests, scheduler, secrets, sessions, triggers, tuning, users,
};
use crate::target::positional;
use axum::Router;
use axum::extract::{OriginalUri, RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, StatusCode, Uri, header};
use muxi_client::api::request::{ADMIN_KEY_HEADER, CLIENT_KEY_HEADER};
use muxi_client::api::table::formation::ENDPOINTS;
use muxi_client::api::table::{Auth, Endpoint, Place};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bytes that a body may have: some files of 50 MiB in base64.
const LARGEST: usize = 256 << 20;

/// The operations whose replies are repeated for a known idempotency key.
const IDEMPOTENT: [&str; 3] = ["chat", "fire_trigger", "create_scheduler_job"];

/// How an operation is carried out.
#[derive(Clone, Copy)]
enum Handler {
    /// At once.
    Now(fn(&Call) -> Outcome),
    /// With waiting. Such a call is finished even when its client leaves.
    Later(fn(Call) -> BoxFuture<'static, Outcome>),
}

/// The handler of an operation; every row of the table has one (see the test).
fn handler(operation: &str) -> Option<Handler> {
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

        "get_user_buffer" => Now(sessions::buffer),
        "clear_user_buffer" => Now(sessions::clear_user),
        "clear_session_buffer" => Now(sessions::clear_session),
        "clear_all_buffers" | "clear_memory_buffers" => Now(sessions::clear_all),
        "list_memory_buffers" => Now(sessions::buffers),
        "get_buffer_stats" => Now(sessions::stats),
        "rebuild_memory" => Now(memory_admin::rebuild),
        "get_memory_rebuild_status" => Now(memory_admin::rebuild_status),
        "forget_memory_source" => Now(memory_admin::forget),
        "get_memory_forget_status" => Now(memory_admin::forget_status),
        "backfill_memory" => Now(memory_admin::backfill),
        "lint_memory" => Now(memory_admin::lint),
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
        "get_sops" => Now(library::sops),
        "get_sop" => Now(library::sop),
        "list_skills" => Now(library::skills),
        "get_skill" => Now(library::skill),
        "list_agent_skills" => Now(library::agent_skills),

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

/// Every operation.
pub fn routes() -> &'static [&'static Endpoint] {
    ENDPOINTS
}

/// The routes of a formation, below a base that ends in `/v1`.
pub fn router(formation: Arc<Formation>) -> Router {
    let mut router = Router::new();
    let mut seen = BTreeSet::new();
    for endpoint in ENDPOINTS.iter().copied() {
        // Operations that share a route share its handler.
        if !seen.insert((endpoint.method, endpoint.path)) {
            continue;
        }
        let Some((filter, handler)) = filter(endpoint.method).zip(handler(endpoint.name)) else { continue };
        let serve = move |State(formation), values: Result<RawPathParams, _>, request: Request| {
            let named =
                |values: RawPathParams| names(endpoint).zip(values.iter().map(|(_, value)| value.to_owned())).collect();
            serve(formation, endpoint, handler, values.ok().map(named), request)
        };
        router = router.route(&positional(endpoint.path), on(filter, serve));
    }
    router
        .fallback(unknown)
        .method_not_allowed_fallback(|State(formation): State<Arc<Formation>>| async move {
            refuse(Failure::wrong_method(), formation.now())
        })
        .with_state(formation)
}

/// The names of the values in an operation's path.
fn names(endpoint: &'static Endpoint) -> impl Iterator<Item = String> {
    let name = |part: &str| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_owned());
    endpoint.path.split('/').filter_map(name)
}

fn filter(method: &str) -> Option<MethodFilter> {
    MethodFilter::try_from(method.parse::<Method>().ok()?).ok()
}

/// Marks a call of the server's own page: the formation adds the key that the operation needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FromPage;

/// Answers one call.
async fn serve(
    formation: Arc<Formation>,
    endpoint: &'static Endpoint,
    handler: Handler,
    params: Option<Vec<(String, String)>>,
    request: Request,
) -> Response {
    // A slash inside a path value is decoded before the runtime looks for a route, and so finds none.
    let Some(params) = params.filter(|params| params.iter().all(|(_, value)| !value.contains('/'))) else {
        return refuse(Failure::no_route(), formation.now());
    };
    if request.method().as_str() != endpoint.method {
        return refuse(Failure::wrong_method(), formation.now());
    }
    clockwork::start(&formation);
    let (mut parts, body) = request.into_parts();
    if parts.extensions.get::<FromPage>().is_some() {
        let (name, key) = match endpoint.auth {
            Auth::Admin => (ADMIN_KEY_HEADER, &formation.spec.admin_key),
            _ => (CLIENT_KEY_HEADER, &formation.spec.client_key),
        };
        // A key that no header can hold is one that nobody can give.
        parts.headers.extend(HeaderValue::from_str(key).ok().map(|key| (name, key)));
    }
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST).await else {
        let code = code(Some(endpoint.name), 413);
        return refuse(Failure::new(413, code, "Request body too large"), formation.now());
    };
    let payload = if takes_json(endpoint) { Payload::read(&parts.headers, &bytes) } else { Ok(Payload::None) };
    let call =
        payload.and_then(|payload| Call::new(formation.clone(), endpoint, params, &parts.uri, parts.headers, payload));
    let call = call.map(|call| call.with_bytes(bytes));
    let call = match call {
        Ok(call) => call,
        Err(failure) => return refuse(failure, formation.now()),
    };
    let concrete = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.0.path()).to_owned();
    match handler {
        Handler::Now(_) if !IDEMPOTENT.contains(&endpoint.name) => carry_out(call, handler, None).await,
        run => {
            // A task of its own: a turn goes on when its client leaves, and so does the flight of its key.
            let flight = tokio::spawn(fly(call, run, concrete));
            let panicked = || Failure::new(500, "INTERNAL_ERROR", "The operation panicked");
            flight.await.unwrap_or_else(|_| refuse(panicked(), formation.now()))
        }
    }
}

/// Runs an operation, or repeats its reply where its key is known.
async fn fly(call: Call, handler: Handler, path: String) -> Response {
    let key = call.header("x-muxi-idempotency-key").filter(|key| !key.is_empty());
    let streamed = call.endpoint.name == "chat" && is_streamed(&call);
    let Some(key) = key.filter(|_| IDEMPOTENT.contains(&call.endpoint.name) && !streamed) else {
        return carry_out(call, handler, None).await;
    };
    let mode = if is_streamed(&call) { "stream" } else { "json" };
    let place = [call.endpoint.method, &path, call.user_or_default(), mode, &key].join("\n");
    let formation = call.formation.clone();
    let _flight = formation.shared.flights.enter(&place).await;
    let known = formation.state().replies.get(&place, formation.now());
    match known {
        Some((status, bytes)) => json_response(status, bytes),
        None => carry_out(call, handler, Some(Key { text: key, place })).await,
    }
}

/// The idempotency key of a call, and what its reply is kept under.
struct Key {
    text: String,
    place: String,
}

/// Runs an operation. Its reply goes out when all that it changed is safe.
async fn carry_out(call: Call, handler: Handler, key: Option<Key>) -> Response {
    let (formation, id) = (call.formation.clone(), call.id.clone());
    let text = key.as_ref().map(|key| key.text.as_str());
    let rendered = match handler {
        Handler::Now(run) => {
            let outcome = run(&call);
            finish(&call, outcome, text)
        }
        Handler::Later(run) => render(run(call).await, &id, text, formation.now()),
    };
    if let (Some(Key { place, .. }), Rendered::Json(status, bytes)) = (&key, &rendered)
        && status.is_success()
    {
        formation.state().replies.keep(place, *status, bytes, formation.now());
    }
    match formation.commit().await {
        Ok(()) => rendered.into_response(),
        Err(error) => render(Err(Failure::unsaved(&error)), &id, None, formation.now()).into_response(),
    }
}

/// Tells of a change that worked, by the name that its reply has.
fn announce(call: &Call, outcome: &Outcome) {
    let Ok(Answer::Data(reply)) = outcome else { return };
    if call.endpoint.method == "GET" {
        return;
    }
    let own = |name: &str| reply.data.get(name).and_then(Value::as_str).map(str::to_owned);
    call.formation.events.send(|| Happening {
        kind: reply.kind,
        level: "info",
        time: call.formation.seconds(),
        message: own("message").unwrap_or_else(|| format!("{} done", call.endpoint.name)),
        user: call.any_user().map(str::to_owned),
        request: own("request_id"),
        data: json!({ "operation": call.endpoint.name, "id": own("id") }),
        ..Happening::default()
    });
}

/// Notes what an operation did, and renders its reply.
fn finish(call: &Call, outcome: Outcome, key: Option<&str>) -> Rendered {
    audit::note(call, &outcome);
    announce(call, &outcome);
    let rendered = render(outcome, &call.id, key, call.formation.now());
    let status = if let Rendered::Json(status, _) = &rendered { *status } else { StatusCode::OK };
    call.formation.events.send(|| Happening {
        kind: "api.request",
        level: if status.is_server_error() { "error" } else { "info" },
        time: call.formation.seconds(),
        message: format!("{} {}: {}", call.endpoint.method, call.endpoint.path, status.as_u16()),
        user: call.any_user().map(str::to_owned),
        request: Some(call.id.clone()),
        data: json!({ "operation": call.endpoint.name, "status": status.as_u16() }),
        ..Happening::default()
    });
    rendered
}

fn is_streamed(call: &Call) -> bool {
    !matches!(call.payload(), Payload::Json(body) if body.get("stream") == Some(&Value::Bool(false)))
}

/// Whether the runtime reads a JSON body on the route of an operation.
fn takes_json(endpoint: &Endpoint) -> bool {
    let json = |place| matches!(place, Place::Body | Place::Payload | Place::Turn | Place::Trigger);
    ENDPOINTS.iter().filter(|other| (other.method, other.path) == (endpoint.method, endpoint.path)).any(|other| {
        other.params.iter().any(|param| json(param.place)) || other.constants.iter().any(|c| json(c.place))
    })
}

/// Answers a URL that is no route: with a redirect where only a slash at the end is wrong.
async fn unknown(
    State(formation): State<Arc<Formation>>,
    OriginalUri(original): OriginalUri,
    request: Request,
) -> Response {
    if let Some(path) = request.uri().path().strip_suffix('/').filter(|path| is_route(path)) {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        return redirect(&original, host.unwrap_or("localhost"))
            .unwrap_or_else(|| refuse(no_route_to(path), formation.now()));
    }
    refuse(Failure::no_route(), formation.now())
}

fn no_route_to(path: &str) -> Failure {
    Failure::no_resource(format!("Not Found: {path}"))
}

fn redirect(original: &Uri, host: &str) -> Option<Response> {
    let path = original.path().strip_suffix('/')?;
    let query = original.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = HeaderValue::from_str(&format!("http://{host}{path}{query}")).ok()?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    response.headers_mut().insert(header::LOCATION, location);
    Some(response)
}

/// Whether a path, with any method, is one of the table's.
fn is_route(path: &str) -> bool {
    let fits = |pattern: &str| {
        let (mut given, mut wanted) = (path.split('/'), pattern.split('/'));
        loop {
            match (given.next(), wanted.next()) {
                (None, None) => return true,
                (Some(given), Some(wanted)) if given == wanted || wanted.starts_with('{') && !given.is_empty() => {}
                _ => return false,
            }
        }
    };
    ENDPOINTS.iter().any(|endpoint| fits(endpoint.path))
}

/// Whether an operation needs the admin key and changes something.
pub(super) fn is_admin_write(endpoint: &Endpoint) -> bool {
    endpoint.auth == Auth::Admin && endpoint.method != "GET"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_handler() {
        let missing: Vec<&str> = routes().iter().map(|row| row.name).filter(|name| handler(name).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(routes().len() > 100);
    }
}
