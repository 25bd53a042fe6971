//! Every formation operation against the real runtime. `make real` starts it; the types must know all that it answers.
// A test that fails panics, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod administration;
mod chat;
mod configuration;
mod memory;
mod users;

use muxi_client::{
    Error, FormationClient, Response,
    api::{
        table::formation::ENDPOINTS,
        table::{Operation, reply},
        types::{RequestStatus, check},
    },
    client::{Async, Call, Outcome},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    env,
    fmt::Debug,
    future::Future,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
    sync::LazyLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The runtime that `make real` has started, or one that is left running.
static RUNTIME: LazyLock<Value> = LazyLock::new(|| {
    let text = env::var("MUXI_REAL_RUNTIME").unwrap_or_else(|_| {
        let up = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/real/kit/up");
        String::from_utf8(Command::new(up).output().unwrap().stdout).unwrap()
    });
    serde_json::from_str(&text).unwrap()
});

fn runtime(key: &str) -> &'static str {
    RUNTIME[key].as_str().unwrap()
}

fn client() -> FormationClient {
    FormationClient::builder()
        .base_url(runtime("url"))
        .admin_key(runtime("admin_key"))
        .client_key(runtime("client_key"))
        .timeout(Duration::from_secs(120))
        .build()
        .unwrap()
}

/// The reply of an operation. Its type must know all of it.
async fn ok<O, T>(call: Call<Async, O>) -> Response<T>
where
    O: Operation<Reply = reply::json<T>>,
    T: DeserializeOwned + Send + Sync + 'static,
{
    let name = O::ENDPOINT.name;
    let response = call.await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    let problems = check(O::ENDPOINT.reply_type, body.get("data").unwrap_or(&body));
    assert!(problems.is_empty(), "{name} gives {problems:#?} in {body:#}");
    response
}

/// The error of a call: its status, code and message.
async fn refused<O>(call: Call<Async, O>) -> (u16, String, String)
where
    O: Operation,
    O::Reply: Outcome<Output: Debug>,
{
    let error: Error = call.await.unwrap_err();
    (error.status().unwrap_or_default(), error.code().to_owned(), error.message().to_owned())
}

/// Asserts the status, the code and a part of the message of an error.
async fn refuses<O>(call: Call<Async, O>, status: u16, code: &str, words: &str)
where
    O: Operation,
    O::Reply: Outcome<Output: Debug>,
{
    let (found, name, message) = refused(call).await;
    assert_eq!((found, name.as_str()), (status, code), "{message}");
    assert!(message.contains(words), "{message}");
}

/// Repeats a step until it gives something.
async fn until<T, F: Future<Output = Option<T>>>(mut step: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = step().await {
            return found;
        }
        assert!(Instant::now() < deadline, "nothing came of it in 30 s");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The end of a request.
async fn outcome(client: &FormationClient, request_id: &str, user: &str) -> RequestStatus {
    client.wait_for_request(request_id, user, Duration::from_secs(30)).await.unwrap().into_inner()
}

/// A user whom no other test knows.
fn user() -> String {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    format!("rust-{now}-{count}")
}

/// Asks the stand-in for the language model.
fn llm(method: &str, path: &str, body: &[u8]) -> Value {
    let host = runtime("llm_url").strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(socket, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
        .unwrap();
    socket.write_all(body).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn every_operation_has_a_test() {
    let listed = Command::new(env::current_exe().unwrap()).arg("--list").output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let tested: BTreeSet<_> =
        listed.lines().filter_map(|line| line.strip_suffix(": test")?.rsplit("::").next()).collect();
    let missing: Vec<_> = ENDPOINTS.iter().map(|e| e.name).filter(|name| !tested.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
