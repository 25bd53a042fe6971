//! Answers that are at the limits of what the client reads.
#![allow(clippy::unwrap_used)]

use muxi_client::{ErrorKind, FormationClient};
use std::fmt::Write;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const BODY: &str = "{\"status\":\"healthy\",\"version\":\"1.0.0\",\"uptime_seconds\":1}";

/// The outcome of a call that is answered with so many headers, the first of them with a value of that size.
async fn health(headers: usize, size: usize) -> muxi_client::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nx: {}\r\n", BODY.len(), "y".repeat(size));
        for number in 2..headers {
            write!(answer, "x-{number}: y\r\n").unwrap();
        }
        answer.push_str("\r\n");
        answer.push_str(BODY);
        // The client may have hung up.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.read(&mut request).await;
    });
    let client = FormationClient::builder().url(url).build().unwrap();
    let outcome = client.health().await.map(drop);
    server.abort();
    outcome
}

#[tokio::test]
async fn a_head_that_is_too_large_is_called_so() {
    health(256, 10).await.unwrap();
    health(100, 300_000).await.unwrap();
    for (headers, size) in [(257, 10), (1000, 10), (3, 2_000_000)] {
        let error = health(headers, size).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(error.message().contains("256 headers and about 400 KB"), "{error}");
    }
}
