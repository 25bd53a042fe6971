//! The application over real sockets, on a local server.
#![allow(clippy::unwrap_used)]

use muxi_client::{FormationClient, api::types::RequestState};
use muxi_local::{Fault, Server};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::yield_now,
};

async fn start(formation: FormationClient) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, axum_chat::app(formation)).await });
    address
}

async fn local() -> (Server, FormationClient, SocketAddr) {
    let local = Server::builder().start().await.unwrap();
    let builder = FormationClient::builder().server_url(local.url()).formation_id(local.formation_id());
    let formation = builder.client_key(local.client_key()).build().unwrap();
    (local, formation.clone(), start(formation).await)
}

async fn send(address: SocketAddr, method: &str, path: &str, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json");
    socket.write_all(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    socket
}

/// The whole response to a question.
async fn ask(address: SocketAddr, message: &str) -> String {
    let question = json!({ "message": message, "session_id": "sess_1" }).to_string();
    let mut response = String::new();
    send(address, "POST", "/chat", &question).await.read_to_string(&mut response).await.unwrap();
    response
}

/// The data of the events with that name.
fn events(response: &str, name: &str) -> Vec<Value> {
    let head = format!("event: {name}\ndata: ");
    let parts = response.split(&head).skip(1);
    parts.map(|part| serde_json::from_str(part.lines().next().unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn shows_a_page() {
    let (_local, _, address) = local().await;
    let mut page = String::new();
    send(address, "GET", "/", "").await.read_to_string(&mut page).await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<title>Chat</title>"), "{page}");
}

#[tokio::test]
async fn streams_an_answer() {
    let (_local, _, address) = local().await;
    let response = ask(address, "How are you today?").await;
    assert!(response.starts_with("HTTP/1.1 200") && response.contains("content-type: text/event-stream"), "{response}");
    let slices = events(&response, "delta");
    assert!(slices.len() > 1, "{response}");
    let text: String = slices.iter().map(|slice| slice["text"].as_str().unwrap()).collect();
    assert_eq!(text, "Echo: How are you today?");
    let done = events(&response, "done");
    assert_eq!((&done[0]["status"], &done[0]["text"]), (&json!("success"), &json!(text)));
    assert_eq!(done[0]["session_id"], "sess_1");
}

#[tokio::test]
async fn tells_of_a_turn_that_failed_or_broke() {
    let (_local, _, address) = local().await;
    assert_eq!(events(&ask(address, "[[fail]]").await, "done")[0]["status"], "error");
    let broken = ask(address, "[[error]]").await;
    let error = &events(&broken, "error")[0];
    assert_eq!((&error["code"], &error["session_id"]), (&json!("INTERNAL_ERROR"), &json!("sess_1")));
    assert!(events(&broken, "done").is_empty(), "{broken}");
    assert_eq!(events(&ask(address, "[[cut]] one two three").await, "error")[0]["code"], "STREAM_CUT");
}

#[tokio::test]
async fn refuses_what_cannot_begin() {
    let (local, _, address) = local().await;
    local.fail(Fault::status(503).times(1).on("chat_stream")).unwrap();
    let refused = ask(address, "hi").await;
    assert!(refused.starts_with("HTTP/1.1 502") && refused.contains("cannot be reached"), "{refused}");
    assert!(!refused.contains(local.client_key()) && !refused.contains(local.url()), "{refused}");
    local.fail(Fault::status(429).times(1).on("chat_stream")).unwrap();
    assert!(ask(address, "hi").await.starts_with("HTTP/1.1 429"));
}

#[tokio::test]
async fn a_reader_who_leaves_cancels_the_turn() {
    let (_local, formation, address) = local().await;
    let question = json!({ "message": "[[wait 600000]] Think it over." }).to_string();
    let mut socket = send(address, "POST", "/chat", &question).await;
    let mut byte = [0];
    socket.read_exact(&mut byte).await.unwrap();
    drop(socket);
    loop {
        let turns = formation.get_requests("web").await.unwrap();
        if turns.requests.iter().any(|turn| turn.status == RequestState::Cancelled) {
            return;
        }
        yield_now().await;
    }
}
