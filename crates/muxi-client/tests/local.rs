//! The parts that only Rust has, against a local server: runtimes, threads, dropped streams.
// A test that fails panics, in its helpers too.
#![allow(clippy::unwrap_used)]

use muxi_client::{ChatRequest, ErrorKind, FormationClient, api::types::RequestState, blocking};
use muxi_local::Server;
use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

fn slow(request_id: &str) -> ChatRequest {
    ChatRequest::new("[[slow]] one two three four five").request_id(request_id)
}

fn server() -> Server {
    Server::spawn(Server::builder()).unwrap()
}

fn formation(server: &Server) -> FormationClient {
    let builder = FormationClient::builder().server_url(server.url()).formation_id(server.formation_id());
    builder.client_key(server.client_key()).admin_key(server.admin_key()).build().unwrap()
}

fn blocking_formation(server: &Server) -> blocking::FormationClient {
    let builder = blocking::FormationClient::builder().server_url(server.url()).formation_id(server.formation_id());
    builder.client_key(server.client_key()).admin_key(server.admin_key()).build().unwrap()
}

#[tokio::test]
async fn a_blocking_call_in_an_async_runtime_is_an_error() {
    let server = server();
    let formation = blocking_formation(&server);
    let error = formation.health().send().unwrap_err();
    assert_eq!(error.code(), "BLOCKING_IN_ASYNC");
    // Closing and dropping it here must not panic either.
    formation.close();
    drop(formation);
}

#[test]
fn threads_share_a_blocking_client() {
    let server = server();
    let formation = Arc::new(blocking_formation(&server));
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let formation = formation.clone();
            thread::spawn(move || {
                for turn in 0..2 {
                    let text = format!("thread {n}, turn {turn}");
                    let mut turn = formation.chat_stream(format!("[[slow]] {text}")).user_id("ada").send().unwrap();
                    let answer = turn.text_deltas().collect::<Result<String, _>>().unwrap();
                    assert!(answer.ends_with(&text), "{answer}");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_share_a_client() {
    let server = server();
    let formation = formation(&server);
    let turns = (0..50).map(|n| {
        let formation = formation.clone();
        tokio::spawn(async move {
            let answer = formation.chat(format!("turn {n}")).user_id("ada").await?;
            assert!(answer.request_id().is_some() && answer.status() == 200);
            Ok::<_, muxi_client::Error>(answer.into_inner())
        })
    });
    for (n, turn) in turns.collect::<Vec<_>>().into_iter().enumerate() {
        let answer = turn.await.unwrap().unwrap();
        assert_eq!(answer.message.content.unwrap().text(), format!("Echo: turn {n}"));
    }
}

async fn status_after_leaving(formation: &FormationClient, request_id: &str) -> RequestState {
    for _ in 0..500 {
        let status = formation.get_request_status(request_id, "").await.unwrap().into_inner().status;
        if status.is_finished() {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    RequestState::Processing
}

#[tokio::test]
async fn dropping_a_stream_cancels_the_turn() {
    let server = server();
    let formation = formation(&server);
    let mut turn = formation.chat_stream(slow("req_dropped")).await.unwrap();
    assert_eq!(turn.ids().unwrap().request_id, "req_dropped");
    turn.next().await.unwrap().unwrap();
    drop(turn);
    assert_eq!(status_after_leaving(&formation, "req_dropped").await, RequestState::Cancelled);
}

#[test]
fn dropping_a_blocking_stream_cancels_the_turn() {
    let server = server();
    let formation = blocking_formation(&server);
    let mut turn = formation.chat_stream(slow("req_dropped")).send().unwrap();
    turn.next().unwrap().unwrap();
    drop(turn);
    let asking = self::formation(&server);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(status_after_leaving(&asking, "req_dropped")), RequestState::Cancelled);
}

#[tokio::test]
async fn a_closed_client_refuses_calls() {
    let server = server();
    let formation = formation(&server);
    let copy = formation.clone();
    formation.health().await.unwrap();
    formation.close();
    formation.close();
    assert_eq!(copy.health().await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn typed_replies_keep_what_they_do_not_know() {
    let server = server();
    let formation = formation(&server);
    formation.add_memory("ada", "note", "likes tea").metadata(BTreeMap::from([("mood", "good")])).await.unwrap();
    let memories = formation.get_memories("ada").limit(5).await.unwrap();
    assert_eq!((memories.memories.len(), memories.memories[0].content.as_str()), (1, "likes tea"));
    assert!(serde_json::to_string(&*memories).unwrap().contains("good"));
}
