use crate::{
    client::{send, signed, start},
    samples::Sample,
};

#[test]
fn formations_are_reached_three_ways() {
    let server = start();
    for path in ["/api/demo/v1/health", "/v1/health", "/api/demo/v1/../v1/./health"] {
        let answer = send(&server, "GET", path, &[("X-Muxi-SDK", "python/1.2.3")], b"");
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("x-muxi-sdk-latest"), Some("1.2.3"), "{path}");
    }
    assert_eq!(send(&server, "GET", "/api/demo/v1/health", &[], b"").header("x-muxi-sdk-latest"), None);
    assert_eq!(send(&server, "GET", "/ping", &[("X-Muxi-SDK", "python/1.2.3")], b"").header("x-muxi-sdk-latest"), None);
    assert_eq!(send(&server, "GET", "/api/demo/health", &[], b"").status, 404);
    let preflight = send(&server, "OPTIONS", "/api/demo/v1/chat", &[], b"");
    assert_eq!((preflight.status, preflight.text()), (200, ""));
}

/// Both servers decode the path before they look for a route in it: a slash in a value separates.
#[test]
fn an_encoded_slash_separates() {
    let server = start();
    let logs = signed(&server, "GET", "/rpc/formations/demo%2Flogs", &[], b"");
    assert_eq!(logs.json()["data"]["formation_id"], "demo");
    for (path, status) in [("/api/demo%2Fv1/health", 200), ("/v1%2Fhealth", 200), ("/api/none%2Fv1/health", 404)] {
        assert_eq!(send(&server, "GET", path, &[], b"").status, status, "{path}");
    }
    let none = send(&server, "GET", "/api/none%2Fv1/health", &[], b"");
    assert_eq!(none.json()["message"], "No formation with id 'none'");
    let admin = [("X-Muxi-Admin-Key", server.admin_key())];
    for base in ["/api/demo/v1", "/v1"] {
        let agent = send(&server, "GET", &format!("{base}/agents%2Fassistant"), &admin, b"");
        assert_eq!(agent.json()["data"]["id"], "assistant", "{base}");
        for (method, path) in [("GET", "/agents/a%2Fb"), ("POST", "/sessions/a%2Fb")] {
            let answer = send(&server, method, &format!("{base}{path}"), &[], b"");
            assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (404, Some("RESOURCE_NOT_FOUND")));
        }
        // Encoded twice it is a part of the value.
        let twice = send(&server, "GET", &format!("{base}/agents/a%252Fb"), &admin, b"");
        assert_eq!(twice.json()["error"]["code"], "AGENT_NOT_FOUND");
    }
    let wrong = send(&server, "POST", "/v1/agents", &[], b"");
    assert_eq!((wrong.status, wrong.header("allow")), (405, None));
}

#[test]
fn formations_that_do_not_answer() {
    let server = start();
    Sample::read("proxy_error_404").check_exactly(&send(&server, "GET", "/api/none/v1/x", &[], b""));
    signed(&server, "POST", "/rpc/formations/demo/stop", &[], b"");
    let stopped = send(&server, "GET", "/api/demo/v1/health", &[], b"");
    let expected = r#"{"error": "Formation unavailable", "message": "Formation 'demo' is not running (status: stopped)", "code": 503}"#;
    assert_eq!((stopped.status, stopped.text()), (503, expected));
    let draft = send(&server, "GET", "/draft/none/v1/x", &[], b"");
    assert_eq!(draft.json()["error"], "Draft formation not found");
}
