use super::{both, call, chat, get, post};
use crate::client::{open, send, wait_for};
use serde_json::json;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

#[test]
fn skills_500() {
    both("skills-500", |server, on| {
        for path in ["/skills", "/skills/summarise", "/agents/assistant/skills"] {
            let reply = get(server, "ada", path);
            assert_eq!(reply.status, if on { 500 } else { 200 }, "{path}");
            assert_eq!(reply.error().contains("create_success_response()"), on);
        }
    });
}

#[test]
fn credentials_500() {
    both("credentials-500", |server, on| {
        let body = json!({ "service": "github", "credential": { "token": "ghp-1234567890" } });
        let reply = post(server, "ada", "/credentials", body);
        assert_eq!(reply.status, if on { 500 } else { 201 });
        assert_eq!(get(server, "ada", "/credentials").data()["count"], u8::from(!on));
    });
}

#[test]
fn identifiers_500() {
    both("identifiers-500", |server, on| {
        let reply = post(server, "ada", "/users/identifiers", json!({ "identifiers": ["ada@example.com"] }));
        assert_eq!(reply.status, if on { 500 } else { 200 });
        assert_eq!(get(server, "ada", "/users/ada@example.com").status, if on { 404 } else { 200 });
    });
}

#[test]
fn clear_buffer_noop() {
    both("clear-buffer-noop", |server, on| {
        chat(server, "ada", "hi");
        let headers = [("X-Muxi-Admin-Key", "fma")];
        let cleared = send(server, "DELETE", "/v1/memory/buffer", &headers, b"");
        assert_eq!((cleared.status, cleared.data()["messages_cleared"].as_u64()), (200, Some(if on { 0 } else { 2 })));
        assert_eq!(get(server, "ada", "/memory/buffer").data()["total_messages"], if on { 2 } else { 0 });
    });
}

#[test]
fn single_user() {
    both("single-user", |server, on| {
        let body = json!({ "message": "hi", "stream": false, "session_id": "s", "request_id": "r" });
        let reply = post(server, "ada", "/chat", body);
        assert_eq!(reply.data()["user_id"], "ada", "the reply echoes the header");
        let client = [("X-Muxi-Client-Key", "fmc"), ("X-Muxi-User-ID", "bob")];
        let request = send(server, "GET", "/v1/requests/r", &client, b"");
        assert_eq!(request.status, if on { 200 } else { 403 });
        assert_eq!(get(server, "bob", "/sessions/s").status, if on { 200 } else { 404 });
        let stream = super::chat_stream(server, "ada", "hi");
        assert_eq!(stream.contains("\"user_id\":\"0\""), on);
        assert_eq!(get(server, "ada", "/memory/buffer").data()["total_messages"], if on { 0 } else { 4 });
        for (method, path, body) in [
            ("GET", "/memories", None),
            ("POST", "/memories", Some(json!({ "content": "x" }))),
            ("DELETE", "/memories/m", None),
        ] {
            let status = call(server, "ada", method, path, body).status;
            assert_eq!(status == 500, on, "{method} {status}");
        }
    });
}

#[test]
fn non_ascii_key_500() {
    both("non-ascii-key-500", |server, on| {
        let headers = [("X-Muxi-Admin-Key", "kéy")];
        assert_eq!(send(server, "GET", "/v1/agents", &headers, b"").status, if on { 500 } else { 401 });
        let headers = [("X-Muxi-Admin-Key", "kéy"), ("X-Muxi-Client-Key", "fmc")];
        assert_eq!(send(server, "GET", "/v1/triggers", &headers, b"").status, 200, "a key that is not read");
    });
}

#[test]
fn paths_in_errors() {
    both("paths-in-errors", |server, on| {
        let reply = post(server, "ada", "/triggers/nothing", json!({ "data": {} }));
        assert_eq!(
            (reply.status, reply.error().replace('\\', "/").contains("/demo/current/triggers/nothing.md")),
            (404, on)
        );
        let path = post(server, "", "/tuning", json!({ "content": "Be kind." })).data()["path"].clone();
        assert_eq!(path.as_str().unwrap().starts_with('/'), on, "{path}");
        assert_eq!(get(server, "", "/tuning").data()["path"], path);
    });
}

#[test]
fn literal_passwords() {
    both("literal-passwords", |server, on| {
        let config = "id: the-id\ndescription: A test\nmemory: {persistent: {connection_string: 'postgresql://me:hunter2@db/x'}}\n";
        crate::bundles::deploy(server, "the-id", &crate::bundles::archive(&[("root/formation.afs", config)]));
        for path in ["memory", "formation"] {
            let headers = [("X-Muxi-Admin-Key", "fma")];
            let reply = send(server, "GET", &format!("/api/the-id/v1/{path}"), &headers, b"");
            assert_eq!((reply.status, reply.text().contains("hunter2")), (200, on), "{path}");
            assert!(reply.text().contains("postgresql://me:"), "{}", reply.text());
        }
    });
}

#[test]
fn fixed_mcp_tools() {
    both("fixed-mcp-tools", |server, on| {
        let config = "id: the-id\ndescription: A test\nmcp: {servers: [{id: search, type: http, tools: {allow: [find, 'web_*']}}]}\n";
        crate::bundles::deploy(server, "the-id", &crate::bundles::archive(&[("root/formation.afs", config)]));
        let reply = send(server, "GET", "/api/the-id/v1/mcp/tools", &[("X-Muxi-Admin-Key", "fma")], b"");
        let names: Vec<String> =
            reply.data()["tools"].as_array().unwrap().iter().map(|tool| tool["name"].to_string()).collect();
        assert_eq!((names.len(), names.contains(&"\"search__find\"".to_owned())), (if on { 6 } else { 7 }, !on));
    });
}

#[test]
fn message_embeddings() {
    both("message-embeddings", |server, on| {
        post(server, "ada", "/chat", json!({ "message": "hi", "stream": false, "session_id": "s" }));
        let row = get(server, "ada", "/sessions/s/messages").data()["messages"][0].clone();
        assert_eq!(row["embedding"].as_array().map(Vec::len), on.then_some(768));
        let old = json!({ "messages": [{ "role": "user", "content": "Hi", "timestamp": "2026-01-01T00:00:00Z" }] });
        post(server, "ada", "/sessions/old/restore", old);
        assert!(get(server, "ada", "/sessions/old/messages").data()["messages"][0]["embedding"].is_null());
    });
}

#[test]
fn before_ignored() {
    both("before-ignored", |server, on| {
        for message in ["one", "two"] {
            post(server, "ada", "/chat", json!({ "message": message, "stream": false, "session_id": "s" }));
        }
        let page = get(server, "ada", "/sessions/s/messages?limit=1").data();
        assert_eq!(
            (page["messages"][0]["text"].as_str(), page["has_more"].as_bool()),
            (Some(if on { "one" } else { "Echo: two" }), Some(true))
        );
        let before = get(server, "ada", "/sessions/s/messages?before=1").data();
        assert_eq!(before["count"], if on { 4 } else { 0 });
    });
}

#[test]
fn log_agent_filter() {
    both("log-agent-filter", |server, on| {
        let headers = [("X-Muxi-Admin-Key", "fma")];
        let mut all = BufReader::new(open(server, "GET", "/v1/logs?level=debug", &headers, b""));
        let mut one = BufReader::new(open(server, "GET", "/v1/logs?agent_id=assistant", &headers, b""));
        // The head ends with an empty line; what follows are entries.
        for stream in [&mut all, &mut one] {
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                assert_ne!(stream.read_line(&mut line).unwrap(), 0);
            }
        }
        chat(server, "ada", "hi");
        wait_for(&mut all, "chat.completed");
        one.get_ref().set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let told = one.read(&mut [0; 512]).is_ok_and(|count| count > 0);
        assert_eq!(told, !on);
    });
}

#[test]
fn notification_502() {
    both("notification-502", |server, on| {
        let reply = post(server, "ada", "/notifications", json!({ "user_id": "ada", "message": "Tea" }));
        assert_eq!((reply.status, reply.json()["success"].as_bool()), (502, Some(on)));
        post_channels(server);
        let reply = post(server, "ada", "/notifications", json!({ "user_id": "ada", "message": "Tea" }));
        assert_eq!((reply.status, reply.data()["delivered"].clone()), (200, json!(["slack"])));
    });
}

fn post_channels(server: &muxi_local::Server) {
    let channels = json!({ "channels": { "slack": { "channel": "C1" } } });
    assert_eq!(call(server, "ada", "PUT", "/users/ada/channels", Some(channels)).status, 200);
}

#[test]
fn memory_delete_any_user() {
    both("memory-delete-any-user", |server, on| {
        let id = post(server, "ada", "/memories", json!({ "content": "likes chess" })).data()["id"].clone();
        let path = format!("/memories/{}", id.as_str().unwrap());
        assert_eq!(call(server, "bob", "DELETE", &path, None).status, if on { 200 } else { 404 });
        assert_eq!(get(server, "ada", "/memories").data()["count"], u8::from(!on));
    });
}

#[test]
fn restored_messages_dropped() {
    both("restored-messages-dropped", |server, on| {
        let config = "id: the-id\ndescription: A test\nmemory: {buffer: {size: 1}}\n";
        crate::bundles::deploy(server, "the-id", &crate::bundles::archive(&[("root/formation.afs", config)]));
        let headers = [("X-Muxi-Client-Key", "fmc"), ("X-Muxi-User-ID", "ada"), ("Content-Type", "application/json")];
        let post = |path: &str, body: serde_json::Value| {
            send(server, "POST", &format!("/api/the-id/v1{path}"), &headers, body.to_string().as_bytes()).data()
        };
        for _ in 0..5 {
            post("/chat", json!({ "message": "hi", "stream": false, "session_id": "s" }));
        }
        let old = json!({ "messages": [{ "role": "user", "content": "Hi", "timestamp": "2026-01-01T00:00:00Z" }] });
        let restored = post("/sessions/old/restore", old);
        assert_eq!(
            (&restored["messages_loaded"], &restored["messages_dropped"]),
            (&json!(u8::from(!on)), &json!(u8::from(on)))
        );
    });
}

#[test]
fn idle_close_5s() {
    both("idle-close-5s", |server, on| {
        let mut stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(6500))).unwrap();
        let mut answer = [0; 1024];
        assert_ne!(stream.read(&mut answer).unwrap(), 0);
        let started = Instant::now();
        let closed = stream.read(&mut answer).is_ok_and(|count| count == 0);
        assert_eq!(closed, on, "after {:?}", started.elapsed());
        assert!(started.elapsed() > Duration::from_millis(4500));
    });
}
