//! The rule for further attempts, on the wire.
#![allow(clippy::unwrap_used)]

use muxi_client::{CallOptions, FormationClient, Retry, client::Builder};
use muxi_local::{Fault, Server};
use std::time::Duration;

fn builder(server: &Server) -> Builder<muxi_client::client::Formation, muxi_client::client::Async> {
    let builder = FormationClient::builder().server_url(server.url()).formation_id(server.formation_id());
    builder.client_key(server.client_key())
}

/// Lets the next `times` turns fail.
fn fail(server: &Server, status: u16, times: u32) {
    server.fail(Fault::status(status).times(times).on("chat")).unwrap();
}

/// Sends again at once.
fn at_once(times: u32) -> Retry {
    Retry::new(times).base(Duration::ZERO)
}

#[tokio::test]
async fn a_client_has_a_rule_of_its_own() {
    let server = Server::builder().start().await.unwrap();
    let formation = builder(&server).retry(at_once(2).statuses([409])).build().unwrap();
    fail(&server, 409, 2);
    assert_eq!(formation.chat("hi").await.unwrap().text(), "Echo: hi");
    fail(&server, 503, 1);
    let error = formation.chat("hi").await.unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Some(503), 1));
}

#[tokio::test]
async fn a_call_and_a_copy_of_a_client_have_rules_of_their_own() {
    let server = Server::builder().start().await.unwrap();
    let formation = builder(&server).build().unwrap();
    fail(&server, 503, 2);
    assert_eq!(formation.chat("hi").retry(at_once(2)).await.unwrap().text(), "Echo: hi");

    let patient = formation.with_options(CallOptions::new().with_retry(at_once(1).statuses([409])));
    fail(&server, 409, 3);
    assert_eq!(patient.chat("hi").await.unwrap_err().attempts(), 2);
    fail(&server, 409, 3);
    // The number of the call, all else by the rule of the client.
    assert_eq!(patient.chat("hi").max_retries(0).await.unwrap_err().attempts(), 1);
    assert_eq!(patient.chat("hi").max_retries(3).await.unwrap().text(), "Echo: hi");
    // A rule of the call has a number of its own.
    fail(&server, 503, 1);
    let one = formation.with_options(CallOptions::new().with_max_retries(0));
    assert_eq!(one.chat("hi").retry(at_once(1)).await.unwrap().text(), "Echo: hi");
}

#[tokio::test]
async fn what_is_wrong_is_named_where_it_is_given() {
    let server = Server::builder().start().await.unwrap();
    let wrong = Retry::new(1).statuses([42]);
    let message = "retry: statuses must be from 100 to 599, got 42";
    assert_eq!(builder(&server).retry(wrong.clone()).build().unwrap_err().message(), message);
    let formation = builder(&server).build().unwrap();
    assert_eq!(formation.chat("hi").retry(wrong).await.unwrap_err().message(), message);
    let both = builder(&server).retry(Retry::new(1)).max_retries(2).build().unwrap_err();
    assert!(both.message().starts_with("max_retries and retry are given"), "{both}");
    assert!(server.requests().unwrap().is_empty());
}
