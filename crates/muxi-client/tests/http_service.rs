//! The seam below a client: retries, keys, streams and errors over a service in memory.
#![allow(clippy::unwrap_used)]

mod peer;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use muxi_client::{
    ErrorKind, FormationClient,
    api::{event::Event, request::USER_HEADER},
    blocking,
    http_service::{Body, BoxError},
};
use serde::Deserialize;
use serde_json::json;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

fn builder() -> muxi_client::client::Builder<muxi_client::client::Formation, muxi_client::client::Async> {
    FormationClient::builder().url("http://in-memory").client_key("fmc").admin_key("fma")
}

#[tokio::test]
async fn what_the_service_refuses_is_tried_again_with_the_same_idempotency_key() {
    let tries = Arc::new(AtomicUsize::new(0));
    let keys = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (counted, noted) = (tries.clone(), keys.clone());
    let formation = builder()
        .max_retries(2)
        .http_service(move |request: Request<Body>| {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            noted.lock().unwrap().push(request.headers()["x-muxi-idempotency-key"].clone());
            async move {
                match number {
                    0 => Err::<_, BoxError>(Box::new(io::Error::other("the pigeon is lost"))),
                    1 => {
                        let mut busy = Response::new(Body::default());
                        *busy.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                        busy.headers_mut().insert("retry-after", "0".parse()?);
                        Ok(busy)
                    }
                    _ => {
                        let body = request.into_body().bytes().await?;
                        assert!(serde_json::from_slice::<serde_json::Value>(&body)?["message"] == "hi");
                        Ok(Response::new(Body::from(
                            json!({"success": true, "data": {"message": "hello", "user_id": "0"}}).to_string(),
                        )))
                    }
                }
            }
        })
        .build()
        .unwrap();
    assert_eq!(formation.chat("hi").await.unwrap().text(), "hello");
    let keys = keys.lock().unwrap();
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0]));
}

#[tokio::test]
async fn the_cause_of_a_failure_is_kept() {
    let formation = builder()
        .http_service(|_: Request<Body>| async {
            Err::<Response<Body>, BoxError>(Box::new(io::Error::other("the pigeon is lost")))
        })
        .build()
        .unwrap();
    let error = formation.health().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the pigeon is lost");
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_a_timeout() {
    let formation = builder()
        .timeout(Duration::from_millis(200))
        .http_service(|_: Request<Body>| std::future::pending::<Result<Response<Body>, BoxError>>())
        .build()
        .unwrap();
    assert_eq!(formation.health().await.unwrap_err().kind(), ErrorKind::Timeout);
}

fn streaming(_: Request<Body>) -> std::future::Ready<Result<Response<Body>, BoxError>> {
    let pieces = ["data: {\"token\":{\"type\":\"content\",\"con", "tent\":\"Hi\"}}\n\n", "event: done\ndata: {}\n\n"];
    let frames = pieces.map(|piece| Ok::<_, io::Error>(http_body::Frame::data(Bytes::from(piece))));
    let mut response = Response::new(Body::new(StreamBody::new(stream::iter(frames))));
    response.headers_mut().insert("content-type", "text/event-stream".parse().unwrap());
    std::future::ready(Ok(response))
}

#[tokio::test]
async fn streams_come_through_it() {
    let formation = builder().http_service(streaming).build().unwrap();
    assert_eq!(formation.chat_stream("hi").await.unwrap().final_text().await.unwrap(), "Hi");
    let mut events = formation.stream("POST", "/chat").json(json!({"message": "hi"})).await.unwrap();
    let first: Event = events.next().await.unwrap().unwrap();
    assert_eq!(first.text().as_deref(), Some("Hi"));
}

#[test]
fn a_blocking_client_takes_one_too() {
    let builder = blocking::FormationClient::builder().url("http://in-memory").client_key("fmc");
    let formation = builder.http_service(streaming).build().unwrap();
    assert_eq!(formation.chat_stream("hi").send().unwrap().final_text().unwrap(), "Hi");
}

#[derive(Debug, Deserialize, PartialEq)]
struct Weather {
    degrees: f64,
}

#[tokio::test]
async fn a_route_that_is_not_in_the_table_is_typed_by_its_caller() {
    let formation = builder()
        .http_service(|request: Request<Body>| async move {
            assert_eq!(request.uri(), "http://in-memory/v1/weather?city=S%C3%A3o%20Paulo&days=2");
            assert_eq!(request.method(), "PUT");
            assert_eq!(request.headers()[USER_HEADER], "ada");
            assert_eq!(request.headers()["x-muxi-client-key"], "fmc");
            assert_eq!(&request.into_body().bytes().await?[..], br#"{"unit":"C"}"#);
            Ok(Response::new(Body::from(
                r#"{"success":true,"request":{"id":"req_1"},"timestamp":1500,"data":{"degrees":21.5}}"#,
            )))
        })
        .build()
        .unwrap();
    let call = formation.request("put", "/weather").query("city", "São Paulo").query("days", 2).user_id("ada");
    let weather = call.json(json!({"unit": "C"})).reply_as::<Weather>().await.unwrap();
    assert_eq!((&*weather, weather.request_id()), (&Weather { degrees: 21.5 }, Some("req_1")));
    assert_eq!(weather.time(), Some(UNIX_EPOCH + Duration::from_millis(1500)));
    for path in ["weather", "/a b", "/a?b", "/../a"] {
        assert_eq!(formation.request("GET", path).await.unwrap_err().kind(), ErrorKind::InvalidArgument, "{path}");
    }
}

#[test]
fn options_of_connections_are_refused_beside_it() {
    let error = builder().proxy("http://proxy:3128").http_service(streaming).build().unwrap_err();
    assert!(error.message().starts_with("proxy has no effect"), "{error}");
}

/// An answer whose body is always ready with another piece, and never ends.
fn endless(kind: &'static str, piece: &'static str) -> Response<Body> {
    let pieces = stream::repeat_with(move || Ok::<_, io::Error>(Frame::data(Bytes::from_static(piece.as_bytes()))));
    let mut response = Response::new(Body::new(StreamBody::new(pieces)));
    response.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    response
}

/// The error that a call ends with over such an answer. Another thread watches, since a call that never yields ends by nothing.
fn ends(
    kind: &'static str,
    piece: &'static str,
    call: fn(FormationClient) -> BoxFuture<'static, muxi_client::Error>,
) -> String {
    peer::within_guard(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let service = move |_: Request<Body>| async move { Ok::<_, BoxError>(endless(kind, piece)) };
        let formation = builder().deadline(Duration::from_millis(200)).http_service(service).build().unwrap();
        runtime.block_on(async {
            // The clock of the limits stands still as long as nothing yields.
            let others = tokio::spawn(async {
                loop {
                    tokio::task::yield_now().await;
                }
            });
            let error = call(formation).await;
            others.abort();
            format!("{:?} {}", error.kind(), error.code())
        })
    })
}

#[test]
fn limits_end_what_a_peer_sends_without_end() {
    let reply = |formation: FormationClient| async move { formation.get_config().await.unwrap_err() }.boxed();
    let events = |formation: FormationClient| {
        async move {
            let mut events = formation.chat_stream("x").await.unwrap();
            events.next().await.unwrap().unwrap_err()
        }
        .boxed()
    };
    for piece in ["", " "] {
        assert_eq!(ends("application/json", piece, reply), "Timeout TIMEOUT", "{piece:?}");
    }
    for piece in ["", ":\n\n", "\n"] {
        assert_eq!(ends("text/event-stream", piece, events), "Timeout TIMEOUT", "{piece:?}");
    }
}

#[tokio::test]
async fn what_is_read_ahead_is_bounded_whatever_it_is_made_of() {
    const PIECE: usize = 64 << 10;
    let pieces = Arc::new(AtomicUsize::new(0));
    for event in ["event: {}\ndata: x\n\n", "data: {}\n\n"] {
        pieces.store(0, Ordering::SeqCst);
        let counted = pieces.clone();
        let service = move |_: Request<Body>| {
            let counted = counted.clone();
            let bytes = Bytes::from(event.replace("{}", &"n".repeat(PIECE)));
            let pieces = stream::repeat_with(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                Ok::<_, io::Error>(Frame::data(bytes.clone()))
            });
            let mut response = Response::new(Body::new(StreamBody::new(pieces)));
            response.headers_mut().insert("content-type", HeaderValue::from_static("text/event-stream"));
            async move { Ok::<_, BoxError>(response) }
        };
        let formation = builder().http_service(service).build().unwrap();
        let mut events = formation.chat_stream("x").await.unwrap();
        events.next().await.unwrap().unwrap();
        let read = pieces.load(Ordering::SeqCst) * PIECE;
        assert!(read <= 1 << 20, "{read} bytes of {event:?}");
    }
}

/// A chat stream of one event that long, in MiB.
async fn event_of(mebibytes: usize) -> Result<usize, muxi_client::Error> {
    let service = move |_: Request<Body>| {
        let piece = Bytes::from(vec![b'x'; 1 << 20]);
        let begin = stream::iter([Bytes::from_static(b"data: ")]);
        let end = stream::iter([Bytes::from_static(b"\n\nevent: done\ndata: {\"finished\":true}\n\n")]);
        let pieces = begin.chain(stream::iter(vec![piece; mebibytes])).chain(end);
        let mut response =
            Response::new(Body::new(StreamBody::new(pieces.map(|it| Ok::<_, io::Error>(Frame::data(it))))));
        response.headers_mut().insert("content-type", HeaderValue::from_static("text/event-stream"));
        async move { Ok::<_, BoxError>(response) }
    };
    let formation = builder().http_service(service).build().unwrap();
    let mut events = formation.stream("POST", "/chat").await?;
    Ok(events.next().await.unwrap()?.data.len())
}

#[tokio::test]
async fn an_event_has_at_most_128_mebibytes() {
    assert_eq!(event_of(127).await.unwrap(), 127 << 20);
    let error = event_of(129).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Connection, "EVENT_TOO_LONG"));
}

/// The error for a reply of status 404 with a body of that length.
async fn not_found(length: usize) -> muxi_client::Error {
    let body = format!(r#"{{"error":{{"code":"GONE_FISHING","message":"{}"}}}}"#, "x".repeat(length));
    let service = move |_: Request<Body>| {
        let mut response = Response::new(Body::from(body.clone()));
        *response.status_mut() = StatusCode::NOT_FOUND;
        async move { Ok::<_, BoxError>(response) }
    };
    builder().http_service(service).build().unwrap().health().await.unwrap_err()
}

#[tokio::test]
async fn an_error_is_read_from_at_most_one_mebibyte() {
    assert_eq!(not_found(1 << 19).await.code(), "GONE_FISHING");
    let error = not_found(1 << 20).await;
    assert_eq!((error.kind(), error.status(), error.code()), (ErrorKind::NotFound, Some(404), "NOT_FOUND"));
    assert_eq!(error.body(), b"");
}
