//! Every operation over a socket, async and blocking: what arrives is what the row says.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Given, Seen, args, check_request, really_sent, rows, variants};
use futures_util::StreamExt;
use muxi_client::{
    CallOptions, EventStream,
    api::{
        auth::Signer,
        request::Request,
        table::{Api, Auth, Composite, Endpoint, Reply as Form, StreamEnd},
    },
    config::{Config, Settings},
    engine::{Driver, Transport},
};
use scripted::{Reply, Server};
use serde_json::json;
use std::future::Future;

#[test]
fn every_operation_async() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    send_all(|work| runtime.block_on(work));
}

#[test]
fn every_operation_blocking() {
    let driver = Driver::new().expect("a driver");
    send_all(|work| driver.run(work).expect("a driver outside an async runtime"));
}

type Work<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;

fn send_all(run: impl Fn(Work<'_>)) {
    let calls: Vec<(&Endpoint, Given)> =
        rows().flat_map(|row| variants(row).into_iter().map(move |given| (row, given))).collect();
    let server = Server::start(calls.iter().map(|(row, given)| reply(really_sent(row, given), given)).collect())
        .expect("a server");
    let apis = [Api::Server, Api::Formation].map(|api| Transport::new(config(api, server.url())).expect("a transport"));
    let request = |row: &'static Endpoint, given: &Given| args(row, given).build().expect(row.name);
    for (row, given) in &calls {
        let transport = &apis[usize::from(row.api == Api::Formation)];
        run(Box::pin(send(transport, request(row, given))));
    }
    let log = server.log();
    assert!(log.wrong.is_empty(), "{:?}", log.wrong);
    assert_eq!(log.requests.len(), calls.len());
    for (got, (row, given)) in log.requests.iter().zip(&calls) {
        let sent = really_sent(row, given);
        let target = if row.api == Api::Formation { got.target.trim_start_matches("/v1") } else { &got.target };
        let seen = Seen { method: &got.method, target, headers: got.headers.clone(), body: &got.body };
        check_request(row, given, &seen);
        let header = |name: &str| got.headers.get(name).map(String::as_str);
        assert_eq!(header("accept"), sent.is_stream().then_some("text/event-stream"), "{}", row.name);
        assert!(header("x-muxi-idempotency-key").is_some_and(|key| key.len() == 36), "{}", row.name);
        check_keys(sent, header, &got.method, target);
    }
    let sent: std::collections::HashSet<_> = calls.iter().map(|(row, _)| (row.api as u8, row.name)).collect();
    println!("{} operations in {} requests over {} connections", sent.len(), calls.len(), log.connections);
    assert_eq!(sent.len(), rows().count());
}

fn check_keys<'a>(row: &Endpoint, header: impl Fn(&str) -> Option<&'a str>, method: &str, target: &str) {
    let keys = (header("x-muxi-client-key"), header("x-muxi-admin-key"));
    let wanted = match row.auth {
        Auth::None | Auth::Hmac => (None, None),
        Auth::Admin => (None, Some("fma")),
        Auth::ClientOrAdmin if header("x-muxi-user-id").is_none() => (None, Some("fma")),
        Auth::Client | Auth::ClientOrAdmin => (Some("fmc"), None),
    };
    assert_eq!(keys, wanted, "{}", row.name);
    match (row.auth, header("authorization")) {
        (Auth::Hmac, Some(value)) => {
            let value = value.strip_prefix("MUXI-HMAC key=id, timestamp=").expect("a signature");
            let (timestamp, signature) = value.split_once(", signature=").expect("a signature");
            let path = target.split('?').next().unwrap_or_default();
            let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
            let timestamp = timestamp.parse().expect("a number");
            assert!(Signer::new("id", "secret").verify(timestamp, method, &path, signature), "{}", row.name);
        }
        (auth, value) => assert_eq!((auth == Auth::Hmac, value), (false, None), "{}", row.name),
    }
}

fn config(api: Api, url: &str) -> Config {
    let some = |text: &str| Some(text.to_owned());
    let mut settings = Settings { url: some(url), ..Settings::default() };
    match api {
        Api::Server => (settings.key_id, settings.secret_key) = (some("id"), some("secret")),
        Api::Formation => (settings.client_key, settings.admin_key) = (some("fmc"), some("fma")),
    }
    settings.check(api).expect("a configuration")
}

/// A reply of the form that the row promises.
fn reply(row: &Endpoint, given: &Given) -> Reply {
    let json = match (row.reply, row.flags.composite) {
        (Form::Events(end), _) => {
            let last = match end {
                StreamEnd::Done => "event: done\ndata: {}\n\n",
                StreamEnd::Complete => "event: complete\ndata: {}\n\n",
                StreamEnd::Open => "data: {}\n\n",
            };
            let headers = [("content-type".to_owned(), "text/event-stream".to_owned())].into();
            return Reply { headers, body: Some(last.to_owned()), ..Reply::default() };
        }
        (Form::Text | Form::Bytes, _) => return Reply { body: Some("pong".to_owned()), ..Reply::default() },
        (Form::Json, Some(Composite::PickSecret)) => {
            json!({ "secrets": { given["key"].as_str().expect("text"): "***" } })
        }
        (Form::Json, _) => json!({ "ok": true }),
    };
    Reply { json: Some(json!({ "success": true, "data": json })), ..Reply::default() }
}

async fn send(transport: &Transport, request: Request) {
    let name = request.endpoint.map_or("", |e| e.name);
    let options = CallOptions::default();
    if request.endpoint.is_some_and(Endpoint::is_stream) {
        let opened = transport.open(&request, &options).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        let events: Vec<_> = EventStream::new(opened).collect().await;
        assert!(events.len() == 1 && events.iter().all(Result::is_ok), "{name}: {events:?}");
    } else {
        let reply = transport.send(&request, &options).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(reply.status == 200 && !reply.body.is_empty(), "{name}");
    }
}
