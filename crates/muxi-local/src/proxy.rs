//! The target of a request: a formation behind `/api/{id}`, `/draft/{id}` or `/v1`, or the control plane.

use crate::{
    control::{Control, Instance},
    cors,
    deadline::{self, Late},
    inspect::Access,
    reply,
    target::{Place, Target},
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::PathAndQuery};
use std::{sync::Arc, time::Duration};
use tower_service::Service;

#[derive(Clone)]
struct Site {
    control: Arc<Control>,
    rpc: Router,
    inspect: Router,
}

/// The whole server as one service.
pub(crate) fn app(control: Arc<Control>, access: Arc<Access>) -> Router {
    let rpc = crate::control::router(control.clone());
    let inspect = crate::inspect::router(control.clone(), access);
    Router::new().fallback(serve).with_state(Site { control, rpc, inspect })
}

/// The time for which event streams may go on when the server stops; a chat turn sends its last events earlier.
const SHUTDOWN_TIME: Duration = Duration::from_millis(400);

/// Answers a request. An event stream, which may have no end of its own, ends when the server stops.
async fn serve(State(site): State<Site>, request: Request) -> Response {
    let control = site.control.clone();
    let (parts, body) = request.into_parts();
    let (body, late) = deadline::limited(body);
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(late);
    let response = dispatch(site, request).await;
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if !kind.is_some_and(|kind| kind.starts_with(b"text/event-stream")) {
        return response;
    }
    let stopped = async move {
        control.host.stopping.begun().await;
        tokio::time::sleep(SHUTDOWN_TIME).await;
    };
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(stopped)))
}

async fn dispatch(mut site: Site, mut request: Request) -> Response {
    let path = request.uri().path();
    if crate::inspect::is_own(path) {
        return match site.inspect.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    let target = request.extensions().get::<Target>().cloned().unwrap_or_else(|| Target::of(path));
    let routed = target.routed();
    if routed.contains("//") {
        return moved(routed, request.uri().query());
    }
    let asked = match target.place {
        // The server answers by itself, whatever is asked.
        Place::Live(_) | Place::Draft(_) => (request.method() == Method::OPTIONS).then(preflight),
        Place::First => cors::preflight(&request),
        Place::Server => None,
    };
    if let Some(answer) = asked {
        return answer;
    }
    match &target.place {
        Place::Live(id) => {
            let found = site.control.live(id);
            return forward(found, id, target.inner(), "Formation", request).await;
        }
        Place::Draft(id) => {
            let found = site.control.dev_instance(id);
            return forward(found, id, target.inner(), "Draft formation", request).await;
        }
        Place::First => {
            let id = site.control.first_id().to_owned();
            let found = site.control.live(&id);
            return forward(found, &id, target.inner(), "Formation", request).await;
        }
        Place::Server => {
            if let Some(uri) = with_path(target.inner(), request.uri().query()) {
                *request.uri_mut() = uri;
            }
        }
    }
    let mut response = match site.rpc.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    // The real server does not say which methods it would take.
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().remove(header::ALLOW);
    }
    response
}

/// The real router answers a doubled slash with the cleaned path.
fn moved(mut path: String, query: Option<&str>) -> Response {
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    if let Some(query) = query {
        path = format!("{path}?{query}");
    }
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, path)]).into_response()
}

/// A request's target; `None` where the path can be none.
fn with_path(path: &str, query: Option<&str>) -> Option<Uri> {
    let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    target.parse::<PathAndQuery>().ok().map(Uri::from)
}

async fn forward(
    found: Result<Instance, Option<&'static str>>,
    id: &str,
    path: &str,
    what: &str,
    request: Request,
) -> Response {
    let sdk = sdk_version(request.headers());
    let mut response = match found {
        Ok(instance) => call(instance, path, request).await,
        Err(None) => {
            let what_id = if what == "Formation" { "formation" } else { "draft formation" };
            refuse(StatusCode::NOT_FOUND, &format!("{what} not found"), &format!("No {what_id} with id '{id}'"))
        }
        Err(Some(status)) => refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("{what} unavailable"),
            &format!("{what} '{id}' is not running (status: {status})"),
        ),
    };
    if let Some(version) = sdk {
        response.headers_mut().insert(HeaderName::from_static("x-muxi-sdk-latest"), version);
    }
    response
}

/// The proxy's errors have spaces after the colons and no newline.
fn refuse(status: StatusCode, error: &str, message: &str) -> Response {
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    let body = format!(r#"{{"error": {}, "message": {}, "code": {}}}"#, quote(error), quote(message), status.as_u16());
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The version in `X-Muxi-SDK: name/version`; no later one is known here, so it is echoed.
fn sdk_version(headers: &HeaderMap) -> Option<HeaderValue> {
    let (_, version) = headers.get("x-muxi-sdk")?.to_str().ok()?.split_once('/')?;
    if version.is_empty() { None } else { HeaderValue::from_str(version).ok() }
}

async fn call(mut instance: Instance, path: &str, mut request: Request) -> Response {
    // A formation's pages at its root are at `/` for the router, everything else is below `/v1`. A path elsewhere
    // keeps its form and gets a prefix that no operation has, so that the formation answers its own 404.
    let inner = match path.strip_prefix("/v1") {
        _ if path == "/" => "/".to_owned(),
        Some("" | "/") => "/".to_owned(),
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        _ => format!("/v1{path}"),
    };
    let Some(uri) = with_path(&inner, request.uri().query()) else {
        return reply::error(StatusCode::BAD_REQUEST, "Bad request");
    };
    *request.uri_mut() = uri;
    request.headers_mut().insert("x-muxi-server", HeaderValue::from_static(crate::control::VERSION));
    let line = format!("\"{} {path} HTTP/1.1\"", request.method());
    let late = request.extensions().get::<Late>().cloned().unwrap_or_default();
    let mut response: Response<Body> = match instance.router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    // The runtime does not say which methods it would take either.
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().remove(header::ALLOW);
    }
    if late.is_late() {
        return refuse(StatusCode::BAD_GATEWAY, "Bad gateway", "Formation did not respond");
    }
    instance.log.stdout.push(format!("{line} {}", response.status().as_u16()));
    response
}

/// The answer of the server in front to a browser that asks first: the formation is not asked.
fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
    ];
    (StatusCode::OK, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::{Instance, deadline, forward};
    use axum::{Router, body::Body, extract::Request};
    use futures_util::stream;
    use http::StatusCode;
    use std::{convert::Infallible, sync::Arc, time::Duration};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::mpsc,
    };

    /// The formation gives up on a body that was cut off; the real proxy says so in its own words.
    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_a_bad_gateway() {
        let inner = Router::new().fallback(|request: Request| async move {
            axum::body::to_bytes(request.into_body(), 1000).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)
        });
        let body = Body::from_stream(stream::pending::<Result<String, Infallible>>());
        let (body, late) = deadline::limited(body);
        let mut request = Request::new(body);
        request.extensions_mut().insert(late);
        let instance = Instance { router: inner, log: Arc::default() };
        let response = forward(Ok(instance), "demo", "/v1/chat", "Formation", request).await;
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    }

    /// The first event arrives while the stream is open, and a caller that leaves ends the formation's body.
    #[tokio::test]
    async fn events_pass_at_once_and_a_hang_up_drops_the_body() {
        struct Guard(mpsc::UnboundedSender<()>);
        impl Drop for Guard {
            fn drop(&mut self) {
                self.0.send(()).unwrap();
            }
        }
        let (sender, mut dropped) = mpsc::unbounded_channel();
        let body = move || {
            let guard = Guard(sender.clone());
            let events = stream::unfold((true, guard), |(first, guard)| async move {
                if !first {
                    std::future::pending::<()>().await;
                }
                Some((Ok::<_, Infallible>("event: token\ndata: {}\n\n"), (false, guard)))
            });
            async move { Body::from_stream(events) }
        };
        let inner = Router::new().fallback(body);
        let outer = Router::new().fallback(move |request: Request| {
            let instance = Instance { router: inner.clone(), log: Arc::default() };
            async move { forward(Ok(instance), "demo", "/v1/chat", "Formation", request).await }
        });
        let front = crate::front::Front { app: outer, host: Arc::default(), access: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(crate::serve::serve(listener, front, std::future::pending()));

        let mut caller = TcpStream::connect(address).await.unwrap();
        caller.write_all(b"GET /api/demo/v1/chat HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"data: {}\n\n\r\n") {
            assert_ne!(caller.read_buf(&mut seen).await.unwrap(), 0);
        }
        assert!(dropped.try_recv().is_err());
        drop(caller);
        tokio::time::timeout(Duration::from_secs(1), dropped.recv()).await.unwrap().unwrap();
        server.abort();
    }
}
