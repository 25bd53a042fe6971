//! A formation to call, and ways to call it.

use axum::body::Body;
use axum::{Router, response::Response};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use muxi_local::formation::{Formation, FormationSpec, router};
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const ADMIN: (&str, &str) = ("X-Muxi-Admin-Key", "fma_demo_admin_key");
pub(crate) const CLIENT: (&str, &str) = ("X-Muxi-Client-Key", "fmc_demo_client_key");
pub(crate) const ALICE: (&str, &str) = ("X-Muxi-User-ID", "alice");
pub(crate) const BOB: (&str, &str) = ("X-Muxi-User-ID", "bob");

/// A demo formation with the keys that the samples use.
pub(crate) struct App(pub(crate) Router);

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(crate) fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }
}

impl App {
    pub(crate) fn new() -> Self {
        Self::of(FormationSpec::demo(ADMIN.1, CLIENT.1))
    }

    /// A formation with defects of the shipped runtime.
    pub(crate) fn with_quirks(spec: FormationSpec, quirks: &str) -> Self {
        Self(router(Formation::with_quirks(spec, quirks).unwrap()))
    }

    pub(crate) fn of(spec: FormationSpec) -> Self {
        Self(router(Formation::new(spec)))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response {
        self.0.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("content-type", "application/json");
        }
        let response = self.send(request.body(body.map_or_else(Body::empty, Body::from)).unwrap()).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, bytes }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        self.raw(method, path, headers, body.map(|body| body.to_string())).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.call("GET", path, headers, None).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        self.call("POST", path, headers, Some(body)).await
    }

    /// A whole chat stream of Alice's.
    pub(crate) async fn stream(&self, message: &str) -> String {
        let body = serde_json::json!({ "message": message, "session_id": "sess_s", "request_id": "req_s" });
        let reply = self.post("/chat", &[CLIENT, ALICE], body).await;
        assert_eq!(reply.status, 200);
        reply.text()
    }
}

/// The tokens of a stream.
pub(crate) fn tokens(stream: &str) -> Vec<Value> {
    let data = stream.split("\n\n").filter_map(|frame| frame.strip_prefix("data: "));
    data.map(|data| serde_json::from_str::<Value>(data).unwrap_or_else(|e| panic!("{e}: {data}"))["token"].clone())
        .collect()
}
