//! A server, a client for its formation, and a receiver of webhooks.

use axum::{Router, body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use muxi_client::api::auth::Signer;
use muxi_client::api::webhook::{SIGNATURE_HEADER, verify};
use muxi_local::Server;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) const ADMIN: &str = "fma_time";
pub(crate) const CLIENT: &str = "fmc_time";

pub(crate) type Headers<'a> = &'a [(&'a str, &'a str)];
pub(crate) const AS_ADMIN: Headers<'_> = &[("x-muxi-admin-key", ADMIN)];
pub(crate) const ALICE_ADMIN: Headers<'_> = &[("x-muxi-admin-key", ADMIN), ("x-muxi-user-id", "alice")];
pub(crate) const ALICE: Headers<'_> = &[("x-muxi-client-key", CLIENT), ("x-muxi-user-id", "alice")];
pub(crate) const BOB: Headers<'_> = &[("x-muxi-client-key", CLIENT), ("x-muxi-user-id", "bob")];

/// A running server with a formation to call.
pub(crate) struct Local {
    pub(crate) server: Server,
    formation: String,
    http: Client<HttpConnector, Full<Bytes>>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) fn data(self) -> Value {
        assert!(self.status < 300, "{}: {}", self.status, self.json);
        self.json["data"].clone()
    }

    pub(crate) fn code(&self) -> (u16, &str) {
        (self.status, self.json["error"]["code"].as_str().unwrap_or_default())
    }
}

impl Local {
    /// A server with the built-in formation.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// A server with the built-in formation and these quirks.
    pub(crate) async fn start_with(quirks: &str) -> Self {
        let server = Server::builder().key_id("key").secret_key("secret").admin_key(ADMIN).client_key(CLIENT);
        let server = server.quirks(quirks).start().await.unwrap();
        let formation = server.formation_id().to_owned();
        Self { server, formation, http: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// A server with a formation of these files, by path; `formation.afs` lacks only its id.
    pub(crate) async fn with_files(files: &[(&str, &str)], quirks: &str) -> Self {
        let mut local = Self::start_with(quirks).await;
        local.deploy("timely", files).await;
        local.formation = "timely".to_owned();
        local
    }

    /// A server with a formation of this document.
    pub(crate) async fn with(document: &str) -> Self {
        Self::with_files(&[("formation.afs", document)], "").await
    }

    async fn deploy(&self, id: &str, files: &[(&str, &str)]) {
        let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (path, text) in files {
            let text = if *path == "formation.afs" {
                format!("schema: 1.0.0\nid: {id}\ndescription: A test\nversion: 1.0.0\n{text}")
            } else {
                (*text).to_owned()
            };
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, format!("{id}/{path}"), text.as_bytes()).unwrap();
        }
        let bundle = archive.into_inner().unwrap().finish().unwrap();
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let target = "/rpc/formations";
        let authorization = Signer::new("key", "secret").header(time, "POST", target);
        let headers =
            [("authorization", authorization.as_str()), ("x-formation-id", id), ("content-type", "application/gzip")];
        let response = self.http_call("POST", target, &headers, bundle.into()).await;
        let (status, body) = (response.status(), response.into_body().collect().await.unwrap().to_bytes());
        assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
    }

    async fn http_call(
        &self,
        method: &str,
        target: &str,
        headers: Headers<'_>,
        body: Bytes,
    ) -> http::Response<Incoming> {
        let mut request = Request::builder().method(method).uri(format!("{}{target}", self.server.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.http.request(request.body(Full::new(body)).unwrap()).await.unwrap()
    }

    /// Opens a call of the formation.
    pub(crate) async fn open(
        &self,
        method: &str,
        path: &str,
        headers: Headers<'_>,
        body: Option<Bytes>,
    ) -> http::Response<Incoming> {
        let json = [("content-type", "application/json")];
        let headers: Vec<(&str, &str)> = headers.iter().chain(&json).copied().collect();
        let target = format!("/api/{}/v1{path}", self.formation);
        self.http_call(method, &target, &headers, body.unwrap_or_default()).await
    }

    pub(crate) async fn raw(&self, method: &str, path: &str, headers: Headers<'_>, body: Option<Bytes>) -> Reply {
        let response = self.open(method, path, headers, body).await;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Reply { status, json: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, headers: Headers<'_>, body: Value) -> Reply {
        let body = (!body.is_null()).then(|| body.to_string().into());
        self.raw(method, path, headers, body).await
    }

    pub(crate) async fn get(&self, path: &str, headers: Headers<'_>) -> Value {
        self.call("GET", path, headers, Value::Null).await.data()
    }

    pub(crate) async fn post(&self, path: &str, headers: Headers<'_>, body: Value) -> Reply {
        self.call("POST", path, headers, body).await
    }

    /// Polls until the test on the data holds.
    pub(crate) async fn until(&self, path: &str, headers: Headers<'_>, test: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..200 {
            let reply = self.call("GET", path, headers, Value::Null).await;
            last = reply.json;
            if reply.status == 200 && test(&last["data"]) {
                return last["data"].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} never came to it: {last}")
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.server.advance(Duration::from_secs(seconds));
    }

    /// The formation's output.
    pub(crate) async fn log(&self) -> String {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let target = format!("/rpc/formations/{}/logs", self.formation);
        let authorization = Signer::new("key", "secret").header(time, "GET", &target);
        let response = self.http_call("GET", &target, &[("authorization", &authorization)], Bytes::new()).await;
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }
}

/// One delivery.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Delivery {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn is_unsigned(&self) -> bool {
        !self.headers.contains_key(SIGNATURE_HEADER)
    }

    fn signature(&self) -> &str {
        self.headers[SIGNATURE_HEADER].to_str().unwrap()
    }

    /// The time of the signature, which the header with the time repeats.
    pub(crate) fn time(&self) -> u64 {
        let time = self.headers["x-muxi-timestamp"].to_str().unwrap();
        assert!(self.signature().starts_with(&format!("t={time},v1=")), "{}", self.signature());
        time.parse().unwrap()
    }

    /// True if the client library takes it for signed with that key.
    pub(crate) fn is_signed(&self, secret: &str) -> bool {
        verify(&self.body, self.signature(), secret, 0, self.time()).is_ok()
    }
}

/// Receives webhooks; answers with the given statuses first, then with 200.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Delivery>>>,
}

impl Receiver {
    pub(crate) async fn start(statuses: &[u16]) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let statuses = Arc::new(Mutex::new(statuses.iter().copied().collect::<VecDeque<u16>>()));
        let kept = received.clone();
        let app = Router::new().fallback(move |request: Request| {
            let (kept, statuses) = (kept.clone(), statuses.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                kept.lock().unwrap().push(Delivery { headers: parts.headers, body });
                let status = statuses.lock().unwrap().pop_front().unwrap_or(200);
                Response::builder()
                    .status(StatusCode::from_u16(status).unwrap())
                    .header("location", "/elsewhere")
                    .body(Body::empty())
                    .unwrap()
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?token=private", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, received }
    }

    pub(crate) fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }

    /// The deliveries, once there are so many.
    pub(crate) async fn wait(&self, count: usize) -> Vec<Delivery> {
        for _ in 0..200 {
            if self.count() >= count {
                return self.received.lock().unwrap().clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{} of {count} deliveries came", self.count())
    }
}

/// Reads a stream until its text holds `end`.
pub(crate) async fn read_until(body: &mut Incoming, end: &str) -> String {
    let mut text = String::new();
    let read = async {
        while !text.contains(end) {
            let Some(frame) = body.frame().await else { break };
            text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
    };
    let finished = tokio::time::timeout(Duration::from_secs(5), read).await;
    assert!(finished.is_ok() && text.contains(end), "no {end} in: {text}");
    text
}

pub(crate) fn job(kind: &str, schedule: &str, message: &str) -> Value {
    json!({ "type": kind, "schedule": schedule, "message": message })
}
