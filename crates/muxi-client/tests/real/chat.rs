//! Chat turns, sessions, requests and streams.

use super::*;
use futures_util::TryStreamExt;
use muxi_client::{
    ChatEvent, ChatRequest, ChatStream, Events, File,
    api::{
        events::StreamEvent,
        params::RestoredMessage,
        types::{LogLevel, RequestState, TokenKind, WidgetKind},
    },
};

/// Reads a turn to its end. The types must know all that it brings.
async fn read(stream: ChatStream) -> (String, Option<String>) {
    let (mut slices, mut whole) = (String::new(), None);
    for event in stream.into_raw().try_collect::<Vec<_>>().await.unwrap() {
        let value: Value = event.json().unwrap();
        let problems = check("ChatFrame", &value);
        assert!(problems.is_empty(), "{problems:#?} in {value:#}");
        match ChatEvent::from_event(event) {
            ChatEvent::Token(token) if token.kind == TokenKind::Content => slices.push_str(&token.content),
            ChatEvent::Token(token) if token.kind == TokenKind::Completed => whole = Some(token.content),
            ChatEvent::Other(event) => panic!("an unknown event: {event:?}"),
            _ => {}
        }
    }
    (slices, whole)
}

/// Streams a turn: its slices joined, and the whole answer.
pub(crate) async fn turn(client: &FormationClient, user: &str, message: &str) -> (String, Option<String>) {
    read(client.chat_stream(message).user_id(user).await.unwrap()).await
}

/// Chats: the ids of the session and of the request.
async fn said(client: &FormationClient, user: &str) -> (String, String) {
    let reply = ok(client.chat("Please explain rivers").user_id(user)).await;
    (reply.session_id.clone().unwrap(), reply.request_id.clone().unwrap())
}

fn voice() -> File {
    File::from_bytes("a.wav", "audio/wav", b"RIFF0000")
}

#[tokio::test]
async fn chat() {
    let (client, user) = (client(), user());
    for message in ["Hello!", "Please explain rivers", "Please explain [[clarify]]", "I want to refund my order"] {
        assert!(ok(client.chat(message).user_id(&user)).await.message.content.is_some());
    }
    let card = ok(client.chat("Please explain [[tool:card]]").user_id(&user)).await;
    assert_eq!(card.message.ui[0].kind, WidgetKind::McpResource);
    let lost = ChatRequest::new("Please explain").agent_id("nobody");
    assert_eq!(ok(client.chat(lost).user_id(&user)).await.message.metadata.as_ref().unwrap().escalated, Some(true));
    let file = "Please explain [[tool:file]]";
    refuses(client.chat(file).user_id(&user).max_retries(3), 500, "INTERNAL_ERROR", "use the stream").await;
    // It ran once: no retry gets past this.
    let made = until(|| async { ok(client.list_artifacts(&user)).await.artifacts.first().cloned() }).await;
    assert_eq!(made.version, 1);
}

#[tokio::test]
async fn chat_stream() {
    let (client, user) = (client(), user());
    for message in
        ["Hello!", "Please explain [[long:20]]", "Please explain [[tool:add]]", "Please explain [[tool:file]]"]
    {
        let (slices, whole) = turn(&client, &user, message).await;
        assert!(!slices.is_empty() && Some(slices) == whole);
    }
    for message in ["Please explain [[clarify]]", "I want to refund my order", "Please explain [[tool:card]]"] {
        assert!(turn(&client, &user, message).await.1.is_some());
    }
}

#[tokio::test]
async fn audio_chat() {
    let (client, user) = (client(), user());
    let reply = ok(client.audio_chat(voice()).user_id(&user)).await;
    assert_eq!(reply.message.content.as_ref().unwrap().text(), "Stub answer to: hello from the voice note");
}

#[tokio::test]
async fn audio_chat_stream() {
    let (client, user) = (client(), user());
    let (slices, whole) = read(client.audio_chat_stream(voice()).user_id(&user).await.unwrap()).await;
    assert_eq!(whole, Some(slices));
}

#[tokio::test]
async fn get_sessions() {
    let (client, user) = (client(), user());
    let (session, _) = said(&client, &user).await;
    assert_eq!(ok(client.get_sessions(&user).limit(10)).await.sessions[0].session_id, session);
}

#[tokio::test]
async fn get_session() {
    let (client, user) = (client(), user());
    let (session, _) = said(&client, &user).await;
    assert_eq!(ok(client.get_session(&session, &user)).await.user_id, user);
}

#[tokio::test]
async fn get_session_messages() {
    let (client, user) = (client(), user());
    let (session, request) = said(&client, &user).await;
    let listed = ok(client.get_session_messages(&session, &user).limit(1000)).await;
    assert_eq!(listed.messages[0].text, "Please explain rivers");
    assert_eq!(listed.messages[0].metadata.request_id.as_deref(), Some(request.as_str()));
}

#[tokio::test]
async fn restore_session() {
    let (client, user) = (client(), user());
    ok(client.clear_all_buffers()).await;
    let talk = [RestoredMessage::user("Hi", "2026-01-01T00:00:00Z")];
    assert_eq!(ok(client.restore_session(&user, &user, &talk)).await.messages_loaded, 1);
    assert_eq!(ok(client.get_session_messages(&user, &user)).await.messages[0].text, "Hi");
}

#[tokio::test]
async fn get_requests() {
    let (client, user) = (client(), user());
    let (_, request) = said(&client, &user).await;
    assert_eq!(ok(client.get_requests(&user)).await.requests[0].request_id, request);
}

#[tokio::test]
async fn get_request_status() {
    let (client, user) = (client(), user());
    let (_, request) = said(&client, &user).await;
    assert_eq!(ok(client.get_request_status(&request, &user)).await.status, RequestState::Completed);
    refuses(client.get_request_status(&request, "another"), 403, "FORBIDDEN", "").await;
}

#[tokio::test]
async fn cancel_request() {
    let (client, user) = (client(), user());
    let stream = client.chat_stream("Please explain [[slow:20]]").user_id(&user).await.unwrap();
    let request = stream.ids().unwrap().request_id.clone();
    until(|| async { ok(client.get_requests(&user)).await.requests.first().map(|_| ()) }).await;
    assert_eq!(ok(client.cancel_request(&request, &user)).await.status, RequestState::Cancelled);
    assert_eq!(outcome(&client, &request, &user).await.status, RequestState::Cancelled);
    drop(stream); // it would never end
    refuses(client.cancel_request("req_nothing", &user), 404, "NOT_FOUND", "").await;
}

#[tokio::test]
async fn stream_events() {
    assert_silent(client().stream_events(user()).deadline(Duration::from_secs(2)).await.unwrap()).await;
}

#[tokio::test]
async fn stream_session_events() {
    assert_silent(client().stream_session_events("s", user()).deadline(Duration::from_secs(2)).await.unwrap()).await;
}

#[tokio::test]
async fn stream_logs() {
    assert_silent(client().stream_logs().level(LogLevel::Debug).deadline(Duration::from_secs(2)).await.unwrap()).await;
}

/// The shipped runtime sends nothing here.
async fn assert_silent<E: StreamEvent + Debug>(stream: Events<E>) {
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap_err().code(), "TIMEOUT");
}

#[tokio::test]
async fn stream_request() {
    refuses(client().stream_request(user(), "s", "r"), 500, "INTERNAL_ERROR", "poll get_request_status").await;
}
