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
