//! One call of an operation, from its request to its response.

use super::Formation;
use super::codes::code;
use super::handlers::Handler;
use super::http::call::{Call, Payload};
use super::http::envelope::{Answer, Failure, Outcome, Rendered, json_response, refuse, render};
use super::log::{audit, events::Happening};
use super::schedule::clockwork;
use axum::extract::{OriginalUri, Request};
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use muxi_client::api::request::{ADMIN_KEY_HEADER, CLIENT_KEY_HEADER};
use muxi_client::api::table::formation::ENDPOINTS;
use muxi_client::api::table::{Auth, Endpoint, Place};
use serde_json::{Value, json};
use std::sync::Arc;

/// Bytes that a body may have: some files of 50 MiB in base64.
const LARGEST: usize = 256 << 20;

/// The operations whose replies are repeated for a known idempotency key.
const IDEMPOTENT: [&str; 3] = ["chat", "fire_trigger", "create_scheduler_job"];

/// Marks a call of the server's own page: the formation adds the key that the operation needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FromPage;

/// Answers one call.
pub(super) async fn serve(
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
        // A key that no header can hold cannot be given in a request either.
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

/// True if the runtime reads a JSON body on the route of an operation.
fn takes_json(endpoint: &Endpoint) -> bool {
    let json = |place| matches!(place, Place::Body | Place::Payload | Place::Turn | Place::Trigger);
    ENDPOINTS.iter().filter(|other| (other.method, other.path) == (endpoint.method, endpoint.path)).any(|other| {
        other.params.iter().any(|param| json(param.place)) || other.constants.iter().any(|c| json(c.place))
    })
}
