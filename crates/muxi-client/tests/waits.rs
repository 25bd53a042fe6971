//! Waits for health, requests and ingestions, async and blocking, on the wire.
// A test that fails panics, in its helpers too.
#![allow(clippy::unwrap_used)]

use muxi_client::{
    ErrorKind, FormationClient,
    api::types::{HealthState, MemoryJobState, RequestState},
    blocking,
};
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::mpsc,
    thread,
    time::Duration,
};

const LONG: Duration = Duration::from_secs(40);
const SHORT: Duration = Duration::from_millis(300);

/// A server with those answers (status and body), the last for ever. The receiver gets the first line of each request.
fn server(answers: &[(u16, String)]) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (seen, lines) = mpsc::channel();
    let mut answers = answers.to_vec();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
            let (status, body) = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            );
            if seen.send(line).is_err() || stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    });
    (url, lines)
}

fn failed(status: u16) -> (u16, String) {
    (status, r#"{"success": false, "error": {"code": "NOT_YET", "message": "no"}}"#.to_owned())
}

fn health(word: &str) -> (u16, String) {
    (200, format!(r#"{{"status": "{word}", "version": "1", "uptime_seconds": 1}}"#))
}

fn state(word: &str) -> (u16, String) {
    let ids = r#""request_id": "req_1", "processing_id": "p_1""#;
    (200, format!(r#"{{"success": true, "data": {{{ids}, "status": "{word}", "created_at": 1.0}}}}"#))
}

fn client(url: &str) -> FormationClient {
    FormationClient::builder().base_url(url).client_key("k").build().unwrap()
}

fn blocking_client(url: &str) -> blocking::FormationClient {
    blocking::FormationClient::builder().base_url(url).client_key("k").build().unwrap()
}

#[tokio::test]
async fn health_is_waited_for() {
    let (url, lines) = server(&[failed(502), failed(503), health("unhealthy"), health("healthy")]);
    let reply = client(&url).wait_until_healthy(LONG).await.unwrap();
    assert_eq!(reply.status, HealthState::Healthy);
    assert_eq!(lines.try_iter().collect::<Vec<_>>(), ["GET /v1/health HTTP/1.1"; 4]);
    let (url, lines) = server(&[failed(404)]);
    let error = client(&url).wait_until_healthy(Duration::MAX).await.unwrap_err();
    assert_eq!((error.kind(), lines.try_iter().count()), (ErrorKind::NotFound, 1));
}

#[tokio::test]
async fn a_refused_connection_is_not_yet() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&url).wait_until_healthy(SHORT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let expected = "is not healthy within the deadline of 0.3 s: the last error was";
    assert!(error.message().contains(expected), "{error}");
}

#[tokio::test]
async fn the_end_of_a_request_and_of_an_ingestion_is_waited_for() {
    let (url, lines) = server(&[state("pending"), state("running"), state("failed")]);
    let reply = client(&url).wait_for_request("req_1", "ada", LONG).await.unwrap();
    assert_eq!(reply.status, RequestState::Failed);
    assert_eq!(lines.try_iter().collect::<Vec<_>>(), ["GET /v1/requests/req_1 HTTP/1.1"; 3]);
    let (url, lines) = server(&[state("queued"), state("completed")]);
    let reply = client(&url).wait_for_ingestion("p_1", "ada", LONG).await.unwrap();
    assert_eq!(reply.status, MemoryJobState::Completed);
    assert_eq!(lines.try_iter().collect::<Vec<_>>(), ["GET /v1/memories/ingestion/p_1 HTTP/1.1"; 2]);
}

#[tokio::test]
async fn a_request_may_be_unknown_to_the_first_polls() {
    let unknown = || failed(404);
    let (url, lines) = server(&[unknown(), unknown(), unknown(), state("running"), state("completed")]);
    let reply = client(&url).wait_for_request("req_1", "ada", LONG).await.unwrap();
    assert_eq!((reply.status.clone(), lines.try_iter().count()), (RequestState::Completed, 5));
    for (answers, polls) in [(vec![unknown()], 4), (vec![state("running"), unknown()], 2)] {
        let (url, lines) = server(&answers);
        let error = client(&url).wait_for_request("req_1", "ada", LONG).await.unwrap_err();
        assert_eq!((error.kind(), lines.try_iter().count()), (ErrorKind::NotFound, polls));
    }
}

#[tokio::test]
async fn a_deadline_tells_the_last_status() {
    let (url, _lines) = server(&[state("running")]);
    let error = client(&url).wait_for_request("req_1", "ada", SHORT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let expected = "request `req_1` has not ended within the deadline of 0.3 s: the last status was `running`";
    assert_eq!(error.message(), expected);
}

#[test]
fn blocking_clients_wait_too() {
    let (url, _lines) = server(&[failed(503), health("healthy"), state("running"), state("completed")]);
    let formation = blocking_client(&url);
    assert_eq!(formation.wait_until_healthy(LONG).unwrap().status, HealthState::Healthy);
    assert_eq!(formation.wait_for_request("req_1", "ada", LONG).unwrap().status, RequestState::Completed);
    assert_eq!(formation.wait_for_ingestion("p_1", "ada", LONG).unwrap().status, MemoryJobState::Completed);
}

#[tokio::test]
async fn closing_the_client_ends_the_wait() {
    let (url, lines) = server(&[state("running")]);
    let formation = client(&url);
    let closed = formation.clone();
    thread::spawn(move || {
        lines.recv().unwrap();
        closed.close();
        // Answers go on until the wait has noticed.
        lines.iter().for_each(drop);
    });
    let error = formation.wait_for_request("req_1", "ada", Duration::MAX).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}
