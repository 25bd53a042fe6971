//! The control plane: what `/ping`, `/health`, `/docs` and `/rpc/*` do.

mod auth;
mod bundle;
mod deploy;
mod dev;
mod download;
mod draft;
mod entry;
mod folder;
mod lifecycle;
mod logs;
mod progress;
mod read;
mod registry;
mod saved;
mod served;
mod update;
mod watch;

pub(crate) use bundle::Upload;
pub(crate) use registry::{Control, Instance};
pub use served::{Reload, Served};
pub(crate) use watch::Watcher;

use crate::{reply, store::unsaved};
use axum::{
    Router,
    extract::{FromRequestParts, Path, Request},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use futures_util::future::BoxFuture;
use http::{Method, StatusCode, header};
use muxi_client::api::{
    table::server::ENDPOINTS,
    table::{Auth, Endpoint},
};
use std::{collections::HashSet, sync::Arc};

/// The server's version in `/health` and `/rpc/server/status`.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One request to the control plane.
struct Call {
    control: Arc<Control>,
    /// The formation that the path names; empty where it names none.
    id: String,
    request: Request,
}

impl Call {
    fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// True if the caller wants progress events.
    fn wants_events(&self) -> bool {
        self.header("accept").is_some_and(|accept| accept.contains("text/event-stream"))
    }

    /// The first query parameter of that name, decoded.
    fn query(&self, name: &str) -> Option<String> {
        let pairs: axum::extract::Query<Vec<(String, String)>> =
            axum::extract::Query::try_from_uri(self.request.uri()).ok()?;
        pairs.0.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

type Handler = fn(Call) -> BoxFuture<'static, Response>;

/// The handler of an operation of the table; every one has a handler (see the test).
fn handler(name: &str) -> Option<Handler> {
    let handler: Handler = match name {
        "ping" => |call| Box::pin(read::ping(call)),
        "health" => |call| Box::pin(read::health(call)),
        "status" => |call| Box::pin(read::status(call)),
        "list_formations" => |call| Box::pin(read::list(call)),
        "get_formation" => |call| Box::pin(read::get(call)),
        "deploy_formation" | "deploy_formation_stream" => |call| Box::pin(deploy::deploy(call)),
        "update_formation" | "update_formation_stream" => |call| Box::pin(update::update(call)),
        "cancel_update" => |call| Box::pin(update::cancel(call)),
        "rollback_formation" | "rollback_formation_stream" => |call| Box::pin(update::rollback(call)),
        "start_formation" | "start_formation_stream" => |call| Box::pin(lifecycle::start(call)),
        "restart_formation" | "restart_formation_stream" => |call| Box::pin(lifecycle::restart(call)),
        "stop_formation" => |call| Box::pin(lifecycle::stop(call)),
        "delete_formation" => |call| Box::pin(lifecycle::delete(call)),
        "get_formation_logs" | "stream_formation_logs" => |call| Box::pin(logs::formation(call)),
        "get_server_logs" => |call| Box::pin(logs::server(call)),
        "download_formation" => |call| Box::pin(download::download(call)),
        "draft_files" | "draft_deploy_stream" => |call| Box::pin(draft::files(call)),
        "dev_run" => |call| Box::pin(dev::run(call)),
        "dev_stop" => |call| Box::pin(dev::stop(call)),
        _ => return None,
    };
    Some(handler)
}

/// Every operation.
pub fn routes() -> &'static [&'static Endpoint] {
    ENDPOINTS
}

/// The routes of the table. Operations that share a method and a path share a handler.
pub(crate) fn router(control: Arc<Control>) -> Router {
    let mut router = Router::new();
    let mut seen = HashSet::new();
    for endpoint in ENDPOINTS {
        let Ok(method) = Method::from_bytes(endpoint.method.as_bytes()) else { continue };
        let Ok(filter) = MethodFilter::try_from(method) else { continue };
        let Some(handler) = handler(endpoint.name) else { continue };
        if seen.insert((endpoint.method, endpoint.path)) {
            let control = control.clone();
            let serve = move |request| answer(control.clone(), endpoint, handler, request);
            router = router.route(endpoint.path, on(filter, serve));
        }
    }
    let docs = || async { (StatusCode::FOUND, [(header::LOCATION, "https://muxi.org/docs")]) };
    router
        .route("/docs", on(MethodFilter::GET, docs))
        .fallback(|| async { reply::error(StatusCode::NOT_FOUND, "Endpoint not found") })
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED })
}

async fn answer(control: Arc<Control>, endpoint: &'static Endpoint, handler: Handler, request: Request) -> Response {
    // axum would answer HEAD with the GET handler.
    if request.method().as_str() != endpoint.method {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if endpoint.auth != Auth::Hmac {
        return run(control, handler, request).await;
    }
    let line = format!("{} {}", request.method(), request.uri().path());
    let response = match auth::check(&control, &request) {
        Ok(()) => run(control.clone(), handler, request).await,
        Err(message) => reply::unauthorized(message),
    };
    let now = jiff::Timestamp::now();
    control.audit.push(format!("{now} {line} {}", response.status().as_u16()));
    response
}

async fn run(control: Arc<Control>, handler: Handler, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let reads = parts.method == Method::GET;
    let id = match Path::<Vec<(String, String)>>::from_request_parts(&mut parts, &()).await {
        Ok(Path(params)) => params.into_iter().next().map(|(_, id)| id).unwrap_or_default(),
        Err(rejection) => return reply::error(StatusCode::BAD_REQUEST, &rejection.body_text()),
    };
    let response = handler(Call { control: control.clone(), id, request: Request::from_parts(parts, body) }).await;
    match if reads { Ok(()) } else { control.commit().await } {
        Ok(()) => response,
        Err(error) => reply::error(StatusCode::INTERNAL_SERVER_ERROR, &unsaved(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_handler() {
        let missing: Vec<&str> = routes().iter().map(|row| row.name).filter(|name| handler(name).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
