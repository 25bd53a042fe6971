//! Streams over a real socket and in process: their grammar, and what hanging up does.

use crate::support::{ADMIN, ALICE, App, BOB, CLIENT, tokens};
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use muxi_local::formation::FormationSpec;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The next frame of a body as text.
async fn frame(body: &mut Body) -> Option<String> {
    let frame = body.frame().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

async fn open(app: &App, method: &str, path: &str, user: (&str, &str), body: Option<Value>) -> Body {
    let request = Request::builder().method(method).uri(path).header(CLIENT.0, CLIENT.1).header(user.0, user.1);
    let request = request.header("content-type", "application/json");
    let response = app.send(request.body(body.map_or_else(Body::empty, |b| Body::from(b.to_string()))).unwrap()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    response.into_body()
}

#[tokio::test]
async fn slices_add_up() {
    let app = App::new();
    for message in ["hello  world\n\nagain ", "", " x", "[[unicode]]", "[[long]]"] {
        let stream = app.stream(message).await;
        assert!(stream.starts_with(": keepalive\n\ndata: {\"token\":{\"request_id\":\"req_s\""));
        assert!(stream.ends_with("\n\nevent: done\ndata: {\"finished\":true}\n\n"));
        let tokens = tokens(&stream);
        let slices = tokens.iter().filter(|token| token["type"] == "content");
        let sum: String = slices.clone().map(|token| token["content"].as_str().unwrap()).collect();
        let completed = tokens.last().unwrap();
        assert_eq!(completed["type"], "completed");
        assert_eq!(completed["status"], "success");
        assert_eq!(completed["agent_used"], "assistant");
        assert!(completed["processing_time_ms"].is_u64());
        assert_eq!(completed["content"], sum);
        if message == "[[long]]" {
            assert_eq!(slices.count(), 2000);
        } else {
            assert!(sum.starts_with(&format!("Echo: {message}")));
        }
        if message == "[[unicode]]" {
            assert!(stream.contains('\u{2028}') && stream.contains('\u{85}') && sum.contains("\r\n"));
        }
    }
}

#[tokio::test]
async fn odd_ends() {
    let app = App::new();
    let cut = app.stream("one two three four [[cut]]").await;
    assert!(cut.contains("\"type\":\"content\"") && !cut.contains("completed") && !cut.contains("event: done"));
    let state = app.get("/requests/req_s", &[CLIENT, ALICE]).await.data();
    assert_eq!(state["status"], "cancelled");

    let failed = app.stream("[[fail]]").await;
    assert_eq!(tokens(&failed).last().unwrap()["status"], "error");
    assert!(failed.contains("event: done"));

    let mute = app.stream("[[mute]]").await;
    assert!(mute.contains("event: done") && !mute.contains("\"type\":\"completed\""));

    let broken_off = tokens(&app.stream("[[discontinuity]]").await);
    assert_eq!(broken_off.last().unwrap()["stream_discontinuity"], true);
    assert_eq!(broken_off.last().unwrap()["content"], "Echo: [[discontinuity]]");

    let workflow = tokens(&app.stream("[[workflow]]").await);
    let completed = workflow.iter().position(|token| token["type"] == "completed").unwrap();
    assert!(completed < workflow.len() - 1 && workflow[completed].get("status").is_none());

    let body = json!({ "message": "hi", "agent_id": "nobody" });
    let strange = app.post("/chat", &[CLIENT, ALICE], body).await.text();
    assert!(strange.contains("workflow_id") && !strange.contains("workflow_decomposition"));
    assert!(!strange.contains("\"type\":\"content\""));
}

/// As the shipped runtime does it for a message that a procedure is for.
#[tokio::test]
async fn workflows() {
    let mut spec = FormationSpec::demo(ADMIN.1, CLIENT.1);
    spec.sops.insert("refund".into(), "---\nname: Refund Procedure\ntags: refund\n---\n1. Look.\n".into());
    let app = App::with_quirks(spec, "");
    let stages = |tokens: &[Value]| -> Vec<String> {
        tokens.iter().map(|token| token["stage"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let found = tokens(&app.stream("a refund [[workflow]]").await);
    assert_eq!(
        stages(&found),
        [
            "init",
            "process_sync_start",
            "sop_matched",
            "workflow_decomposition",
            "decomposition_complete",
            "workflow_start",
            "agent_planning",
            "creating_plan",
            "workflow_execution",
            "workflow_synthesis",
            "final",
            "final_response",
        ]
    );
    assert_eq!((&found[2]["sop_id"], &found[2]["sop_name"]), (&json!("refund"), &json!("Refund Procedure")));
    assert_eq!(found[3]["message_preview"], "a refund [[workflow]]");
    assert_eq!((&found[11]["type"], &found[11]["content"]), (&json!("content"), &found[10]["content"]));
    let other = tokens(&app.stream("[[workflow]]").await);
    assert!(!stages(&other).contains(&"sop_matched".to_owned()));

    let body = json!({ "message": "[[workflow]]", "stream": false });
    let reply = app.post("/chat", &[CLIENT, ALICE], body).await.data();
    let mut metadata = reply["message"]["metadata"].clone();
    assert!(metadata["workflow_id"].as_str().unwrap().starts_with("wrk_") && metadata["execution_time"].is_f64());
    assert_eq!(metadata["session_id"], reply["session_id"]);
    for varying in ["workflow_id", "execution_time", "session_id"] {
        metadata.as_object_mut().unwrap().remove(varying);
    }
    let expected = json!({
        "synthesis_method": "deterministic_consolidator", "workflow_status": "completed", "total_tasks": 1,
        "completed_tasks": 1, "failed_tasks": 0,
    });
    assert_eq!(metadata, expected);
}

#[tokio::test]
async fn keepalives_break_silence() {
    let app = App::new();
    let start = Instant::now();
    let stream = app.stream("[[wait 2200]]").await;
    assert_eq!(stream.matches(": keepalive\n\n").count(), 3);
    assert!(start.elapsed() >= Duration::from_millis(2200));
}

#[tokio::test]
async fn slices_come_one_by_one() {
    let app = App::new();
    let body = json!({ "message": "a b [[slow]]" });
    let mut stream = open(&app, "POST", "/chat", ALICE, Some(body)).await;
    let mut times = Vec::new();
    while let Some(frame) = frame(&mut stream).await {
        if frame.contains("\"type\":\"content\"") {
            times.push(Instant::now());
        }
    }
    assert_eq!(times.len(), 4);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] > Duration::from_millis(250)));
}

#[tokio::test]
async fn hanging_up_cancels() {
    let app = App::new();
    let body = json!({ "message": "[[slow]] a b c", "request_id": "req_h", "session_id": "sess_h" });
    let mut stream = open(&app, "POST", "/chat", ALICE, Some(body)).await;
    frame(&mut stream).await;
    assert_eq!(app.get("/requests/req_h", &[CLIENT, ALICE]).await.data()["status"], "processing");
    drop(stream);
    let state = app.get("/requests/req_h", &[CLIENT, ALICE]).await.data();
    assert_eq!(state["status"], "cancelled");
    assert!(state["completed_at"].is_f64());
    let messages = app.get("/sessions/sess_h/messages", &[CLIENT, ALICE]).await.data();
    assert_eq!(messages["count"], 1, "the user's message stays");
}

/// Over a socket: the client leaves while the server sleeps.
#[tokio::test]
async fn hanging_up_a_socket() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let app = App::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = app.0.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let call = |stream: bool, id: &str| {
        let body = json!({ "message": "[[wait 500]]", "request_id": id, "stream": stream }).to_string();
        format!(
            "POST /chat HTTP/1.1\r\nhost: x\r\n{}: {}\r\n{}: alice\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            CLIENT.0,
            CLIENT.1,
            ALICE.0,
            body.len()
        )
    };
    for (stream, id, end) in [(true, "req_1", "cancelled"), (false, "req_2", "completed")] {
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        socket.write_all(call(stream, id).as_bytes()).await.unwrap();
        if stream {
            let mut head = [0; 64];
            let read = socket.read(&mut head).await.unwrap();
            assert!(String::from_utf8_lossy(&head[..read]).starts_with("HTTP/1.1 200 OK"));
        } else {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        drop(socket);
        tokio::time::sleep(Duration::from_millis(700)).await;
        let state = app.get(&format!("/requests/{id}"), &[CLIENT, ALICE]).await.data();
        assert_eq!(state["status"], end, "{id}");
    }
}

#[tokio::test]
async fn events_of_a_request() {
    let app = App::new();
    let body = json!({ "message": "hi [[wait 100]]", "request_id": "req_e", "session_id": "sess_e" });
    let mut chat = open(&app, "POST", "/chat", ALICE, Some(body)).await;
    frame(&mut chat).await;
    let events = open(&app, "GET", "/events/sess_e/req_e", ALICE, None).await;
    let foreign = open(&app, "GET", "/events/sess_e/req_e", BOB, None).await;
    while frame(&mut chat).await.is_some() {}
    drop(chat);
    let text = String::from_utf8(events.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    assert!(
        text.starts_with("data: {\"type\":\"stream_open\",\"session_id\":\"sess_e\",\"request_id\":\"req_e\"}\n\n")
    );
    assert!(text.contains("\"type\":\"content\",\"content\":\"Echo: \""));
    let end = "data: {\"type\":\"stream_completed\",\"session_id\":\"sess_e\",\"request_id\":\"req_e\"}\n\n";
    assert!(text.ends_with(end));
    let text = String::from_utf8(foreign.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    assert_eq!(text.matches("data: ").count(), 2);
    let unknown = app.get("/events/sess_e/nope", &[ADMIN]).await.text();
    assert_eq!(unknown.matches("data: ").count(), 2);
}

#[tokio::test]
async fn events_and_logs_tell_what_happens() {
    let app = App::new();
    let mut events = open(&app, "GET", "/events", ALICE, None).await;
    let request = Request::get("/logs?level=info&event_type=chat.*").header(ADMIN.0, ADMIN.1);
    let mut logs = app.send(request.body(Body::empty()).unwrap()).await.into_body();
    app.post("/chat", &[CLIENT, BOB], json!({ "message": "hi", "stream": false })).await;
    app.post("/chat", &[CLIENT, ALICE], json!({ "message": "hi", "stream": false })).await;
    let first = frame(&mut events).await.unwrap();
    assert!(first.starts_with("data: {\"type\":\"chat.started\",\"timestamp\":"), "{first}");
    let mut seen = frame(&mut events).await.unwrap();
    while !seen.contains("chat.completed") {
        assert!(seen.contains("\"type\":\"agent."), "{seen}");
        seen = frame(&mut events).await.unwrap();
    }
    let log = frame(&mut logs).await.unwrap();
    assert!(log.starts_with("event: log\ndata: {\"timestamp\":") && log.contains("\"user_id\":\"bob\""), "{log}");
    assert_eq!(app.get("/logs", &[ADMIN]).await.status, 400);
}
