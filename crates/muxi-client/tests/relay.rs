//! Turns as the bytes of a response to a browser.
#![allow(clippy::unwrap_used)]

mod peer;

use futures_util::Stream;
use muxi_client::{ChatStream, FormationClient, Relay, api::event::Event, api::sse::SseParser, stream::SseBytes};
use peer::{DONE, STREAM, slice, wait_for_close};
use serde_json::{Value, json};
use std::{convert::Infallible, io::Write, time::Duration};

const IDS: &str = r#""request_id":"req_1","session_id":"sess_1""#;

async fn open(url: &str) -> ChatStream {
    let formation = FormationClient::builder().url(url).client_key("secret-key").build().unwrap();
    let request = muxi_client::ChatRequest::new("hi").session_id("sess_1").request_id("req_1");
    formation.chat_stream(request).await.unwrap()
}

/// The whole body of the response for a turn whose stream has these events.
async fn relayed(events: &str, relay: Relay) -> String {
    let (url, connections) = peer::formation(format!("{STREAM}{events}"));
    let mut body = open(&url).await.into_sse(relay);
    drop(connections.recv().unwrap());
    let mut text = String::new();
    while let Some(bytes) = body.next().await {
        text.push_str(std::str::from_utf8(&bytes.unwrap()).unwrap());
    }
    assert!(body.next().await.is_none());
    text
}

fn parsed(text: &str) -> Vec<(String, Value)> {
    let mut events: Vec<Event> = Vec::new();
    SseParser::new(1 << 20).push(text.as_bytes(), |event| events.push(event)).unwrap();
    events.iter().map(|event| (event.event.to_string(), event.json().unwrap())).collect()
}

fn is_a_body<T: Stream<Item = Result<bytes::Bytes, Infallible>> + Send + 'static>(_: &T) {}

#[tokio::test]
async fn text_is_relayed_slice_by_slice_and_ends_with_the_result() {
    let last = r#"data: {"token":{"type":"completed","content":"one two","status":"success"}}"#;
    let text = relayed(&format!("{}{}{last}\n\n{DONE}", slice("one "), slice("two")), Relay::text()).await;
    let want = r#"event: delta
data: {"text":"one "}

event: delta
data: {"text":"two"}

event: done
data: {"status":"success","session_id":"sess_1","request_id":"req_1","text":"one two"}

"#;
    assert_eq!(text, want);
}

#[tokio::test]
async fn a_turn_without_a_status_ends_with_none() {
    let events = parsed(&relayed(&format!("{}{DONE}", slice("a")), Relay::text()).await);
    assert_eq!(events[1].1["status"], Value::Null);
}

#[tokio::test]
async fn events_are_relayed_as_they_came() {
    let sent = format!("{}event: ui\ndata: {{\"ui\":[]}}\n\nevent: mood\ndata: 1\ndata: 2\n\n{DONE}", slice("a"));
    let text = relayed(&sent, Relay::events()).await;
    assert_eq!(text, sent.replacen("data:", "event: message\ndata:", 1));
}

#[tokio::test]
async fn a_failure_is_the_last_event() {
    for relay in [Relay::text(), Relay::events()] {
        let sent = "event: error\ndata: {\"error\":\"it broke\",\"type\":\"RuntimeError\"}\n\n";
        let text = relayed(&format!("{}{sent}", slice("a")), relay).await;
        let last = format!("event: error\ndata: {{\"code\":\"INTERNAL_ERROR\",\"message\":\"it broke\",{IDS}}}\n\n");
        assert!(text.ends_with(&last), "{text}");
        let cut = relayed(&slice("a"), relay).await;
        let (name, data) = parsed(&cut).pop().unwrap();
        assert_eq!(
            (name.as_str(), &data["code"], &data["request_id"]),
            ("error", &json!("STREAM_CUT"), &json!("req_1"))
        );
        assert!(!cut.contains("secret-key") && !cut.contains("event: done"));
    }
}

#[tokio::test]
async fn a_turn_that_is_closed_ends_with_an_error() {
    for relay in [Relay::text(), Relay::events()] {
        let (url, connections) = peer::formation(format!("{STREAM}{}", slice("a")));
        let stream = open(&url).await;
        let close = stream.close_handle();
        let mut body = stream.into_sse(relay);
        assert!(body.next().await.is_some());
        close.close();
        let last = body.next().await.unwrap().unwrap();
        let message = "the stream was closed before its end";
        let data = format!("{{\"code\":\"STREAM_CLOSED\",\"message\":\"{message}\",{IDS}}}");
        assert_eq!(last, format!("event: error\ndata: {data}\n\n"));
        assert!(body.next().await.is_none());
        wait_for_close(&connections.recv().unwrap());
    }
}

#[tokio::test]
async fn silence_is_filled_with_comments() {
    let (url, connections) = peer::formation(STREAM);
    let mut body = open(&url).await.into_sse(Relay::text().keepalive(Duration::from_millis(1)));
    let mut server = connections.recv().unwrap();
    for _ in 0..3 {
        assert_eq!(body.next().await.unwrap().unwrap(), ": keepalive\n\n");
    }
    server.write_all(slice("a").as_bytes()).unwrap();
    let event = loop {
        let bytes = body.next().await.unwrap().unwrap();
        if bytes != ": keepalive\n\n" {
            break bytes;
        }
    };
    assert_eq!(event, "event: delta\ndata: {\"text\":\"a\"}\n\n");
}

#[tokio::test]
async fn dropping_the_body_closes_the_connection() {
    let (url, connections) = peer::formation(STREAM);
    let mut body: SseBytes = open(&url).await.into_sse(Relay::events().keepalive(Duration::MAX));
    is_a_body(&body);
    let waiting = tokio::time::timeout(Duration::from_millis(1), body.next()).await;
    assert!(waiting.is_err());
    drop(body);
    wait_for_close(&connections.recv().unwrap());
}
