//! The router: every row of the operation table, joined with its handler.

use super::Formation;
use super::handlers::handler;
use super::http::envelope::{Failure, refuse};
use super::serve::serve;
use crate::target::positional;
use axum::Router;
use axum::extract::{OriginalUri, RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use muxi_client::api::table::Endpoint;
use muxi_client::api::table::formation::ENDPOINTS;
use std::collections::BTreeSet;
use std::sync::Arc;

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

/// True if a path, with any method, is one of the table's.
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
