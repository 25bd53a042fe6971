//! Development runs: a formation from a folder or from its draft, behind `/draft/{id}`.

use super::{
    Call, deploy,
    entry::Source,
    progress::blocking,
    registry::{Control, DevRun, Instance, draft_scope},
};
use crate::{files::Config, reply};
use axum::{body::to_bytes, response::Response};
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::{path::PathBuf, sync::Arc};

/// The most that a JSON body may hold.
const BODY: usize = 64 * 1024 * 1024;

pub(super) async fn run(call: Call) -> Response {
    let Some(body) = object(call.request).await else { return fail(StatusCode::BAD_REQUEST, "", "Invalid JSON body") };
    let (path, id) = (text(&body, "path"), text(&body, "formation_id"));
    let source = match (path, id) {
        (Some(path), None) => {
            let path = PathBuf::from(path);
            if !path.is_absolute() {
                return fail(StatusCode::BAD_REQUEST, "", "path must be absolute");
            }
            if !path.is_dir() {
                return fail(StatusCode::NOT_FOUND, "", &format!("path not found: {}", path.display()));
            }
            Source::Path(path)
        }
        (None, Some(id)) => match call.control.drafts().get(id) {
            Some(draft) => Source::Own(draft.folder.clone()),
            None => return fail(StatusCode::NOT_FOUND, id, &format!("no draft for formation '{id}'")),
        },
        _ => return fail(StatusCode::BAD_REQUEST, "", "exactly one of path and formation_id is required"),
    };
    match launch(&call.control, id, source).await {
        Ok((id, port)) => reply::bare(
            StatusCode::OK,
            &json!({"success": true, "formation_id": id, "port": port, "status": "running"}),
        ),
        Err((status, id, error)) => fail(status, &id, &error),
    }
}

async fn launch(
    control: &Arc<Control>,
    asked: Option<&str>,
    source: Source,
) -> Result<(String, u16), (StatusCode, String, String)> {
    let asked = asked.unwrap_or_default().to_owned();
    let failed = |error: String| (StatusCode::BAD_REQUEST, asked.clone(), error);
    let (reader, files) = (control.clone(), source.clone());
    let read = move || {
        let folder = reader.files_of(&files).map_err(|error| error.to_string())?;
        Config::read(&folder).map_err(|error| error.to_string())
    };
    let config = blocking(read).await.map_err(|failure| failed(failure.message))?.map_err(failed)?;
    let id = config.id;
    deploy::check_id(&id).map_err(|error| (StatusCode::BAD_REQUEST, id.clone(), error))?;
    if control.dev().contains_key(&id) {
        return Err((StatusCode::CONFLICT, id.clone(), format!("Formation '{id}' is already running in dev mode")));
    }
    tokio::time::sleep(control.start_time).await;
    let (loader, scope) = (control.clone(), draft_scope(&id));
    let loaded = blocking(move || loader.load(&scope, &source)).await.map_err(|failure| failed(failure.message))?;
    let service = loaded.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, id.clone(), error))?;
    let run = DevRun { port: control.port(), instance: Instance { router: service.router, log: Arc::default() } };
    let port = run.port;
    control.dev().insert(id.clone(), run);
    Ok((id, port))
}

pub(super) async fn stop(call: Call) -> Response {
    let Some(body) = object(call.request).await else { return fail(StatusCode::BAD_REQUEST, "", "Invalid JSON body") };
    let Some(id) = text(&body, "formation_id") else {
        return fail(StatusCode::BAD_REQUEST, "", "formation_id is required");
    };
    match call.control.dev().remove(id) {
        Some(_) => reply::bare(StatusCode::OK, &json!({"success": true, "formation_id": id, "status": "stopped"})),
        None => fail(StatusCode::NOT_FOUND, id, &format!("Formation '{id}' is not running in dev mode")),
    }
}

fn fail(status: StatusCode, id: &str, error: &str) -> Response {
    reply::bare(status, &json!({"success": false, "formation_id": id, "port": 0, "status": "", "error": error}))
}

/// The body as a JSON object, whatever its content type says.
pub(super) async fn object(request: axum::extract::Request) -> Option<Map<String, Value>> {
    let body = to_bytes(request.into_body(), BODY).await.ok()?;
    serde_json::from_slice(&body).ok()
}

/// A field that is a string and not empty.
pub(super) fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str().filter(|text| !text.is_empty())
}
