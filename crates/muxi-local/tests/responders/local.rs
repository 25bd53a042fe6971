//! A local server and ways to call its formation.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use muxi_local::{Builder, Server};
use serde_json::{Value, json};
use std::time::Duration;

/// The time for which a test waits for anything that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server of this process or of another.
pub(crate) struct Local {
    url: String,
    id: String,
    key: String,
    server: Option<Server>,
}

impl Local {
    pub(crate) async fn start(builder: Builder) -> Self {
        let server = builder.start().await.unwrap();
        let (url, id, key) =
            (server.url().to_owned(), server.formation_id().to_owned(), server.client_key().to_owned());
        Self { url, id, key, server: Some(server) }
    }

    /// A program that has announced itself with a line of JSON.
    pub(crate) fn announced(line: &str) -> Self {
        let facts: Value = serde_json::from_str(line).unwrap();
        let fact = |name: &str| facts[name].as_str().unwrap().to_owned();
        Self { url: fact("url"), id: fact("formation_id"), key: fact("client_key"), server: None }
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// A server that answers by a script.
    pub(crate) async fn script(yaml: &str) -> Self {
        Self::start(Server::builder().script(yaml)).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, user: &str, body: &Value) -> Response<Incoming> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/api/{}/v1{path}", self.url, self.id))
            .header("X-Muxi-Client-Key", &self.key)
            .header("X-Muxi-User-ID", user)
            .header("content-type", "application/json");
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        // A client of its own for every call: dropping a response closes its connection.
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        client.request(request.body(Full::new(body)).unwrap()).await.unwrap()
    }

    /// Status and JSON of an answer.
    pub(crate) async fn call(&self, method: &str, path: &str, user: &str, body: Value) -> (u16, Value) {
        let response = self.send(method, path, user, &body).await;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    pub(crate) async fn get(&self, path: &str, user: &str) -> Value {
        let (status, answer) = self.call("GET", path, user, Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"].clone()
    }

    /// The data of a chat without a stream.
    pub(crate) async fn chat(&self, user: &str, body: Value) -> Value {
        let mut body = body;
        body["stream"] = json!(false);
        let (status, answer) = self.call("POST", "/chat", user, body).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"].clone()
    }

    /// The text that answers Ada's message.
    pub(crate) async fn say(&self, message: &str) -> String {
        let data = self.chat("ada", json!({ "message": message })).await;
        data["message"]["content"].as_str().unwrap().to_owned()
    }

    /// A chat stream of Ada's.
    pub(crate) async fn open(&self, body: Value) -> Stream {
        let response = self.send("POST", "/chat", "ada", &body).await;
        Stream::of(response)
    }

    /// All frames of a chat stream of Ada's.
    pub(crate) async fn frames(&self, body: Value) -> Vec<Frame> {
        self.open(body).await.all().await
    }
}

/// A chat stream that is being read.
pub(crate) struct Stream {
    body: Incoming,
    text: String,
}

/// A frame of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Frame {
    Comment,
    Token(Value),
    Event(String, Value),
}

impl Frame {
    fn read(text: &str) -> Self {
        if text.starts_with(':') {
            return Self::Comment;
        }
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        match text.strip_prefix("event: ") {
            Some(rest) => {
                let (name, data) = rest.split_once("\ndata: ").unwrap();
                Self::Event(name.to_owned(), json(data))
            }
            None => Self::Token(json(text.strip_prefix("data: ").unwrap())["token"].clone()),
        }
    }

    pub(crate) fn token(&self) -> Option<&Value> {
        if let Self::Token(token) = self { Some(token) } else { None }
    }
}

impl Stream {
    pub(crate) fn of(response: Response<Incoming>) -> Self {
        assert_eq!(response.status(), 200);
        Self { body: response.into_body(), text: String::new() }
    }

    /// All frames.
    pub(crate) async fn all(mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }

    /// The next frame; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let frame = Frame::read(frame);
                self.text = rest.to_owned();
                return Some(frame);
            }
            let read = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("a frame in time");
            let bytes = read?.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next token of a type, or none where a comment tells of silence before it.
    pub(crate) async fn token_or_comment(&mut self, kind: &str) -> Option<Value> {
        loop {
            match self.next().await.expect("a frame") {
                Frame::Comment => return None,
                Frame::Token(token) if token["type"] == kind => return Some(token),
                _ => {}
            }
        }
    }

    /// The next token of a type.
    pub(crate) async fn token(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await.unwrap_or_else(|| panic!("no {kind} before the end")) {
                Frame::Token(token) if token["type"] == kind => return token,
                _ => {}
            }
        }
    }
}

/// The tokens of a type.
pub(crate) fn tokens<'a>(frames: &'a [Frame], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    frames.iter().filter_map(Frame::token).filter(move |token| token["type"] == kind)
}

/// The slices of an answer.
pub(crate) fn slices(frames: &[Frame]) -> Vec<&str> {
    tokens(frames, "content").map(|token| token["content"].as_str().unwrap()).collect()
}

/// The `completed` token of a stream.
pub(crate) fn completed(frames: &[Frame]) -> &Value {
    tokens(frames, "completed").next().expect("completed")
}
