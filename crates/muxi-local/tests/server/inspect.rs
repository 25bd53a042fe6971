//! The routes below `/_local`, over a real socket.

use crate::{
    bundles::{deploy, formation},
    client::{Answer, Headers, open, send, signed, start, wait_for},
};
use muxi_local::{Server, Webhook, WebhookFailure};
use serde_json::{Value, json};
use std::{io::BufReader, time::Duration};

fn local(server: &Server, method: &str, path: &str, body: &str) -> Answer {
    send(server, method, &format!("/_local{path}"), &[], body.as_bytes())
}

fn requests(server: &Server, query: &str) -> Vec<Value> {
    local(server, "GET", &format!("/requests{query}"), "").json()["requests"].as_array().unwrap().clone()
}

#[test]
fn requests_tell_what_arrived_and_no_secret() {
    let server = start();
    let body = br#"{"message":"hi","stream":false}"#;
    let headers = [
        ("Content-Type", "application/json"),
        ("X-Muxi-Client-Key", server.client_key()),
        ("X-Muxi-User-ID", "alice"),
        ("X-Muxi-Idempotency-Key", "idem-1"),
        ("X-Thing", "seen"),
    ];
    let failing: Vec<_> = headers.into_iter().chain([("X-Muxi-Local-Fault", "status=503; times=1")]).collect();
    for _ in 0..2 {
        send(&server, "POST", "/api/demo/v1/chat?x=1", &failing, body);
    }
    signed(&server, "GET", "/rpc/formations", &[], b"");
    let all = requests(&server, "");
    assert_eq!(all.len(), 3, "{all:?}");
    let (first, second) = (&all[0], &all[1]);
    assert_eq!((&first["number"], &first["attempt"], &first["status"]), (&json!(1), &json!(1), &json!(503)));
    assert_eq!((&second["attempt"], &second["status"], &second["fault"]), (&json!(2), &json!(200), &Value::Null));
    assert_eq!(first["fault"], "status=503; times=1");
    assert_eq!((&second["method"], &second["path"]), (&json!("POST"), &json!("/api/demo/v1/chat")));
    assert_eq!((&second["query"], &second["operation"]), (&json!("x=1"), &json!("chat")));
    assert_eq!((&second["formation"], &second["user"]), (&json!("demo"), &json!("alice")));
    assert_eq!((&second["idempotency_key"], &second["bytes_in"]), (&json!("idem-1"), &json!(body.len())));
    assert!(second["bytes_out"].as_u64().unwrap() > 100 && second["duration_ms"].is_f64(), "{second}");
    assert_eq!(
        (&second["headers"]["x-thing"], &second["headers"]["x-muxi-client-key"]),
        (&json!("seen"), &json!("[redacted]"))
    );
    assert_eq!(all[2]["headers"]["authorization"], "[redacted]");
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains(server.client_key()) && !text.contains("signature"), "{text}");

    assert_eq!(requests(&server, "?operation=chat").len(), 2);
    assert_eq!(requests(&server, "?path=/rpc/*").len(), 1);
    assert_eq!(requests(&server, "?status=5xx").len(), 1);
    assert_eq!(requests(&server, "?status=200&since=2").len(), 1);
    assert_eq!(requests(&server, "?limit=1")[0]["number"], 3);
    let bad = local(&server, "GET", "/requests?colour=red", "");
    assert!(bad.status == 400 && bad.message().contains("possible are operation"), "{bad:?}");

    for path in ["/requests?operation=chatt", "/requests/stream?operation=chatt"] {
        let unknown = local(&server, "GET", path, "");
        assert_eq!(unknown.status, 400);
        let words = "operation must be the name of an operation, not \"chatt\"; near: chat (POST /v1/chat)";
        assert!(unknown.message().contains(words), "{unknown:?}");
    }
    let kept = local(&server, "DELETE", "/requests?operation=chat", "");
    assert!(kept.status == 400 && kept.message().contains("takes no query, not \"operation=chat\""), "{kept:?}");

    let handle = server.requests().unwrap();
    assert_eq!((handle.len(), handle[1].operation.as_deref(), handle[1].status), (3, Some("chat"), Some(200)));
    assert_eq!(local(&server, "DELETE", "/requests", "").status, 200);
    assert!(server.requests().unwrap().is_empty());
}

#[test]
fn the_log_is_bounded() {
    let server = start();
    let mut stream = open(&server, "GET", "/ping", &[], b"");
    std::io::Read::read_to_end(&mut stream, &mut Vec::new()).unwrap();
    let mut stream = std::net::TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
    for _ in 0..10_100 {
        std::io::Write::write_all(&mut stream, b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"pong") {
            let mut bytes = [0; 512];
            let count = std::io::Read::read(&mut stream, &mut bytes).unwrap();
            assert_ne!(count, 0);
            seen.extend_from_slice(&bytes[..count]);
        }
    }
    let error = server.requests().unwrap_err().to_string();
    assert!(error.contains("keeps 10000 requests") && error.contains("101 oldest are gone"), "{error}");
    let listed = local(&server, "GET", "/requests?limit=1", "").json();
    assert_eq!((&listed["forgotten"], &listed["requests"][0]["number"]), (&json!(101), &json!(10_101)));
    server.clear_requests();
    assert_eq!(server.requests().unwrap().len(), 0);
}

#[test]
fn requests_have_their_bodies() {
    let server = start();
    let admin = ("X-Muxi-Admin-Key", server.admin_key());
    let json = ("Content-Type", "application/json");
    let post = |path: &str, kind, body: &[u8]| send(&server, "POST", path, &[admin, ("Content-Type", kind)], body);
    post("/v1/chat", "application/json", br#"{"message":"hi","stream":false}"#);
    post("/v1/chat", "application/json; charset=utf-8", b"{broken");
    post("/v1/secrets", "application/json", br#"{"key":"TOKEN","value":"S3CRET"}"#);
    post("/v1/chat", "application/gzip", b"\x1f\x8b\x08\x00");
    send(&server, "GET", "/v1/health", &[json], b"");
    let fault = ("X-Muxi-Local-Fault", "status=503");
    send(&server, "POST", "/v1/chat", &[admin, json, fault], b"[2]");
    let bodies: Vec<_> = server.requests().unwrap().into_iter().map(|arrival| arrival.body).collect();
    assert_eq!(bodies[0], Some(json!({ "message": "hi", "stream": false })));
    assert_eq!(bodies[1], Some(json!("{broken")));
    assert_eq!(bodies[2..5], [None, None, None]);
    assert_eq!(bodies[5], Some(json!([2])));
    let shown = format!("{:?}", server.requests().unwrap());
    assert!(!shown.contains("hi") && !shown.contains("S3CRET"), "{shown}");
    assert_eq!(requests(&server, "?operation=chat")[0]["body"]["message"], "hi");
}

#[test]
fn a_body_is_known_while_its_answer_streams() {
    let server = start();
    let headers = [("X-Muxi-Client-Key", server.client_key()), ("Content-Type", "application/json")];
    let body = br#"{"message":"[[wait 60000]]","stream":true}"#;
    let mut stream = BufReader::new(open(&server, "POST", "/v1/chat", &headers, body));
    wait_for(&mut stream, "HTTP/1.1 200");
    assert_eq!(server.requests().unwrap()[0].body, Some(json!({ "message": "[[wait 60000]]", "stream": true })));
}

#[test]
fn long_bodies_make_room() {
    let server = start();
    let body = format!("\"{}\"", "x".repeat(15 << 20));
    let headers = [("Content-Type", "application/json"), ("X-Muxi-Local-Fault", "status=503")];
    for _ in 0..5 {
        send(&server, "POST", "/v1/chat", &headers, body.as_bytes());
    }
    assert!(server.requests().unwrap_err().to_string().contains("1 oldest are gone"));
}

#[test]
fn a_webhook_is_sent_to_any_address() {
    let server = start();
    let receiver = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", receiver.local_addr().unwrap());
    let taking = std::thread::spawn(move || {
        let (stream, _) = receiver.accept().unwrap();
        let mut stream = BufReader::new(stream);
        let (mut head, mut line) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            std::io::BufRead::read_line(&mut stream, &mut line).unwrap();
            head.push_str(&line);
        }
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap()];
        std::io::Read::read_exact(&mut stream, &mut body).unwrap();
        std::io::Write::write_all(stream.get_mut(), b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok").unwrap();
        (head, serde_json::from_slice::<Value>(&body).unwrap())
    });
    let webhook = json!({ "url": url, "text": "Done.", "user_id": "ada" }).to_string();
    let answers = local(&server, "POST", "/webhooks", &webhook).json();
    assert_eq!(answers, json!({ "answers": [{ "status": 202, "body": "ok" }] }));
    let (head, payload) = taking.join().unwrap();
    assert!(head.starts_with("POST /hook ") && head.contains("X-Muxi-Signature: t="), "{head}");
    assert_eq!((&payload["response"][0]["text"], &payload["user_id"]), (&json!("Done."), &json!("ada")));
    let unheard = local(&server, "POST", "/webhooks", &json!({ "url": "http://127.0.0.1:9/" }).to_string());
    assert!(unheard.status == 502 && unheard.message().contains("127.0.0.1:9/ failed"), "{unheard:?}");
}

#[test]
fn a_wrong_webhook_is_refused_by_its_field() {
    let server = start();
    let refused = |body: &str, words: &str| {
        let answer = local(&server, "POST", "/webhooks", body);
        assert!(answer.status == 400 && answer.message().contains(words), "{body}: {answer:?}");
    };
    refused("x", "not valid JSON");
    refused("{}", "url must be a text, not null");
    refused(r#"["http://h"]"#, r#"a webhook must be a JSON object, not ["http://h"]"#);
    for url in ["", "h", "/hook", "ftp://h", "http://"] {
        refused(&json!({ "url": url }).to_string(), "url must be a URL that begins with http:// or https://, not");
    }
    for (field, words) in [
        (r#""tex":1"#, r#"no field "tex"; possible are url, formation_id"#),
        (r#""age":"x""#, r#"age must be a whole number from 0 to 4294967295, not "x""#),
        (r#""times":-1"#, "times must be a whole number from 1 to 4294967295, not -1"),
        (r#""times":0"#, "times must be a whole number from 1 to 4294967295, not 0"),
        (r#""status":"done""#, r#"status must be one of completed, failed, awaiting_clarification, not "done""#),
        (r#""signature":null"#, "signature must be one of valid, wrong, missing, not null"),
        (r#""text":7"#, "text must be a text, not 7"),
        (r#""payload":{},"text":"Hi""#, "payload and text exclude each other"),
        (r#""payload":{},"status":"failed""#, "payload and status exclude each other"),
        (r#""payload":{},"user_id":"ada""#, "payload and user_id exclude each other"),
        (r#""formation_id":"none""#, r#"the formation "none" does not run: formation_id must be one of demo"#),
    ] {
        refused(&format!(r#"{{"url":"http://127.0.0.1:9/",{field}}}"#), words);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let send = |webhook: Webhook| runtime.block_on(server.send_webhook(&webhook)).unwrap_err();
    let invalid = |webhook| assert!(matches!(send(webhook), WebhookFailure::Invalid(_)));
    invalid(Webhook::to("h"));
    invalid(Webhook::to("http://127.0.0.1:9/").times(0));
    invalid(Webhook::to("http://127.0.0.1:9/").payload(json!({})).text("Hi"));
    invalid(Webhook::to("http://127.0.0.1:9/").formation_id("none"));
    assert!(matches!(send(Webhook::to("http://127.0.0.1:9/")), WebhookFailure::Failed(_)));
}

#[test]
fn requests_come_live() {
    let server = start();
    send(&server, "GET", "/ping", &[], b"");
    let mut stream = BufReader::new(open(&server, "GET", "/_local/requests/stream", &[], b""));
    assert!(wait_for(&mut stream, "data:").contains("\"path\":\"/ping\""));
    send(&server, "GET", "/v1/health", &[], b"");
    let event = |line: String| serde_json::from_str::<Value>(line.strip_prefix("data: ").unwrap()).unwrap();
    let arrived = event(wait_for(&mut stream, "/v1/health"));
    assert_eq!((&arrived["operation"], &arrived["status"]), (&json!("health"), &Value::Null));
    assert_eq!(event(wait_for(&mut stream, "/v1/health"))["status"], 200);
    assert!(event(wait_for(&mut stream, "/v1/health"))["duration_ms"].is_f64());
    local(&server, "DELETE", "/requests", "");
    wait_for(&mut stream, "event: cleared");
}

#[test]
fn faults_are_armed_listed_and_cleared() {
    let server = start();
    let armed =
        local(&server, "POST", "/faults", r#"{"path": "health", "status": 503, "retry_after": "2", "times": 2}"#);
    assert_eq!(armed.status, 201);
    assert_eq!(local(&server, "POST", "/faults", "html=502; path=/v1/memories*").status, 201);
    let health = send(&server, "GET", "/v1/health", &[], b"");
    assert_eq!((health.status, health.header("retry-after")), (503, Some("2")));
    let faults = local(&server, "GET", "/faults", "").json()["faults"].clone();
    assert_eq!((&faults[0]["fault"]["status"], &faults[0]["used"]), (&json!(503), &json!(1)));
    assert_eq!(faults[1]["text"], "path=/v1/memories*; html=502");
    assert_eq!(send(&server, "GET", "/v1/memories", &[], b"").status, 502);
    for bad in [r#"{"status": "many"}"#, r#"{"colour": 1}"#, "{", "[1]", ""] {
        let answer = local(&server, "POST", "/faults", bad);
        assert!(answer.status == 400 && !answer.message().is_empty(), "{bad}: {answer:?}");
    }
    let text = local(&server, "POST", "/faults", "status: 503").message();
    assert!(text.contains("no part \"status: 503\"") && text.contains("the body is no JSON object or list"), "{text}");
    let kept = local(&server, "DELETE", "/faults?path=health", "");
    assert!(kept.status == 400 && kept.message().contains("takes no query, not \"path=health\""), "{kept:?}");
    assert_eq!(local(&server, "GET", "/faults", "").json()["faults"].as_array().unwrap().len(), 2);
    assert_eq!(local(&server, "DELETE", "/faults", "").json(), json!({"faults": []}));
    assert_eq!(send(&server, "GET", "/v1/health", &[], b"").status, 200);
}

#[test]
fn the_clock_moves_and_goes_back() {
    let server = start();
    let start = local(&server, "GET", "/clock", "").json();
    assert_eq!(start["offset_seconds"], 0.0);
    let later = local(&server, "POST", "/clock", r#"{"advance_seconds": 3600.5}"#).json();
    assert_eq!(later["offset_seconds"], 3600.5);
    assert!(later["now"].as_str() > start["now"].as_str());
    server.advance(Duration::from_secs(10));
    assert_eq!(local(&server, "GET", "/clock", "").json()["offset_seconds"], 3610.5);
    assert_eq!(local(&server, "POST", "/clock", r#"{"reset": true}"#).json()["offset_seconds"], 0.0);
    let above = "advance_seconds must be a number above 0 and at most 25";
    for (bad, words) in [
        (r#"{"advance_seconds": -1}"#, above),
        (r#"{"advance_seconds": "5"}"#, r#"not "5""#),
        (r#"{"advance_seconds": 1e300}"#, "as the clock ends at 9999-12-30T22:00:00Z, not 1e+300"),
        (r#"{"advance_seconds": 1e12}"#, above),
        (r#"{"reset": false}"#, "reset must be true, not false"),
        (r#"{"advance_seconds": 1, "reset": true}"#, "advance_seconds and reset exclude each other"),
        (r#"{"advance": 5}"#, r#"there is no field "advance"; possible are advance_seconds, reset"#),
        (r#"{"advance_seconds": 1, "by": 2}"#, r#"there is no field "by""#),
        ("[5]", "the body must be {\"advance_seconds\": N}"),
        ("{}", "the body must be {\"advance_seconds\": N}"),
        ("x", "not valid JSON"),
    ] {
        let answer = local(&server, "POST", "/clock", bad);
        assert!(answer.status == 400 && answer.message().contains(words), "{bad}: {answer:?}");
    }
}

#[test]
fn a_reset_goes_back_to_the_start() {
    let server = start();
    let key = server.admin_key().to_owned();
    let secret = json!({"key": "GONE", "value": "v"}).to_string();
    let admin: Headers<'_> = &[("Content-Type", "application/json"), ("X-Muxi-Admin-Key", &key)];
    assert_eq!(send(&server, "POST", "/v1/secrets", admin, secret.as_bytes()).status, 201);
    deploy(&server, "demo-a", &formation("demo-a", "1.0.0"));
    local(&server, "POST", "/faults", "status=503; path=ping");
    local(&server, "POST", "/clock", r#"{"advance_seconds": 60}"#);
    let before = local(&server, "GET", "/formations", "").json();
    assert_eq!(before["formations"].as_array().unwrap().len(), 2);
    assert_eq!(local(&server, "POST", "/reset", "").status, 200);
    assert!(!send(&server, "GET", "/v1/secrets", admin, b"").text().contains("GONE"));
    assert_eq!(send(&server, "GET", "/api/demo-a/v1/health", &[], b"").status, 404);
    assert_eq!(send(&server, "GET", "/ping", &[], b"").status, 200);
    assert_eq!(local(&server, "GET", "/clock", "").json()["offset_seconds"], 0.0);
    server.reset();
    assert!(server.requests().unwrap().is_empty());
    deploy(&server, "demo-a", &formation("demo-a", "1.0.0"));
}

#[test]
fn a_script_is_shown_replaced_and_put_back() {
    let builder = Server::builder().key_id("key").secret_key("secret");
    let server = Server::spawn(builder.script("- replies: [first, second]")).unwrap();
    let say = || {
        let body = br#"{"message":"hi","stream":false}"#;
        let answer = send(&server, "POST", "/_local/chat/demo", &[("Content-Type", "application/json")], body);
        answer.json()["data"]["message"]["content"].as_str().unwrap().to_owned()
    };
    assert_eq!([say(), say()], ["first", "second"]);
    assert_eq!(local(&server, "GET", "/script", "").json()["script"], "- replies: [first, second]");
    assert_eq!(local(&server, "PUT", "/script", "- reply: other").json()["script"], "- reply: other");
    assert_eq!(say(), "other");
    let bad = local(&server, "PUT", "/script", "- reply: x\n- colour: red\n");
    assert!(bad.status == 400 && bad.message().starts_with("script:2:"), "{bad:?}");
    assert_eq!(say(), "other");
    local(&server, "DELETE", "/script", "");
    assert_eq!(say(), "first");
    local(&server, "POST", "/reset", "");
    assert_eq!(say(), "first", "a reset begins anew");
    let plain = start();
    local(&plain, "PUT", "/script", "- reply: other");
    plain.reset();
    assert_eq!(local(&plain, "GET", "/script", "").json()["script"], Value::Null);
}

#[test]
fn formations_are_listed_with_what_they_have() {
    let server = start();
    let demo = local(&server, "GET", "/formations", "").json()["formations"][0].clone();
    assert_eq!((&demo["id"], &demo["status"], &demo["default"]), (&json!("demo"), &json!("running"), &json!(true)));
    assert_eq!(demo["agents"][0], json!({"id": "assistant", "name": "Assistant"}));
    assert_eq!(demo["triggers"], json!(["order-created"]));
    signed(&server, "POST", "/rpc/formations/demo/stop", &[], b"");
    let demo = local(&server, "GET", "/formations", "").json()["formations"][0].clone();
    assert_eq!((&demo["status"], &demo["agents"]), (&json!("stopped"), &json!([])));
    assert!(
        server.requests().unwrap().iter().all(|arrival| arrival.path.starts_with("/rpc/")),
        "own calls are not logged"
    );
}

#[test]
fn the_chat_box_needs_no_key_and_no_foreign_page_may_use_it() {
    let server = start();
    let turn = |headers: Headers<'_>| {
        let mut all = vec![("Content-Type", "application/json"), ("X-Muxi-User-ID", "alice")];
        all.extend_from_slice(headers);
        send(&server, "POST", "/_local/chat/demo", &all, br#"{"message":"hello there","session_id":"s1"}"#)
    };
    let origin = server.url().to_owned();
    let answer = turn(&[("Origin", &origin), ("Sec-Fetch-Site", "same-origin")]);
    assert!(answer.status == 200 && answer.text().contains("event: done"), "{}", answer.text());
    let logged = server.requests().unwrap();
    assert_eq!((logged[0].path.as_str(), logged[0].operation.as_deref()), ("/api/demo/v1/chat", Some("chat")));
    assert!(!logged[0].headers.contains_key("x-muxi-client-key"), "the key is added behind the log");
    for headers in [
        [("Origin", "http://evil.example")],
        [("Origin", "null")],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
    ] {
        assert_eq!(turn(&headers).status, 403, "{headers:?}");
    }
    assert_eq!(server.requests().unwrap().len(), 1, "a refused call does nothing");
    local(&server, "POST", "/faults", "status=503; path=chat; times=1");
    assert_eq!(turn(&[]).status, 503);
    assert_eq!(send(&server, "POST", "/_local/chat/none", &[], b"{}").status, 404);
    assert_eq!(send(&server, "GET", "/_local/chat/demo", &[], b"").status, 404);
    assert_eq!(send(&server, "POST", "/_local/chat/a/b", &[], b"{}").status, 404);
    assert_eq!(send(&server, "POST", "/api/demo/v1/chat", &[], b"{}").status, 401, "elsewhere a key is needed");
}

#[test]
fn sessions_and_memories_are_read_without_a_key_and_not_logged() {
    let server = start();
    let json = ("Content-Type", "application/json");
    let user = ("X-Muxi-User-ID", "alice");
    let turn = br#"{"message":"hello there","session_id":"s 1","stream":false}"#;
    assert_eq!(send(&server, "POST", "/_local/chat/demo", &[json, user], turn).status, 200);
    let keyed = [json, user, ("X-Muxi-Client-Key", server.client_key())];
    let memory = br#"{"type":"preference","detail":"Likes tea"}"#;
    let stored = send(&server, "POST", "/v1/memories", &keyed, memory);
    assert!((200..300).contains(&stored.status), "{}", stored.text());
    server.clear_requests();
    let read = |path: &str, headers: Headers<'_>| send(&server, "GET", path, headers, b"");
    let base = "/_local/formations/demo";
    let sessions = read(&format!("{base}/sessions?limit=9"), &[user]).json();
    assert_eq!(
        (&sessions["data"]["count"], &sessions["data"]["sessions"][0]["session_id"]),
        (&json!(1), &json!("s 1"))
    );
    let messages = read(&format!("{base}/sessions/s%201/messages"), &[user]).json();
    assert_eq!(messages["data"]["messages"][0]["text"], "hello there");
    let memories = read(&format!("{base}/memories?limit=100"), &[user]).json();
    assert!(memories["data"]["memories"].to_string().contains("Likes tea"), "{memories}");
    let other = read(&format!("{base}/sessions"), &[("X-Muxi-User-ID", "bob")]).json();
    assert_eq!(other["data"]["count"], 0);
    assert_eq!(read(&format!("{base}/sessions"), &[]).status, 400, "as the formation itself answers");
    assert_eq!(read(&format!("{base}/sessions"), &[user, ("Origin", "http://evil.example")]).status, 403);
    assert_eq!(read("/_local/formations/none/sessions", &[user]).status, 404);
    assert_eq!(read(&format!("{base}/secrets"), &[user]).status, 404);
    assert_eq!(send(&server, "DELETE", &format!("{base}/memories"), &[user], b"").status, 405);
    assert!(server.requests().unwrap().is_empty());
}

#[test]
fn a_name_that_points_here_opens_nothing() {
    let server = start();
    let mut stream = std::net::TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
    let request = b"GET /_local/requests HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, request).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stream, &mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 403 "), "{text}");
}

#[test]
fn the_page_is_whole_and_keeps_to_itself() {
    let server = start();
    assert_eq!(local(&server, "GET", "", "").header("location"), Some("/_local/"));
    let page = local(&server, "GET", "/", "");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'; script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    let text = page.text();
    for word in ["http://", "https://", "innerHTML", "insertAdjacentHTML", "document.write", " style=", " onclick="] {
        assert!(!text.contains(word), "{word}");
    }
    assert_eq!(text.matches("<script").count(), 1);
    assert_eq!(text.matches("<style").count(), 1);
    assert_eq!(local(&server, "GET", "/none", "").status, 404);
    assert_eq!(local(&server, "PUT", "/faults", "").status, 405);
}
