//! Turns as a program handles them: spawned, relayed as text, kept as JSON, and told apart from failures.
#![allow(clippy::unwrap_used)]

mod peer;

use futures_util::Stream;
use muxi_client::{
    ChatEvent, ChatRequest, Error, ErrorKind, FormationClient, Result, Turn,
    api::{
        event::Event,
        events::{ActivityEvent, LifecycleEvent, LogEntryEvent, OutputEvent, RequestEvent, StreamEvent},
        params::{IdentifierOwner, NewIdentifier},
        turn::TurnReader,
        types::{ChatResult, TurnStatus},
    },
    blocking,
    bundle::BundleError,
};
use muxi_local::Server;
use peer::{STREAM, slice, wait_for_close};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use std::future::IntoFuture;

fn server() -> Server {
    Server::spawn(Server::builder()).unwrap()
}

fn formation(server: &Server) -> FormationClient {
    let builder = FormationClient::builder().server_url(server.url()).formation_id(server.formation_id());
    builder.client_key(server.client_key()).admin_key(server.admin_key()).build().unwrap()
}

#[tokio::test]
async fn calls_are_spawned_and_outlive_their_client() {
    let server = server();
    let formation = formation(&server);
    let (chat, health) = (formation.chat("hi").user_id("ada"), formation.request("GET", "/health"));
    drop(formation);
    let (chat, health) = (tokio::spawn(chat.into_future()), tokio::spawn(health.into_future()));
    assert_eq!(chat.await.unwrap().unwrap().text(), "Echo: hi");
    assert_eq!(health.await.unwrap().unwrap()["status"], "healthy");
}

#[tokio::test]
async fn texts_are_taken_in_every_form() {
    let server = server();
    let formation = formation(&server);
    let (user, session) = ("ada".to_owned(), "sess_1".to_owned());
    for request in [
        ChatRequest::new("hi").session_id("sess_1"),
        ChatRequest::new(&user).session_id(&session),
        ChatRequest::new(user.clone()).session_id(session.clone()),
    ] {
        formation.chat(request).user_id("ada").await.unwrap();
    }
    formation.chat("hi").user_id(&user).await.unwrap();
    formation.chat(&user).user_id(user.clone()).await.unwrap();
    formation.get_session(&session, &user).await.unwrap();
    formation.get_session(session, user.clone()).await.unwrap();
    let scopes = "user".to_owned();
    formation.get_memories(&user).scopes(&scopes).await.unwrap();
    formation.get_memories(&user).scopes(scopes).await.unwrap();
    let owner = [IdentifierOwner::from("usr_1"), "usr_1".to_owned().into(), (&"usr_1".to_owned()).into()];
    assert!(owner.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(NewIdentifier::from(&user), NewIdentifier::from(user));
}

fn goes_anywhere<T: Stream<Item = Result<String>> + Send + 'static>(_: &T) {}

#[tokio::test]
async fn text_deltas_that_own_their_stream_go_anywhere_and_give_the_turn() {
    let server = server();
    let formation = formation(&server);
    let mut answer = formation.chat_stream("hi").user_id("ada").await.unwrap().into_text_deltas();
    goes_anywhere(&answer);
    let (text, turn) = tokio::spawn(async move {
        let mut text = String::new();
        while let Some(slice) = answer.next().await {
            text.push_str(&slice.unwrap());
        }
        (text, answer.into_inner().collect_turn().await.unwrap())
    })
    .await
    .unwrap();
    assert_eq!((text.as_str(), turn.status), ("Echo: hi", Some(TurnStatus::Success)));
}

#[test]
fn blocking_text_deltas_that_own_their_stream_are_a_static_iterator() {
    let server = server();
    let builder = blocking::FormationClient::builder().server_url(server.url()).formation_id(server.formation_id());
    let formation = builder.client_key(server.client_key()).build().unwrap();
    let answer = formation.chat_stream("hi").user_id("ada").send().unwrap().into_text_deltas();
    let boxed: Box<dyn Iterator<Item = Result<String>> + Send> = Box::new(answer);
    assert_eq!(boxed.collect::<Result<String>>().unwrap(), "Echo: hi");
}

#[tokio::test]
async fn dropping_owned_text_deltas_closes_the_connection() {
    let (url, connections) = peer::formation(format!("{STREAM}{}", slice("one")));
    let formation = FormationClient::builder().url(url).client_key("k").build().unwrap();
    let mut answer = formation.chat_stream("hi").await.unwrap().into_text_deltas();
    assert_eq!(answer.next().await.unwrap().unwrap(), "one");
    drop(answer);
    wait_for_close(&connections.recv().unwrap());
}

fn check_failure(error: &Error, code: &str) {
    assert_eq!((error.kind(), error.code(), error.status()), (ErrorKind::Api, code, None));
    assert_eq!((error.session_id(), error.request_id()), (Some("sess_1"), Some("req_1")));
    assert!(!error.message().is_empty() && !error.is_retryable());
}

#[tokio::test]
async fn a_turn_that_failed_is_an_error_for_its_status() {
    let server = server();
    let formation = formation(&server);
    let request = |text: &str| ChatRequest::new(text).session_id("sess_1").request_id("req_1");
    let turn = formation.chat_stream(request("[[fail]]")).user_id("ada").await.unwrap().collect_turn().await.unwrap();
    assert_eq!(turn.status, Some(TurnStatus::Error));
    let error = turn.error_for_status_ref().unwrap_err();
    check_failure(&error, "TURN_FAILED");
    assert_eq!(error.message(), turn.text);
    assert_eq!(turn.error_for_status().unwrap_err().code(), "TURN_FAILED");

    let turn = formation.chat_stream("[[clarify]]").await.unwrap().collect_turn().await.unwrap();
    assert!(turn.error_for_status().unwrap().asks_back());
    let answer = formation.chat(request("hi")).user_id("ada").await.unwrap().error_for_status().unwrap();
    assert_eq!(answer.text(), "Echo: hi");
    let error = formation.chat(request(&"x".repeat(100_001))).user_id("ada").await.unwrap().error_for_status();
    check_failure(&error.unwrap_err(), "INPUT_VALIDATION_ERROR");
}

#[test]
fn each_way_of_failing_has_its_code() {
    for (metadata, code) in [
        (r#"{"escalated":true,"request_id":"req_1","session_id":"sess_1","delivery":"polling"}"#, "TURN_ESCALATED"),
        (r#"{"cancelled":true,"request_id":"req_1","session_id":"sess_1"}"#, "TURN_CANCELLED"),
        (r#"{"error_code":"E","request_id":"req_1","session_id":"sess_1"}"#, "E"),
    ] {
        let json = format!(r#"{{"user_id":"ada","message":{{"content":"","metadata":{metadata}}}}}"#);
        let reply: ChatResult = serde_json::from_str(&json).unwrap();
        check_failure(&reply.error_for_status().unwrap_err(), code);
    }
}

/// As JSON and back, and again.
fn kept<T: Serialize + DeserializeOwned>(value: &T) {
    let json = serde_json::to_value(value).unwrap();
    let again: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), json);
}

#[tokio::test]
async fn events_and_turns_are_kept_as_json() {
    let server = server();
    let formation = formation(&server);
    let mut stream = formation.chat_stream("[[options]] [[artifact]] hi").user_id("ada").await.unwrap();
    let mut kinds = Vec::new();
    while let Some(event) = stream.next().await {
        let event = event.unwrap();
        kept(&event);
        kinds.push(serde_json::to_value(&event).unwrap()["type"].as_str().unwrap().to_owned());
    }
    for kind in ["token", "ui", "done"] {
        assert!(kinds.iter().any(|known| known == kind), "{kinds:?}");
    }
    let turn = stream.collect_turn().await.unwrap();
    kept(&turn);
    assert_eq!(serde_json::from_value::<Turn>(serde_json::to_value(&turn).unwrap()).unwrap().text, turn.text);

    let odd = muxi_client::api::event::Event { event: "mood".into(), data: "[1".to_owned() };
    kept(&ChatEvent::from_event(odd.clone()));
    kept(&LifecycleEvent::from_event(odd.clone()));
    kept(&OutputEvent::from_event(odd.clone()));
    kept(&ActivityEvent::from_event(odd.clone()));
    kept(&RequestEvent::from_event(odd.clone()));
    kept(&LogEntryEvent::from_event(odd));
}

#[test]
fn errors_are_values() {
    assert_eq!(ErrorKind::RateLimit.to_string(), "RateLimit");
    assert_eq!(format!("{:>8}", ErrorKind::Api), "     Api");
    let error = Error::from(BundleError::Empty);
    assert_eq!((error.kind(), error.status()), (ErrorKind::InvalidArgument, None));
    assert!(error.message().contains("the bundle is empty"));
    assert!(std::error::Error::source(&error).unwrap().is::<BundleError>());
    let made = || -> Result<()> { Err(BundleError::Empty)? };
    assert_eq!(made().unwrap_err().clone().to_string(), error.to_string());
}

#[test]
fn a_last_token_without_text_leaves_the_slices() {
    let event =
        |token: serde_json::Value| Event { event: "message".into(), data: json!({ "token": token }).to_string() };
    let slice = event(json!({ "type": "content", "content": "one two" }));
    for (content, odd) in
        [(json!(null), json!(1)), (json!(5), json!(1)), (json!(["a"]), json!(1)), (json!(""), json!("odd"))]
    {
        let last = event(json!({
            "type": "completed", "content": content, "status": "error", "processing_time_ms": odd,
        }));
        let (mut by_event, mut typed) = (TurnReader::default(), TurnReader::default());
        for event in [&slice, &last] {
            by_event.read(event);
            typed.take(&ChatEvent::from_event(event.clone()));
        }
        for reader in [by_event, typed] {
            let turn = reader.turn();
            assert_eq!((turn.text.as_str(), turn.status.clone()), ("one two", Some(TurnStatus::Error)));
            assert!(turn.error_for_status().is_err());
        }
    }
}
