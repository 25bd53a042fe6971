use crate::{
    bundles::{deploy, formation},
    client::{Answer, post, send, signed, start},
    samples::Sample,
};
use muxi_local::Server;
use serde_json::{Value, json};

fn draft(server: &Server, id: &str, body: Value) -> Answer {
    post(server, &format!("/rpc/formations/{id}/draft/files"), &body)
}

fn refused(server: &Server, id: &str, body: Value) -> (u16, String) {
    let answer = draft(server, id, body);
    let json = answer.json();
    assert_eq!(json["success"], false);
    assert!(json["draft"]["exists"].is_boolean() && json["live"].is_object());
    (answer.status, json["error"].as_str().unwrap().to_owned())
}

#[test]
fn a_draft_is_written_run_and_deployed() {
    let server = start();
    let id = "demo-d";
    Sample::read("draft_init").check(&draft(&server, id, json!({"action": "init", "mode": "new"})));
    let config = "id: demo-d\ndescription: A test\n";
    for (path, content, encoding) in
        [("formation.afs", config, "utf-8"), ("triggers/t.md", "SGk=", "base64"), ("x.bin", "//79", "base64")]
    {
        let body = json!({"action": "write", "path": path, "content": content, "encoding": encoding});
        assert_eq!(draft(&server, id, body).status, 200);
    }
    let files = draft(&server, id, json!({"action": "list"})).json()["data"]["files"].clone();
    let paths: Vec<&str> = files.as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["formation.afs", "triggers/t.md", "x.bin"]);
    let read = draft(&server, id, json!({"action": "read", "path": "triggers/t.md"})).json();
    assert_eq!((&read["data"]["content"], &read["data"]["encoding"]), (&"Hi".into(), &"utf-8".into()));
    let binary = draft(&server, id, json!({"action": "read", "path": "x.bin"})).json();
    assert_eq!((&binary["data"]["content"], &binary["data"]["encoding"]), (&"//79".into(), &"base64".into()));
    assert_eq!(draft(&server, id, json!({"action": "delete", "path": "x.bin"})).status, 200);

    Sample::read("dev_run").check(&post(&server, "/rpc/dev/run", &json!({"formation_id": id})));
    assert_eq!(send(&server, "GET", "/draft/demo-d/v1/health", &[], b"").status, 200);
    assert_eq!(post(&server, "/rpc/dev/run", &json!({"formation_id": id})).status, 409);
    Sample::read("dev_stop").check(&post(&server, "/rpc/dev/stop", &json!({"formation_id": id})));
    assert_eq!(send(&server, "GET", "/draft/demo-d/v1/health", &[], b"").status, 404);
    assert_eq!(post(&server, "/rpc/dev/stop", &json!({"formation_id": id})).status, 404);

    let stream = [("Accept", "text/event-stream")];
    let target = format!("/rpc/formations/{id}/draft/files");
    let events = signed(&server, "POST", &target, &stream, br#"{"action":"deploy"}"#).events();
    let stages: Vec<&str> = events.iter().filter_map(|(_, data)| data["stage"].as_str()).collect();
    assert_eq!(stages[..4], ["validating", "resolving_runtime", "resolving_runtime", "spawning"]);
    assert_eq!(events.last().unwrap().0, "complete");
    assert_eq!(send(&server, "GET", "/api/demo-d/v1/health", &[], b"").status, 200);

    let changed = json!({"action": "write", "path": "formation.afs", "content": format!("{config}version: 1.1.0\n")});
    draft(&server, id, changed);
    let update = draft(&server, id, json!({"action": "deploy"}));
    assert_eq!((update.status, &update.json()["live"]["version"]), (200, &"1.1.0".into()), "{}", update.text());
    assert_eq!(draft(&server, id, json!({"action": "discard"})).json()["draft"]["exists"], false);
}

#[test]
fn refusals_have_names() {
    let server = start();
    let ask = |body| refused(&server, "the-id", body);
    assert_eq!(refused(&server, "A", json!({"action": "init"})), (400, "InvalidFormationID".into()));
    assert_eq!(ask(json!([])), (400, "InvalidJSON".into()));
    assert_eq!(ask(json!({"action": "fly"})), (400, "InvalidAction".into()));
    assert_eq!(ask(json!({"action": "init", "mode": "odd"})), (400, "InvalidMode".into()));
    assert_eq!(ask(json!({"action": "init", "mode": "live"})), (404, "LiveNotFound".into()));
    for action in ["list", "discard", "deploy"] {
        assert_eq!(ask(json!({"action": action})), (404, "DraftNotFound".into()));
    }
    assert_eq!(draft(&server, "the-id", json!({"action": "init"})).status, 200);
    assert_eq!(ask(json!({"action": "init"})), (409, "DraftAlreadyExists".into()));
    for path in ["", "/etc/passwd", "../x", "a/../../x", "a\\..\\x", "."] {
        for action in ["read", "write", "delete"] {
            assert_eq!(ask(json!({"action": action, "path": path})), (400, "InvalidPath".into()), "{action} {path}");
        }
    }
    assert_eq!(ask(json!({"action": "read", "path": "none"})), (404, "FileNotFound".into()));
    let odd = json!({"action": "write", "path": "x", "content": "%", "encoding": "base64"});
    assert_eq!(ask(odd), (400, "DecodeError".into()));
    assert_eq!(ask(json!({"action": "deploy"})), (400, "ParseError".into()));
}

#[test]
fn a_draft_of_a_live_formation_conflicts_with_its_update() {
    let server = start();
    deploy(&server, "the-id", &formation("the-id", "1.0.0"));
    let init = draft(&server, "the-id", json!({"action": "init", "mode": "live"})).json();
    assert_eq!((&init["draft"]["base_version"], &init["live"]["status"]), (&"1.0.0".into(), &"running".into()));
    let headers = [("X-Formation-Version", "1.1.0")];
    let update = signed(&server, "PUT", "/rpc/formations/the-id", &headers, &formation("the-id", "1.1.0"));
    assert_eq!(update.status, 200);
    assert_eq!(refused(&server, "the-id", json!({"action": "deploy"})), (409, "DeployConflict".into()));
}

#[test]
fn a_folder_runs_in_dev_mode() {
    let server = start();
    let folder = tempfile::tempdir().unwrap();
    let run = |body: Value| post(&server, "/rpc/dev/run", &body);
    let path = folder.path().to_str().unwrap();
    assert_eq!(run(json!({"path": path})).status, 400);
    std::fs::write(folder.path().join("formation.afs"), "id: local-one\ndescription: A test\n").unwrap();
    let answer = run(json!({"path": path}));
    assert_eq!(answer.json()["formation_id"], "local-one", "{}", answer.text());
    assert_eq!(send(&server, "GET", "/draft/local-one/v1/health", &[], b"").status, 200);
    assert_eq!(run(json!({"path": "relative"})).status, 400);
    assert_eq!(run(json!({"path": folder.path().join("none").to_str()})).status, 404);
    assert_eq!(run(json!({"path": path, "formation_id": "x"})).status, 400);
    let missing = run(json!({"formation_id": "none"}));
    assert_eq!((missing.status, &missing.json()["port"]), (404, &0.into()));
}
