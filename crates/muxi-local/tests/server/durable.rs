use crate::{
    bundles::{deploy, formation},
    client::{Answer, Headers, post, send, signed},
};
use muxi_local::{Builder, Server};
use serde_json::{Value, json};
use std::{fs, path::Path, thread, time::Duration};
use tempfile::TempDir;

const ADMIN: (&str, &str) = ("X-Muxi-Admin-Key", "fma_test");
const CLIENT: (&str, &str) = ("X-Muxi-Client-Key", "fmc_test");
const ALICE: (&str, &str) = ("X-Muxi-User-ID", "alice");

fn builder(folder: &Path) -> Builder {
    let keys = Server::builder().key_id("key").secret_key("secret").admin_key(ADMIN.1).client_key(CLIENT.1);
    keys.data(folder)
}

fn start(folder: &Path) -> Server {
    Server::spawn(builder(folder)).unwrap()
}

/// A call with both keys, as Alice.
fn call(server: &Server, method: &str, path: &str, headers: Headers<'_>, body: &Value) -> Answer {
    let mut all = vec![ADMIN, CLIENT, ALICE, ("Content-Type", "application/json")];
    all.extend_from_slice(headers);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(server, method, path, &all, body.as_bytes())
}

fn done(server: &Server, method: &str, path: &str, body: &Value) -> Value {
    let answer = call(server, method, path, &[], body);
    assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text());
    answer.json()["data"].clone()
}

fn get(server: &Server, path: &str) -> Value {
    done(server, "GET", path, &Value::Null)
}

fn chat(server: &Server, session: &str, message: &str) -> Value {
    done(server, "POST", "/v1/chat", &json!({"message": message, "session_id": session, "stream": false}))
}

#[test]
fn every_area_of_a_formation_survives_a_restart() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    let identifiers = json!({"identifiers": [["alice@x.org", "email"], "alice"]});
    let person = done(&server, "POST", "/v1/users/identifiers", &identifiers)["muxi_user_id"].clone();
    chat(&server, "s1", "Hello");
    chat(&server, "s1", "[[artifact]]");
    let question = chat(&server, "s2", "[[clarify]]")["request_id"].as_str().unwrap().to_owned();
    done(&server, "POST", "/v1/memories", &json!({"content": "likes tea", "type": "preference"}));
    let gone = done(&server, "POST", "/v1/memories", &json!({"content": "likes noise"}))["id"].clone();
    done(&server, "DELETE", &format!("/v1/memories/{}", gone.as_str().unwrap()), &Value::Null);
    let items = json!({"items": [{"source": "mail", "source_id": "1", "content": "met Bob"}]});
    let batch = done(&server, "POST", "/v1/memories/batch", &items);
    let event = batch["items"][0]["event_id"].as_str().unwrap().to_owned();
    done(&server, "POST", "/v1/credentials", &json!({"service": "mail", "credential": {"token": "abcdefghij"}}));
    let channels = json!({"preferred_channel": "email", "channels": {"email": {"address": "a@x.org"}}});
    done(&server, "PUT", "/v1/users/alice/channels", &channels);
    let job = json!({"type": "recurring", "schedule": "0 9 * * 1", "message": "report"});
    let job = done(&server, "POST", "/v1/scheduler/jobs", &job)["id"].as_str().unwrap().to_owned();
    done(&server, "POST", &format!("/v1/scheduler/jobs/{job}/pause"), &Value::Null);
    done(&server, "POST", "/v1/secrets", &json!({"key": "EXTRA", "value": "a long enough value"}));
    let given = get(&server, "/v1/secrets")["secrets"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let given = given.into_iter().find(|name| !["EXTRA", "OPENAI_API_KEY"].contains(&name.as_str()));
    given.iter().for_each(|name| drop(done(&server, "DELETE", &format!("/v1/secrets/{name}"), &Value::Null)));
    done(&server, "POST", "/v1/tuning", &json!({"content": "Be brief."}));
    let rebuild = done(&server, "POST", "/v1/memory/rebuild", &json!({"user_id": "alice"}))["job_id"].clone();
    let artifact = get(&server, "/v1/artifacts")["artifacts"][0]["id"].as_str().unwrap().to_owned();
    let content = format!("/v1/artifacts/{artifact}/content");
    let bytes = call(&server, "GET", &content, &[], &Value::Null).body;
    assert!(!bytes.is_empty());
    let key: Headers<'_> = &[("X-Muxi-Idempotency-Key", "once")];
    let once = json!({"message": "only once", "stream": false});
    let first = call(&server, "POST", "/v1/chat", key, &once);
    // Ingested content takes a moment to become a memory, and so does a rebuild.
    thread::sleep(Duration::from_millis(500));

    let paths = [
        "/v1/sessions",
        "/v1/sessions/s1",
        "/v1/sessions/s1/messages",
        "/v1/sessions/s2/messages",
        "/v1/memory/buffer",
        "/v1/memory/stats",
        "/v1/memories",
        &format!("/v1/memories/ingestion/{}", batch["processing_id"].as_str().unwrap()),
        &format!("/v1/memories/provenance?event_id={event}"),
        &format!("/v1/memory/rebuild/{}", rebuild.as_str().unwrap()),
        "/v1/credentials",
        &format!("/v1/users/identifiers/{}", person.as_str().unwrap()),
        "/v1/users/alice",
        "/v1/users/alice/channels",
        "/v1/scheduler/jobs",
        &format!("/v1/scheduler/jobs/{job}"),
        "/v1/requests",
        &format!("/v1/requests/{question}"),
        "/v1/secrets",
        "/v1/tuning",
        "/v1/artifacts",
        &format!("/v1/artifacts/{artifact}/versions"),
        "/v1/audit",
    ];
    let before: Vec<Value> = paths.iter().map(|path| get(&server, path)).collect();
    let all = serde_json::to_string(&before).unwrap();
    for words in ["Echo: Hello", "likes tea", "met Bob", "abcd", "alice@x.org", "a@x.org", "PAUSED", "EXTRA", "brief"] {
        assert!(all.contains(words), "{words} is not in {all}");
    }
    assert!(!all.contains("likes noise"));
    assert!(before.iter().all(|data| data["count"] != 0 && data["total_entries"] != 0), "{all}");
    drop(server);

    let server = start(folder.path());
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(get(&server, path), before, "{path}");
    }
    assert_eq!(call(&server, "GET", &content, &[], &Value::Null).body, bytes);
    assert_eq!(call(&server, "POST", "/v1/chat", key, &once).body, first.body);
    // Numbers go on where they were.
    let total = get(&server, "/v1/status")["stats"]["requests"]["total"].clone();
    // The question is still open: the next message is its answer.
    let answer = chat(&server, "s2", "the second one");
    assert_eq!(answer["request_id"], question.as_str());
    assert_eq!(get(&server, "/v1/status")["stats"]["requests"]["total"], total.as_u64().unwrap() + 1);
    assert_eq!(get(&server, &format!("/v1/requests/{question}"))["status"], "completed");
    let newer = done(&server, "POST", "/v1/memories", &json!({"content": "newer"}));
    assert_eq!(get(&server, "/v1/memories")["memories"][0]["id"], newer["id"]);
}

#[test]
fn a_request_that_ran_has_failed_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    let body = json!({"data": {"message": "[[wait 60000]]", "request_id": "req_cut", "stream": false}});
    let body = body["data"].to_string();
    let headers = [CLIENT, ALICE, ("Content-Type", "application/json")];
    let waiting = crate::client::open(&server, "POST", "/v1/chat", &headers, body.as_bytes());
    while get(&server, "/v1/requests")["count"] == 0 {
        thread::sleep(Duration::from_millis(20));
    }
    drop(server);
    drop(waiting);
    let server = start(folder.path());
    let row = get(&server, "/v1/requests/req_cut");
    assert_eq!(row["status"], "failed", "{row}");
    assert!(row["error"].as_str().unwrap().contains("restarted"), "{row}");
}

#[test]
fn the_keys_are_those_of_the_first_start_unless_told_otherwise() {
    let folder = TempDir::new().unwrap();
    let keys = |server: &Server| {
        [server.key_id(), server.secret_key(), server.admin_key(), server.client_key()].map(str::to_owned)
    };
    let plain = || Server::spawn(Server::builder().data(folder.path())).unwrap();
    let first = keys(&plain());
    assert_eq!(keys(&plain()), first);
    let told = keys(&Server::spawn(Server::builder().data(folder.path()).admin_key("fma_told")).unwrap());
    assert_eq!((&told[2][..], &told[0]), ("fma_told", &first[0]));
    assert_eq!(keys(&plain()), told);
}

fn act(server: &Server, id: &str, action: &str) -> Answer {
    signed(server, "POST", &format!("/rpc/formations/{id}/{action}"), &[], b"")
}

fn update(server: &Server, id: &str, version: &str) {
    let headers = [("X-Formation-Version", version)];
    let answer = signed(server, "PUT", &format!("/rpc/formations/{id}"), &headers, &formation(id, version));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn version(server: &Server, id: &str) -> Value {
    send(server, "GET", &format!("/api/{id}/v1/health"), &[], b"").json()["version"].clone()
}

fn facts(server: &Server, id: &str) -> Value {
    let mut data = signed(server, "GET", &format!("/rpc/formations/{id}"), &[], b"").json()["data"].clone();
    for name in ["uptime", "last_health_check", "pid"] {
        data.as_object_mut().unwrap().remove(name);
    }
    data
}

/// The folders of bundles and drafts.
fn folders(data: &Path) -> usize {
    fs::read_dir(data.join("formations")).unwrap().count()
}

#[test]
fn formations_and_drafts_survive_a_restart() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    for id in ["demo-a", "demo-b", "demo-c"] {
        deploy(&server, id, &formation(id, "1.0.0"));
    }
    update(&server, "demo-a", "1.1.0");
    update(&server, "demo-a", "1.2.0");
    assert_eq!(act(&server, "demo-a", "restart").status, 200);
    assert_eq!(act(&server, "demo-b", "stop").status, 200);
    assert_eq!(signed(&server, "DELETE", "/rpc/formations/demo-c", &[], b"").status, 200);
    let draft = |server: &Server, body: Value| post(server, "/rpc/formations/demo-a/draft/files", &body);
    draft(&server, json!({"action": "init"}));
    draft(&server, json!({"action": "write", "path": "notes.md", "content": "Hi"}));
    let listed = draft(&server, json!({"action": "list"})).json();
    // Two versions of the first, one of the second, and the draft.
    assert_eq!(folders(folder.path()), 4);
    let before = ["demo", "demo-a", "demo-b"].map(|id| facts(&server, id));
    drop(server);

    let server = start(folder.path());
    assert_eq!(["demo", "demo-a", "demo-b"].map(|id| facts(&server, id)), before);
    assert_eq!(version(&server, "demo-a"), "1.2.0");
    assert_eq!(send(&server, "GET", "/api/demo-b/v1/health", &[], b"").status, 503);
    assert_eq!(send(&server, "GET", "/api/demo-c/v1/health", &[], b"").status, 404);
    assert_eq!(draft(&server, json!({"action": "list"})).json(), listed);
    assert_eq!(act(&server, "demo-b", "start").status, 200);
    assert_eq!(act(&server, "demo-a", "rollback").status, 200);
    assert_eq!(draft(&server, json!({"action": "discard"})).status, 200);
    assert_eq!(folders(folder.path()), 3);
    drop(server);

    let server = start(folder.path());
    assert_eq!((version(&server, "demo-a"), version(&server, "demo-b")), ("1.1.0".into(), "1.0.0".into()));
    assert_eq!(draft(&server, json!({"action": "list"})).status, 404);
}

#[test]
fn a_formation_keeps_its_state_through_update_and_rollback_until_it_is_deleted() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    let (id, path) = ("demo-s", "/api/demo-s/v1/memories");
    deploy(&server, id, &formation(id, "1.0.0"));
    let add = |server: &Server, content: &str| done(server, "POST", path, &json!({"content": content}));
    let count = |server: &Server| get(server, path)["count"].as_u64().unwrap();
    add(&server, "one");
    update(&server, id, "1.1.0");
    add(&server, "two");
    assert_eq!(act(&server, id, "rollback").status, 200);
    assert_eq!(count(&server), 2);
    // A development run of the same id has a state of its own.
    let draft = json!({"action": "init", "mode": "live"});
    assert_eq!(post(&server, "/rpc/formations/demo-s/draft/files", &draft).status, 200);
    assert_eq!(post(&server, "/rpc/dev/run", &json!({"formation_id": id})).status, 200);
    assert_eq!(get(&server, "/draft/demo-s/v1/memories")["count"], 0);
    done(&server, "POST", "/draft/demo-s/v1/memories", &json!({"content": "in the draft"}));
    drop(server);

    let server = start(folder.path());
    assert_eq!(count(&server), 2);
    assert_eq!(post(&server, "/rpc/dev/run", &json!({"formation_id": id})).status, 200);
    assert_eq!(get(&server, "/draft/demo-s/v1/memories")["memories"][0]["content"], "in the draft");
    assert_eq!(signed(&server, "DELETE", "/rpc/formations/demo-s", &[], b"").status, 200);
    deploy(&server, id, &formation(id, "1.0.0"));
    assert_eq!(count(&server), 0);
    drop(server);
    assert_eq!(count(&start(folder.path())), 0);
}

#[test]
fn a_crash_in_the_middle_of_a_deployment_leaves_no_files() {
    let folder = TempDir::new().unwrap();
    drop(start(folder.path()));
    fs::create_dir(folder.path().join("formations/.tmpleft")).unwrap();
    drop(start(folder.path()));
    assert_eq!(folders(folder.path()), 0);
}

fn refused(folder: &Path) -> String {
    Server::spawn(builder(folder)).unwrap_err().to_string()
}

#[test]
fn a_folder_is_for_one_server_at_a_time() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    let error = refused(folder.path());
    assert!(error.contains(&*folder.path().to_string_lossy()) && error.contains("in use by another"), "{error}");
    drop(server);
    start(folder.path());
}

#[test]
fn a_damaged_foreign_or_newer_database_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("muxi-local.db");
    let expect = |words: &str| {
        let error = refused(folder.path());
        assert!(error.contains(&*file.to_string_lossy()) && error.contains(words), "{error}");
    };
    fs::write(&file, "This is no database, and it is long enough to be taken for the head of one.".repeat(9)).unwrap();
    expect("damaged or no database");
    fs::remove_file(&file).unwrap();
    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute_batch("CREATE TABLE theirs (a)").unwrap();
    expect("database of another program");
    database.close().unwrap();
    fs::remove_file(&file).unwrap();
    drop(start(folder.path()));
    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(database);
    expect("newer muxi-local (format 99");
    let database = rusqlite::Connection::open(&file).unwrap();
    let row = "INSERT INTO rows VALUES ('live/demo', 'memories', '1', '{}')";
    database.execute_batch(&format!("PRAGMA user_version = 1; {row}")).unwrap();
    drop(database);
    expect("the stored row 1 of 'memories' in live/demo cannot be read: missing field");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("new");
    let server = start(&data);
    done(&server, "POST", "/v1/secrets", &json!({"key": "EXTRA", "value": "a long enough value"}));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for name in ["muxi-local.db", "muxi-local.db-wal", "muxi-local.db-shm"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
}

/// Another program that writes to the database holds up calls that write, and no others.
#[test]
fn a_disk_that_refuses_is_told_and_tried_again() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    done(&server, "POST", "/v1/secrets", &json!({"key": "FIRST", "value": "x"}));
    let database = rusqlite::Connection::open(folder.path().join("muxi-local.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = thread::scope(|scope| {
        let writing =
            scope.spawn(|| call(&server, "POST", "/v1/secrets", &[], &json!({"key": "SECOND", "value": "x"})));
        thread::sleep(Duration::from_millis(200));
        assert_eq!(send(&server, "GET", "/health", &[], b"").status, 200);
        assert!(!writing.is_finished(), "the write did not wait for the disk");
        writing.join().unwrap()
    });
    assert_eq!(refused.status, 500);
    let words = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(words.contains("made, but not yet saved") && words.contains("locked"), "{words}");
    let headers = [CLIENT, ALICE, ("Content-Type", "application/json")];
    let stream = send(&server, "POST", "/v1/chat", &headers, br#"{"message": "Hello"}"#);
    assert!(
        stream.text().contains("made, but not yet saved") && !stream.text().contains("completed"),
        "{}",
        stream.text()
    );
    let stop = signed(&server, "POST", "/rpc/formations/demo/stop", &[], b"");
    assert!(stop.status == 500 && stop.message().contains("made, but not yet saved"), "{}", stop.text());
    database.execute_batch("ROLLBACK").unwrap();
    // Nothing was lost meanwhile: the next write takes everything along.
    assert_eq!(act(&server, "demo", "start").status, 200);
    done(&server, "POST", "/v1/secrets", &json!({"key": "THIRD", "value": "x"}));
    drop(server);
    let kept = get(&start(folder.path()), "/v1/secrets");
    for name in ["FIRST", "SECOND", "THIRD"] {
        assert!(kept["secrets"][name].is_string(), "{kept}");
    }
}

#[test]
fn a_database_of_the_first_version_is_read() {
    let folder = TempDir::new().unwrap();
    let database = rusqlite::Connection::open(folder.path().join("muxi-local.db")).unwrap();
    database.execute_batch(include_str!("format1.sql")).unwrap();
    database.close().unwrap();
    let server = start(folder.path());
    assert_eq!(get(&server, "/v1/sessions/s1/messages")["messages"][1]["text"], "Echo: Hello");
    let memories = get(&server, "/v1/memories")["memories"].clone();
    assert_eq!((&memories[0]["content"], &memories[1]["content"]), (&"met Bob".into(), &"likes tea".into()));
    let artifact = get(&server, "/v1/artifacts")["artifacts"][0]["id"].as_str().unwrap().to_owned();
    let content = call(&server, "GET", &format!("/v1/artifacts/{artifact}/content"), &[], &Value::Null);
    assert_eq!(content.text(), "[[artifact]]");
    assert_eq!(get(&server, "/v1/credentials")["credentials"][0]["credential_preview"], "abcd••••");
    assert_eq!(get(&server, "/v1/users/alice")["internal_user_id"], 1);
    assert_eq!(get(&server, "/v1/users/alice/channels")["preferred_channel"], "email");
    let jobs = get(&server, "/v1/scheduler/jobs")["jobs"].clone();
    assert_eq!((&jobs[0]["scheduled_for"], &jobs[1]["status"]), (&"2099-01-01T09:00:00Z".into(), &"PAUSED".into()));
    assert_eq!(jobs[1]["last_run_status"], "success");
    assert_eq!(get(&server, "/v1/secrets")["count"], 2);
    assert_eq!(get(&server, "/v1/tuning")["content"], "Be brief.");
    assert!(get(&server, "/v1/status")["stats"]["requests"]["total"].as_u64().unwrap() >= 4);
    assert!(get(&server, "/v1/audit")["total_entries"].as_u64().unwrap() >= 4);
    let stopped = facts(&server, "demo-a");
    assert_eq!((&stopped["status"], &stopped["restart_count"]), (&"stopped".into(), &2.into()));
    assert!(stopped["version"]["previous"].is_string());
    let list = post(&server, "/rpc/formations/demo-a/draft/files", &json!({"action": "init"})).json();
    assert_eq!((&list["error"], &list["draft"]["base_version"]), (&"DraftAlreadyExists".into(), &"1.3.0".into()));
}

#[test]
fn a_reset_empties_the_folder_too() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    deploy(&server, "demo-r", &formation("demo-r", "1.0.0"));
    done(&server, "POST", "/v1/memories", &json!({"content": "likes tea"}));
    done(&server, "POST", "/api/demo-r/v1/memories", &json!({"content": "likes coffee"}));
    assert_eq!(post(&server, "/_local/reset", &json!({})).status, 200);
    assert_eq!(folders(folder.path()), 0);
    drop(server);
    let server = start(folder.path());
    assert_eq!(get(&server, "/v1/memories")["count"], 0);
    assert_eq!(send(&server, "GET", "/api/demo-r/v1/health", &[], b"").status, 404);
    deploy(&server, "demo-r", &formation("demo-r", "1.0.0"));
    assert_eq!(get(&server, "/api/demo-r/v1/memories")["count"], 0);
}

#[test]
fn a_formation_that_is_named_at_the_start_begins_from_its_files_and_remembers() {
    let (folder, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let config = "id: from-files\ndescription: A test\nmemory: {distillery: {enabled: true}}\n";
    fs::write(files.path().join("formation.afs"), format!("{config}version: 1.0.0\n")).unwrap();
    let begin = || Server::spawn(builder(folder.path()).formation(files.path())).unwrap();
    let server = begin();
    done(&server, "POST", "/v1/memories", &json!({"content": "likes tea"}));
    let key = format!("ed25519:{}=", "A".repeat(43));
    done(&server, "POST", "/v1/memory/distilleries", &json!({"name": "mine", "public_key": key}));
    let distilleries = get(&server, "/v1/memory/distilleries");
    deploy(&server, "demo-x", &formation("demo-x", "1.0.0"));
    update(&server, "from-files", "9.0.0");
    assert_eq!(version(&server, "from-files"), "9.0.0");
    drop(server);

    fs::write(files.path().join("formation.afs"), format!("{config}version: 1.1.0\n")).unwrap();
    let server = begin();
    assert_eq!(version(&server, "from-files"), "1.1.0");
    assert_eq!(version(&server, "demo-x"), "1.0.0");
    assert_eq!(get(&server, "/v1/memories")["memories"][0]["content"], "likes tea");
    assert_eq!(get(&server, "/v1/memory/distilleries"), distilleries);
    // The built-in one is there only where nothing is named.
    assert_eq!(send(&server, "GET", "/api/demo/v1/health", &[], b"").status, 404);
    drop(server);
    let server = start(folder.path());
    assert_eq!(send(&server, "GET", "/api/demo/v1/health", &[], b"").status, 200);
    assert_eq!(send(&server, "GET", "/api/from-files/v1/health", &[], b"").status, 404);
}

#[test]
fn what_a_schedule_missed_while_no_server_ran_is_left_out() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    let job = |kind: &str, schedule: &str| json!({"type": kind, "schedule": schedule, "message": "report"});
    done(&server, "POST", "/v1/scheduler/jobs", &job("recurring", "0 9 * * *"));
    done(&server, "POST", "/v1/scheduler/jobs", &job("one_time", "2099-01-01T09:00:00Z"));
    drop(server);
    let database = rusqlite::Connection::open(folder.path().join("muxi-local.db")).unwrap();
    let move_back =
        "UPDATE rows SET value = json_set(value, '$.next', '2020-01-01T09:00:00Z') WHERE area = 'scheduler_jobs'";
    assert_eq!(database.execute(move_back, []).unwrap(), 2);
    database.close().unwrap();
    let server = start(folder.path());
    let runs = |server: &Server| {
        let jobs = get(server, "/v1/scheduler/jobs")["jobs"].clone();
        [jobs[1]["total_runs"].as_u64().unwrap(), jobs[0]["total_runs"].as_u64().unwrap()]
    };
    let late = std::time::Instant::now() + Duration::from_secs(10);
    while runs(&server)[1] == 0 && std::time::Instant::now() < late {
        thread::sleep(Duration::from_millis(50));
    }
    // The one for a single time is late; the daily one waits for its next day.
    assert_eq!(runs(&server), [0, 1]);
    drop(server);
    let server = start(folder.path());
    assert_eq!(runs(&server), [0, 1]);
    assert_eq!(get(&server, "/v1/scheduler/jobs")["jobs"][0]["status"], "COMPLETED");
}
