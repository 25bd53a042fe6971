//! What becomes of connections that nobody uses.
#![allow(clippy::unwrap_used)]

use muxi_client::FormationClient;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::Builder,
};

const HEALTHY: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 57\r\n\r\n\
    {\"status\":\"healthy\",\"version\":\"1.0.0\",\"uptime_seconds\":1}";

fn client(address: std::net::SocketAddr) -> FormationClient {
    FormationClient::builder().url(format!("http://{address}")).max_retries(0).build().unwrap()
}

#[tokio::test]
async fn an_idle_connection_closes_by_itself() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(listener.local_addr().unwrap());
    let serve = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        let read = connection.read(&mut buffer).await.unwrap();
        assert!(buffer[..read].ends_with(b"\r\n\r\n"));
        connection.write_all(HEALTHY.as_bytes()).await.unwrap();
        connection
    };
    let (mut connection, reply) = tokio::join!(serve, client.health());
    assert_eq!(reply.unwrap().version, "1.0.0");

    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let closed = tokio::time::timeout(Duration::from_secs(60), connection.read(&mut [0; 1])).await;
    assert_eq!(closed.unwrap().unwrap(), 0);
    assert!((3..=9).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

/// Answers on each connection until it closes; tells of each.
fn serve(listener: TcpListener, accepted: mpsc::Sender<()>) {
    for connection in listener.incoming() {
        let mut connection: TcpStream = connection.unwrap();
        accepted.send(()).unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while matches!(connection.read(&mut buffer), Ok(1..)) {
                connection.write_all(HEALTHY.as_bytes()).unwrap();
            }
        });
    }
}

#[test]
fn a_client_outlives_the_runtime_of_its_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(listener.local_addr().unwrap());
    let (accepted, connections) = mpsc::channel();
    thread::spawn(move || serve(listener, accepted));
    for _ in 0..3 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..2 {
            let reply = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), client.health()).await });
            assert_eq!(reply.unwrap().unwrap().version, "1.0.0");
        }
    }
    assert_eq!(connections.try_iter().count(), 3, "one for each runtime");
}
