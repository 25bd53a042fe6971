use crate::{
    bundles::{archive, deploy, formation, send_bundle},
    client::{Answer, Headers, open, send, sign, signed, start, start_slowly, wait_for},
    samples::Sample,
};
use muxi_local::Server;
use serde_json::json;
use std::{io::BufReader, io::Read, thread, time::Duration};

const STREAM: (&str, &str) = ("Accept", "text/event-stream");

fn act(server: &Server, id: &str, action: &str, headers: Headers<'_>) -> Answer {
    signed(server, "POST", &format!("/rpc/formations/{id}/{action}"), headers, b"")
}

fn update(server: &Server, id: &str, version: &str, headers: Headers<'_>) -> Answer {
    let mut all = vec![("X-Formation-Version", version)];
    all.extend_from_slice(headers);
    signed(server, "PUT", &format!("/rpc/formations/{id}"), &all, &formation(id, version))
}

#[test]
fn deploys_as_json_and_as_a_stream() {
    let server = start();
    let bundle = formation("demo-o", "1.0.0");
    Sample::read("deploy").check(&send_bundle(&server, "demo-o", None, &[], &bundle));
    let stream = send_bundle(&server, "demo-s", Some("1.0.0"), &[STREAM], &formation("demo-s", "1.0.0"));
    Sample::read("deploy_stream").check_events(&stream);
    assert_eq!(stream.header("x-accel-buffering"), Some("no"));
    assert_eq!(stream.header("transfer-encoding"), Some("chunked"));
    deploy(&server, "demo-a", &formation("demo-a", "1.0.0"));
    let again = send_bundle(&server, "demo-a", Some("1.0.0"), &[], &formation("demo-a", "1.0.0"));
    Sample::read("error_409").check_exactly(&again);
    let untyped = signed(&server, "POST", "/rpc/formations", &[("X-Formation-ID", "demo-a")], b"x");
    Sample::read("error_400").check_exactly(&untyped);
}

#[test]
fn a_formation_that_crashes_is_named_in_the_stream() {
    let server = start();
    let config = "id: demo-x\ndescription: A test\n";
    let bundle = archive(&[("root/formation.afs", config), ("root/agents/bad.afs", "[")]);
    let stream = send_bundle(&server, "demo-x", Some("1.0.0"), &[STREAM], &bundle);
    Sample::read("deploy_stream_crash").check_events(&stream);
    assert_eq!(stream.events().last().unwrap().1["error"], "HealthCheckFailed");
    let json = send_bundle(&server, "demo-x", Some("1.0.0"), &[], &bundle);
    assert_eq!(json.status, 400);
    assert!(json.message().contains("Formation crashed during startup:\nagents/bad.afs"), "{}", json.message());
}

#[test]
fn refusals_after_the_body_are_events() {
    let server = start();
    let stream = send_bundle(&server, "the-id", Some("2.0.0"), &[STREAM], &formation("the-id", "1.0.0"));
    let events = stream.events();
    assert_eq!((stream.status, events.last().unwrap().0.as_str()), (200, "error"));
    assert_eq!(events.last().unwrap().1["error"], "VersionMismatch");
}

#[test]
fn updates_and_rolls_back() {
    let server = start();
    deploy(&server, "demo-s", &formation("demo-s", "1.0.0"));
    Sample::read("error_400_bundle").check_exactly(&signed(&server, "PUT", "/rpc/formations/demo-s", &[], b"{}"));
    let same = update(&server, "demo-s", "1.0.0", &[]);
    let message = "Source is identical to current version - nothing to update";
    assert_eq!((same.status, same.message().as_str()), (409, message));
    assert_eq!(update(&server, "demo-s", "1.0.0", &[STREAM]).events()[0].1["error"], "NoChange");
    assert_eq!(act(&server, "demo-s", "rollback", &[]).message(), "No previous version available for rollback");

    let json = update(&server, "demo-s", "1.1.0", &[]);
    let data = json.json()["data"].clone();
    assert_eq!((&data["version"], &data["previous_version"]), (&2.into(), &1.into()));
    assert_eq!(data["deployment_type"], "blue-green");
    let stream = update(&server, "demo-s", "1.2.0", &[STREAM]);
    Sample::read("update_stream").check_events(&stream);
    assert_eq!(send(&server, "GET", "/api/demo-s/v1/health", &[], b"").json()["version"], "1.2.0");

    let back = act(&server, "demo-s", "rollback", &[]);
    Sample::read("rollback").check(&back);
    assert_eq!(send(&server, "GET", "/api/demo-s/v1/health", &[], b"").json()["version"], "1.1.0");
    Sample::read("rollback_stream").check_events(&act(&server, "demo-s", "rollback", &[STREAM]));
    assert_eq!(update(&server, "none", "1.0.0", &[STREAM]).status, 404);
}

#[test]
fn a_failed_update_leaves_the_old_version() {
    let server = start();
    deploy(&server, "demo-s", &formation("demo-s", "1.0.0"));
    let config = "id: demo-s\ndescription: A test\n";
    let bundle = archive(&[("root/formation.afs", config), ("root/agents/bad.afs", "[")]);
    let answer = signed(&server, "PUT", "/rpc/formations/demo-s", &[], &bundle);
    assert_eq!(answer.status, 400);
    assert!(answer.message().ends_with("Old version still running - zero downtime maintained."));
    assert_eq!(send(&server, "GET", "/api/demo-s/v1/health", &[], b"").status, 200);
}

#[test]
fn an_update_can_be_cancelled() {
    let server = start_slowly(3000);
    let target = "/rpc/formations/demo";
    let (authorization, bundle) = (sign("PUT", target), formation("demo", "9.0.0"));
    let headers = [("Authorization", authorization.as_str()), ("X-Formation-Version", "9.0.0"), STREAM];
    let mut running = BufReader::new(open(&server, "PUT", target, &headers, &bundle));
    wait_for(&mut running, "spawning_staging");
    assert_eq!(update(&server, "demo", "9.0.0", &[]).message(), "Formation is already being updated");
    Sample::read("cancel_update").check(&act(&server, "demo", "cancel-update", &[]));
    assert!(wait_for(&mut running, "HealthCheckFailed").contains("crashed during startup"));
    let mut rest = String::new();
    running.read_to_string(&mut rest).unwrap();
    let idle = act(&server, "demo", "cancel-update", &[]);
    assert_eq!((idle.status, idle.message().as_str()), (400, "No update in progress for this formation"));
}

#[test]
fn stops_starts_restarts_and_deletes() {
    let server = start();
    deploy(&server, "demo-a", &formation("demo-a", "1.0.0"));
    Sample::read("stop").check_exactly(&act(&server, "demo-a", "stop", &[]));
    Sample::read("proxy_error_503").check_exactly(&send(&server, "GET", "/api/demo-a/v1/health", &[], b""));
    assert_eq!(act(&server, "demo-a", "stop", &[]).message(), "Formation is already stopped");
    Sample::read("start_stream").check_events(&act(&server, "demo-a", "start", &[STREAM]));
    let running = act(&server, "demo-a", "start", &[]);
    assert_eq!((running.status, running.message().as_str()), (409, "Formation is already running"));
    assert_eq!(act(&server, "demo-a", "start", &[STREAM]).events()[0].1["error"], "AlreadyRunning");
    Sample::read("start_stream_not_found").check_exactly(&act(&server, "none", "start", &[STREAM]));
    Sample::read("error_404").check_exactly(&act(&server, "none", "start", &[]));
    // Told at the stage that each of them begins with; only a rollback has named it by then.
    let missing = |stage: &str| {
        ("error".to_owned(), json!({"error": "NotFound", "message": "Formation not found", "stage": stage}))
    };
    assert_eq!(act(&server, "none", "restart", &[STREAM]).events(), [missing("stopping")]);
    let begun = json!({"stage": "validating", "message": "Validating rollback request..."});
    let expected = [("progress".to_owned(), begun), missing("validating")];
    assert_eq!(act(&server, "none", "rollback", &[STREAM]).events(), expected);
    for action in ["restart", "rollback"] {
        Sample::read("error_404").check_exactly(&act(&server, "none", action, &[]));
    }
    Sample::read("restart").check(&act(&server, "demo-a", "restart", &[]));
    let again = act(&server, "demo-a", "restart", &[STREAM]);
    Sample::read("restart_stream").check_events(&again);
    assert_eq!(again.events().last().unwrap().1["restart_count"], 2);
    Sample::read("delete").check(&signed(&server, "DELETE", "/rpc/formations/demo-a", &[], b""));
    assert_eq!(signed(&server, "DELETE", "/rpc/formations/demo-a", &[], b"").status, 404);
    assert_eq!(act(&server, "demo", "restart", &[]).status, 200);
}

#[test]
fn a_caller_that_leaves_does_not_stop_a_deployment() {
    let server = start_slowly(300);
    let (authorization, bundle) = (sign("POST", "/rpc/formations"), formation("the-id", "1.0.0"));
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/gzip"),
        ("X-Formation-ID", "the-id"),
        STREAM,
    ];
    let mut stream = BufReader::new(open(&server, "POST", "/rpc/formations", &headers, &bundle));
    wait_for(&mut stream, "spawning");
    drop(stream);
    assert_eq!(send_bundle(&server, "the-id", None, &[], &bundle).status, 409);
    let starting = send(&server, "GET", "/api/the-id/v1/health", &[], b"");
    assert!(starting.text().contains("(status: starting)"));
    thread::sleep(Duration::from_millis(500));
    assert_eq!(send(&server, "GET", "/api/the-id/v1/health", &[], b"").status, 200);
}

#[test]
fn downloads_what_was_deployed() {
    let server = start();
    let config = "id: demo-a\ndescription: A test\n";
    let files = [
        ("r/formation.afs", config),
        ("r/.hidden", "x"),
        ("r/.env", "A=1"),
        ("r/sops/s.md", "S"),
        ("r/memory.db", "M"),
    ];
    deploy(&server, "demo-a", &archive(&files));
    let names = |query: &str| {
        let answer = signed(&server, "GET", &format!("/rpc/formations/demo-a/download{query}"), &[], b"");
        assert_eq!(answer.header("content-type"), Some("application/zip"));
        assert!(answer.header("content-disposition").unwrap().starts_with("attachment"));
        let archive = zip::ZipArchive::new(std::io::Cursor::new(answer.body)).unwrap();
        archive.file_names().map(|name| name.unwrap().into_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(""), ".env formation.afs sops/s.md");
    assert_eq!(names("?db=true"), ".env formation.afs memory.db sops/s.md");
    assert_eq!(signed(&server, "GET", "/rpc/formations/demo/download", &[], b"").status, 200);
    assert_eq!(signed(&server, "GET", "/rpc/formations/none/download", &[], b"").status, 404);
}

#[test]
fn a_stop_during_a_start_wins() {
    let server = start_slowly(500);
    act(&server, "demo", "stop", &[]);
    let (target, authorization) = ("/rpc/formations/demo/start", sign("POST", "/rpc/formations/demo/start"));
    let headers = [("Authorization", authorization.as_str()), STREAM];
    let mut starting = BufReader::new(open(&server, "POST", target, &headers, b""));
    wait_for(&mut starting, "spawning");
    assert_eq!(act(&server, "demo", "stop", &[]).status, 200);
    wait_for(&mut starting, "stopped during startup");
    assert!(send(&server, "GET", "/v1/health", &[], b"").text().contains("(status: stopped)"));
}
