//! The routes below `/_local`: the requests so far, the faults and the clock, for tests and for people.

mod access;
mod page;
mod requests;

pub(crate) use access::{Access, Peer};

use crate::{
    control::Control,
    fault::Fault,
    formation::{FromPage, Webhook, WebhookFailure, responder::script::Script},
    quirks::{QUIRKS, QuirkInfo, Selection},
    reply,
};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{DefaultBodyLimit, RawQuery, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::{HeaderValue, Method, StatusCode, Uri, header, uri::PathAndQuery};
use muxi_client::api::request::USER_HEADER;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tower_service::Service;

/// The path that everything here is below.
const BASE: &str = "/_local";
/// The time for which moving the clock waits for the jobs that are due by then.
const SETTLING: Duration = Duration::from_secs(5);
/// The path of the page's chat turns; a formation's id follows.
const CHAT: &str = "/_local/chat/";
/// The path of the page's reads of a user's data; the formation's id follows, and the path in its API.
const READS: &str = "/_local/formations/";
/// The most that a reply of a formation may hold which is summed up here.
const SUMMARY: usize = 16 << 20;

/// True if a path is the server's own and no API's.
pub(crate) fn is_own(path: &str) -> bool {
    path.strip_prefix(BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Makes a turn from the page's chat box the call that it stands for. `false` for any other request.
pub(crate) fn as_call<B>(access: &Access, request: &mut Request<B>) -> Result<bool, Box<Response>> {
    let Some(id) = request.uri().path().strip_prefix(CHAT) else { return Ok(false) };
    access.check(request)?;
    let call = format!("/api/{id}/v1/chat").parse::<PathAndQuery>();
    let (&Method::POST, false, Ok(call)) = (request.method(), id.is_empty() || id.contains('/'), call) else {
        return Err(Box::new(reply::error(StatusCode::NOT_FOUND, "A turn is POST /_local/chat/{formation}")));
    };
    *request.uri_mut() = Uri::from(call);
    request.extensions_mut().insert(FromPage);
    Ok(true)
}

type Shared = State<Arc<Control>>;

/// The routes.
pub(crate) fn router(control: Arc<Control>, access: Arc<Access>) -> Router {
    Router::new()
        .route(BASE, get(|| async { Redirect::permanent("/_local/") }))
        .route("/_local/", get(page::page))
        .route("/_local/requests", get(requests::list).delete(requests::clear))
        .route("/_local/requests/stream", get(requests::stream))
        .route("/_local/faults", get(faults).post(arm).delete(disarm))
        .route("/_local/formations", get(formations))
        .route("/_local/formations/{id}/sessions", get(read))
        .route("/_local/formations/{id}/sessions/{session_id}/messages", get(read))
        .route("/_local/formations/{id}/memories", get(read))
        .route("/_local/clock", get(clock).post(move_clock))
        .route("/_local/script", get(script).put(set_script).delete(reset_script))
        .route("/_local/quirks", get(quirks).put(set_quirks))
        .route("/_local/webhooks", post(send_webhook))
        .route("/_local/reset", post(reset))
        .fallback(|| async { reply::error(StatusCode::NOT_FOUND, "There is no such page below /_local") })
        .method_not_allowed_fallback(|| async { reply::error(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed") })
        .layer(DefaultBodyLimit::max(1 << 20))
        .layer(middleware::from_fn_with_state(access, guard))
        .with_state(control)
}

async fn guard(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    if let Err(refusal) = access.check(&request) {
        return *refusal;
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn bad(message: impl std::fmt::Display) -> Response {
    reply::error(StatusCode::BAD_REQUEST, &message.to_string())
}

fn ok(value: &Value) -> Response {
    reply::bare(StatusCode::OK, value)
}

/// Refuses a query of a request that deletes all: it would not be heeded.
fn no_query(what: &str, query: Option<String>) -> Option<Response> {
    let query = query.filter(|query| !query.is_empty())?;
    Some(bad(format!("DELETE {BASE}/{what} deletes all {what} and takes no query, not {query:?}")))
}

async fn faults(State(control): Shared) -> Response {
    ok(&json!({ "faults": control.host.faults.list() }))
}

/// Takes a fault as JSON or as text, and a list of such.
async fn arm(State(control): Shared, body: Bytes) -> Response {
    let Ok(text) = std::str::from_utf8(&body) else { return bad("a fault is a text or JSON in UTF-8") };
    let is_json = text.trim_start().starts_with(['{', '[']);
    let parsed = match is_json {
        true => match serde_json::from_str(text) {
            Ok(Value::Array(list)) => list.iter().map(Fault::from_json).collect(),
            Ok(value) => Fault::from_json(&value).map(|fault| vec![fault]),
            Err(problem) => return bad(format!("not valid JSON: {problem}")),
        },
        false => text.parse::<Fault>().map(|fault| vec![fault]),
    };
    match parsed.and_then(|faults: Vec<Fault>| faults.into_iter().try_for_each(|fault| control.host.faults.arm(fault)))
    {
        Ok(()) => reply::bare(StatusCode::CREATED, &json!({ "faults": control.host.faults.list() })),
        Err(invalid) if is_json => bad(invalid),
        Err(invalid) => {
            bad(format!("{invalid} (the body is no JSON object or list, so it was read as a fault's text)"))
        }
    }
}

async fn disarm(State(control): Shared, RawQuery(query): RawQuery) -> Response {
    if let Some(refusal) = no_query("faults", query) {
        return refusal;
    }
    control.host.faults.clear();
    faults(State(control)).await
}

/// Sends a webhook, and answers with what the receiver answered.
async fn send_webhook(State(control): Shared, body: Bytes) -> Response {
    let webhook = match serde_json::from_slice(&body) {
        Ok(value) => Webhook::from_json(&value),
        Err(problem) => return bad(format!("not valid JSON: {problem}")),
    };
    let webhook = match webhook {
        Ok(webhook) => webhook,
        Err(invalid) => return bad(invalid),
    };
    match control.send_webhook(&webhook).await {
        Ok(answers) => ok(&json!({ "answers": answers })),
        Err(WebhookFailure::Invalid(message)) => bad(message),
        Err(failure) => reply::error(StatusCode::BAD_GATEWAY, &failure.to_string()),
    }
}

async fn clock(State(control): Shared) -> Response {
    let clock = &control.host.clock;
    ok(&json!({ "now": format!("{:.3}", clock.now()), "offset_seconds": clock.offset().as_secs_f64() }))
}

/// The way in which the clock is to be moved.
enum Move {
    Advance(Duration),
    Reset,
}

impl Move {
    /// Reads a body. The clock can be moved by `most` at most.
    fn read(body: &[u8], most: Duration) -> Result<Self, String> {
        let form = "{\"advance_seconds\": N} with N above 0, or {\"reset\": true}";
        let body = match serde_json::from_slice(body) {
            Ok(Value::Object(body)) => body,
            Ok(other) => return Err(format!("the body must be {form}, not {other}")),
            Err(problem) => return Err(format!("not valid JSON: {problem}; the body must be {form}")),
        };
        let mut fields = body.iter();
        match (fields.next(), fields.next()) {
            (Some((name, value)), None) if name == "advance_seconds" => {
                let time = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                time.filter(|time| !time.is_zero() && *time <= most).map(Self::Advance).ok_or_else(|| {
                    let (most, end) = (most.as_secs(), jiff::Timestamp::MAX);
                    format!(
                        "advance_seconds must be a number above 0 and at most {most}, as \
                         the clock ends at {end:.0}, not {value}"
                    )
                })
            }
            (Some((name, Value::Bool(true))), None) if name == "reset" => Ok(Self::Reset),
            (Some((name, value)), None) if name == "reset" => Err(format!("reset must be true, not {value}")),
            (None, _) => Err(format!("the body must be {form}, not {{}}")),
            _ => match body.keys().find(|name| !["advance_seconds", "reset"].contains(&name.as_str())) {
                Some(name) => Err(format!("there is no field {name:?}; possible are advance_seconds, reset")),
                None => Err("advance_seconds and reset exclude each other".to_owned()),
            },
        }
    }
}

async fn move_clock(State(control): Shared, body: Bytes) -> Response {
    let clock = &control.host.clock;
    match Move::read(&body, clock.left()) {
        Ok(Move::Advance(time)) => {
            clock.advance(time);
            let settled = async {
                while !control.settled() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            // A job that asks a slow model goes on after the answer.
            let _ = tokio::time::timeout(SETTLING, settled).await;
        }
        Ok(Move::Reset) => clock.reset(),
        Err(message) => return bad(message),
    }
    self::clock(State(control)).await
}

async fn script(State(control): Shared) -> Response {
    let script = control.context.responders.script();
    ok(&json!({ "script": script.as_ref().map(|script| script.yaml()) }))
}

/// Takes a script as YAML.
async fn set_script(State(control): Shared, body: Bytes) -> Response {
    let Ok(yaml) = std::str::from_utf8(&body) else { return bad("a script is YAML in UTF-8") };
    match Script::read(yaml, None) {
        Ok(script) => control.context.responders.set_script(script),
        Err(error) => return bad(error),
    }
    self::script(State(control)).await
}

/// Back to the script that the server was started with, or to none.
async fn reset_script(State(control): Shared) -> Response {
    control.context.responders.reset_script();
    script(State(control)).await
}

/// Every quirk, and whether it is on.
async fn quirks(State(control): Shared) -> Response {
    let row = |row: &QuirkInfo| {
        let on = control.host.quirks.on(row.quirk);
        json!({ "name": row.name, "on": on, "what": row.what, "section": row.section })
    };
    ok(&json!({ "quirks": QUIRKS.iter().map(row).collect::<Vec<_>>() }))
}

/// Takes a selection as text, as `--quirks` does.
async fn set_quirks(State(control): Shared, body: Bytes) -> Response {
    let Ok(text) = std::str::from_utf8(&body) else { return bad("a selection of quirks is a text in UTF-8") };
    match text.trim().parse::<Selection>() {
        Ok(selection) => control.host.quirks.set(selection),
        Err(unknown) => return bad(unknown),
    }
    quirks(State(control)).await
}

async fn reset(State(control): Shared) -> Response {
    control.reset();
    match control.commit().await {
        Ok(()) => ok(&json!({ "reset": true })),
        Err(error) => reply::error(StatusCode::INTERNAL_SERVER_ERROR, &error),
    }
}

/// The formations, with what the page needs to know of those that run.
async fn formations(State(control): Shared) -> Response {
    let mut rows = Vec::new();
    for mut row in control.overview() {
        let id = row["id"].as_str().unwrap_or_default().to_owned();
        let [mut agents, mut triggers] = [Value::Array(Vec::new()), Value::Array(Vec::new())];
        if let Ok(instance) = control.live(&id) {
            agents = ask(instance.router.clone(), "/agents", "agents").await;
            triggers = ask(instance.router, "/triggers", "triggers").await;
        }
        let names = |agent: &Value| json!({ "id": agent["id"], "name": agent["name"] });
        row["agents"] = agents.as_array().into_iter().flatten().map(names).collect();
        row["triggers"] = triggers;
        row["default"] = (id == control.first_id()).into();
        rows.push(row);
    }
    ok(&json!({ "formations": rows }))
}

/// A formation's own answer about the user that the header names.
async fn read(State(control): Shared, request: Request) -> Response {
    let target = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
    let call = target.strip_prefix(READS).and_then(|rest| Some(rest.split_at(rest.find('/')?)));
    let Some((router, path)) = call.and_then(|(id, path)| Some((control.live(id).ok()?.router, path))) else {
        return reply::error(StatusCode::NOT_FOUND, "No formation of that id runs");
    };
    own_call(router, path, request.headers().get(USER_HEADER)).await
}

/// One field of a formation's own answer; an empty list where it has none.
async fn ask(router: Router, path: &str, field: &str) -> Value {
    let response = own_call(router, path, None).await;
    let body = to_bytes(response.into_body(), SUMMARY).await.unwrap_or_default();
    let reply = serde_json::from_slice::<Value>(&body).unwrap_or_default();
    reply.pointer(&format!("/data/{field}")).cloned().unwrap_or_else(|| json!([]))
}

/// A read of a formation with its own key, which no log shows.
async fn own_call(mut router: Router, path: &str, user: Option<&HeaderValue>) -> Response {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().unwrap_or_default();
    request.headers_mut().extend(user.map(|user| (USER_HEADER, user.clone())));
    request.extensions_mut().insert(FromPage);
    let Ok(response) = router.call(request).await;
    response
}

/// A page of HTML or a stream of events.
fn with_type(kind: &'static str, body: Body) -> Response {
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}
