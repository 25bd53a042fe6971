//! Every defect that can be reproduced: what a client meets with it and without it.

mod chat;
mod control;
mod formation;
mod selection;

use crate::client::{Answer, send};
use muxi_local::Server;
use serde_json::Value;

const STREAM: (&str, &str) = ("Accept", "text/event-stream");

/// Runs a test without a defect and with it, each on a fresh server that has no other defect.
fn both(name: &str, test: impl Fn(&Server, bool)) {
    for on in [false, true] {
        let selection = if on { format!("fixed,{name}") } else { "fixed".to_owned() };
        test(&start(&selection), on);
    }
}

/// A server with these quirks.
fn start(selection: &str) -> Server {
    let builder = Server::builder().key_id("key").secret_key("secret").admin_key("fma").client_key("fmc");
    Server::spawn(builder.quirks(selection)).unwrap()
}

/// Calls the demo formation with both keys.
fn call(server: &Server, user: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let mut headers = vec![("X-Muxi-Client-Key", "fmc"), ("X-Muxi-Admin-Key", "fma")];
    if !user.is_empty() {
        headers.push(("X-Muxi-User-ID", user));
    }
    if body.is_some() {
        headers.push(("Content-Type", "application/json"));
    }
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    send(server, method, &format!("/v1{path}"), &headers, body.as_bytes())
}

fn get(server: &Server, user: &str, path: &str) -> Answer {
    call(server, user, "GET", path, None)
}

fn post(server: &Server, user: &str, path: &str, body: Value) -> Answer {
    call(server, user, "POST", path, Some(body))
}

/// A chat turn without a stream.
fn chat(server: &Server, user: &str, message: &str) -> Answer {
    post(server, user, "/chat", serde_json::json!({ "message": message, "stream": false }))
}

/// A whole chat stream.
fn chat_stream(server: &Server, user: &str, message: &str) -> String {
    post(server, user, "/chat", serde_json::json!({ "message": message })).text().to_owned()
}

impl Answer {
    /// `data` of the envelope.
    fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    /// The words of the envelope's error.
    fn error(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}
