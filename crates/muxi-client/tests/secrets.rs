//! No error and no `Debug` form shows a key, a password or a secret.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use http::{Request, Response};
use muxi_client::{
    CallOptions, ErrorKind, FormationClient, ServerClient,
    api::{arg::Arg, args::Args, table, table::Api},
    blocking,
    config::{ProxySetting, Setting, SettingValue, Settings, rows},
    http_service::{Body, BoxError},
};
use serde_json::json;
use std::fmt::Debug;

/// The secret in all that follows.
const SECRET: &str = "S3CRET";

fn assert_hidden(what: &str, shown: &str) {
    assert!(!shown.contains("S3C"), "{what}: {shown}");
}

fn hides(value: &(impl Debug + ?Sized)) {
    assert_hidden("Debug", &format!("{value:?} {value:#?}"));
}

#[test]
fn settings_and_options() {
    let options = CallOptions::new().with_header("Authorization", SECRET).with_header("x-one", SECRET);
    hides(&options);
    assert!(format!("{options:?}").contains("Authorization"));
    let proxy = format!("http://me:{SECRET}@127.0.0.1:9");
    let builder = FormationClient::builder().url("http://h").proxy(&proxy).header("x-one", SECRET).admin_key(SECRET);
    hides(&builder);
    let mut settings = Settings::default();
    for (row, value) in [
        (&rows::url, SettingValue::Text("http://h".to_owned())),
        (&rows::proxy, SettingValue::Text(proxy)),
        (&rows::client_key, SettingValue::Text(SECRET.to_owned())),
        (&rows::headers, SettingValue::Headers(vec![("x".to_owned(), SECRET.to_owned())])),
    ] {
        hides(&value);
        settings.set(row, value).unwrap();
    }
    hides(&settings);
    hides(&settings.proxy);
    hides(&settings.check(Api::Formation).unwrap());
    hides(&builder.build().unwrap().with_options(options));
    let server = ServerClient::builder().url("http://h").key_id("k").secret_key(SECRET).build().unwrap();
    hides(&server);
    assert_eq!(format!("{:?}", ProxySetting::Off), "Off");
}

#[tokio::test]
async fn a_url_that_is_too_long() {
    let client = FormationClient::builder().url("http://127.0.0.1:9").build().unwrap();
    let error = client.request("GET", "/x").query("token", SECRET.repeat(11_000)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("66009 bytes: uri too long"), "{error}");
    hides(&error);
}

#[test]
fn arguments_and_requests() {
    for endpoint in [Api::Server, Api::Formation].into_iter().flat_map(|api| table::all(api).iter().copied()) {
        let mut args = Args::new(endpoint);
        for (at, param) in endpoint.params.iter().enumerate() {
            let value = match param.kind {
                table::Kind::Str => Arg::Str(SECRET.to_owned()),
                table::Kind::Bytes => Arg::Bytes(Bytes::from(SECRET)),
                table::Kind::Json | table::Kind::Object => Arg::json(&json!({ "key": SECRET })),
                table::Kind::List => Arg::json(&[SECRET]),
                _ => continue,
            };
            hides(&value);
            args.set_at(at, Some(value));
        }
        hides(&args);
        // An id may stand in a path; what is sent in a body, a header or a query is not shown.
        let has_id = |target: &str| target.split('?').next().unwrap().contains(SECRET);
        if let Ok(request) = args.build()
            && !has_id(&request.target)
        {
            hides(&request.with_idempotency_key(Some("mine".to_owned())));
        }
    }
}

async fn answered(body: serde_json::Value) -> FormationClient {
    let body = body.to_string();
    let service = move |request: Request<Body>| {
        hides(&request);
        let answer = Response::builder().header("set-cookie", SECRET).body(Body::from(body.clone()));
        async move { answer.map_err(BoxError::from) }
    };
    let builder = FormationClient::builder().url("http://in-memory").admin_key(SECRET).client_key(SECRET);
    builder.header("x-token", SECRET).http_service(service).build().unwrap()
}

#[tokio::test]
async fn replies_that_are_not_what_was_promised() {
    let wrong = [
        json!({"success": true, "data": SECRET}),
        json!({"success": true, "data": {"secrets": SECRET}}),
        json!({"success": true, "data": {"secrets": {"OPENAI": [SECRET]}, "count": SECRET}}),
        json!({"success": true, "data": {"credentials": [SECRET]}}),
        json!([SECRET]),
        json!(SECRET),
    ];
    for body in wrong {
        let formation = answered(body.clone()).await;
        for error in [
            formation.get_secrets().await.map(drop).err(),
            formation.get_secret("OPENAI").await.map(drop).err(),
            formation.list_credentials("ada").await.map(drop).err(),
            formation.create_secret("A", SECRET).await.map(drop).err(),
        ]
        .into_iter()
        .flatten()
        {
            hides(&error);
            assert!(!error.to_string().contains(SECRET), "{error}");
        }
    }
    // JSON that is cut, and a page that is none.
    for (body, is_shown) in
        [(format!("{{\"data\": {{\"key\": \"a\", \"value\": \"{SECRET}"), false), ("<html>".to_owned(), true)]
    {
        let service = move |_: Request<Body>| {
            let answer = Response::new(Body::from(body.clone()));
            async move { Ok::<_, BoxError>(answer) }
        };
        let builder = FormationClient::builder().url("http://in-memory").admin_key("k").http_service(service);
        let error = builder.build().unwrap().get_secret("a").await.unwrap_err();
        hides(&error);
        assert!(!error.to_string().contains(SECRET), "{error}");
        assert_eq!(error.to_string().contains("it begins with \"<html>\""), is_shown, "{error}");
    }
}

#[tokio::test]
async fn replies() {
    let secrets = json!({"success": true, "data": {"secrets": {"OPENAI": SECRET}, "count": 1, "more": SECRET}});
    let formation = answered(secrets).await;
    let list = formation.get_secrets().await.unwrap();
    assert_eq!(list.secrets["OPENAI"], SECRET);
    hides(&list);
    hides(&*list);
    let secret = formation.get_secret("OPENAI").header("x-call", SECRET).await.unwrap();
    assert_eq!(secret.value, SECRET);
    hides(&secret);
    hides(&secret.into_inner());
    let credentials =
        json!({"credentials": [{"credential_id": "c", "credential_preview": SECRET, "value": SECRET}], "count": 1});
    let list = answered(credentials).await.list_credentials("ada").await.unwrap();
    assert_eq!(list.credentials[0].credential_preview, Some(SECRET.into()));
    hides(&list);
    let plain = answered(json!({"status": "healthy", "version": "1.0.0", "uptime_seconds": 1})).await;
    let healthy = plain.health().await.unwrap();
    hides(&healthy);
    assert!(format!("{healthy:?}").contains("1.0.0"), "what is no secret is shown");
}

/// URLs with a user and a password, most of them wrong in some way.
fn malformed() -> Vec<String> {
    let passwords = [
        SECRET.to_owned(),
        format!("{SECRET} x"),
        format!("{SECRET}#x"),
        format!("x#{SECRET}"),
        format!("{SECRET}/x"),
        format!("1/{SECRET}"),
        format!("80?{SECRET}"),
        format!("x@{SECRET}"),
        format!("{SECRET}@"),
        format!("{SECRET}:x"),
        format!("80:{SECRET}"),
        format!("{SECRET}[x"),
        format!("{SECRET}%zz"),
        format!("{SECRET}\\x"),
        format!("{SECRET}\"<x>"),
        format!("{SECRET}\u{df}\u{2028}"),
        format!("{SECRET}\n"),
    ];
    let shapes = [
        "http://me:PW@127.0.0.1:1",
        "http://:PW@127.0.0.1:1",
        "http://me:PW@127.0.0.1:1:2",
        "http://me:PW@127.0.0.1:99999/v1",
        "http://me:PW@",
        "http://me:PW",
        "http://me:PW\u{ff20}127.0.0.1",
        "http://me:PW%40127.0.0.1:1",
        "http:/me:PW@127.0.0.1",
        "http:\\\\me:PW@127.0.0.1",
        "me:PW@127.0.0.1:1",
        "//me:PW@127.0.0.1:1",
        "ftp://me:PW@127.0.0.1:1",
        "https://me:PW@[::1",
        "socks4://me:PW@127.0.0.1:1",
        "://me:PW@127.0.0.1",
    ];
    let all = shapes.iter().flat_map(|shape| passwords.iter().map(move |password| (shape, password)));
    // Without an @ after it, that is a host, or a path.
    let is_one = |shape: &str, password: &str| shape.contains('@') || !password.contains(['/', '@']);
    all.filter(|(shape, password)| is_one(shape, password))
        .map(|(shape, password)| shape.replace("PW", password))
        .collect()
}

#[test]
fn passwords_in_malformed_urls() {
    let all = malformed();
    assert!(all.len() > 200);
    let builder =
        || blocking::FormationClient::builder().client_key("k").connect_timeout(std::time::Duration::from_secs(9));
    for url in &all {
        let made = [
            ("base_url", builder().base_url(url)),
            ("url", builder().url(url)),
            ("server_url", builder().server_url(url).formation_id("f")),
            ("proxy", builder().url("http://127.0.0.1:1").proxy(url)),
        ];
        for (name, builder) in made {
            hides(&builder);
            let error = match builder.build() {
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
                    assert!(error.message().starts_with(name), "{url}: {error}");
                    error
                }
                Ok(client) => {
                    assert!(name == "proxy", "{url} is taken as {name}");
                    hides(&client);
                    // Nothing listens there, or nothing of that name.
                    client.health().send().unwrap_err()
                }
            };
            assert_hidden(url, &format!("{error} {error:?}"));
            let sources = std::iter::successors(std::error::Error::source(&error), |error| error.source());
            sources.for_each(|source| assert_hidden(url, &format!("{source} {source:?}")));
        }
    }
}

#[test]
fn every_secret_setting_is_one_of_these() {
    let secret: Vec<_> = Setting::all().filter(|row| row.flags.secret).map(|row| row.name).collect();
    assert_eq!(secret, ["secret_key", "admin_key", "client_key"]);
}
