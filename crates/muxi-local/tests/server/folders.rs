//! Formations that the server is started with.

use crate::{
    bundles::{archive, formation},
    client::{Answer, post, send, signed},
};
use muxi_local::{Builder, Server};
use serde_json::{Value, json};
use std::{fs, path::Path};
use tempfile::TempDir;

pub(crate) const CONFIG: &str = "schema: '1.0.0'
id: desk
name: Support desk
description: Answers customers
version: 2.1.0
agents: [helper]
server: {api_keys: {admin_key: fma_desk, client_key: '${{ secrets.CLIENT_KEY }}'}}
llm: {api_keys: {openai: '${{ secrets.OPENAI_API_KEY }}'}}
";

/// A formation's folder.
pub(crate) fn desk() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("formation.afs", CONFIG),
        ("agents/helper.afs", "schema: '1.0.0'\nid: helper\nname: Helper\ndescription: Helps\n"),
        ("triggers/order.md", "Order ${{ data.id }}"),
        ("sops/refund.md", "---\ntype: sop\nname: Refund\ndescription: Refunds\n---\n1. **Look** [agent:helper]\n"),
        ("skills/sum/SKILL.md", "---\nname: sum\ndescription: Sums up\nlicense: MIT\n---\nSum.\n"),
        ("skills/sum/references/how.md", "How"),
        ("SOUL.md", "You are kind."),
        (".env", "CLIENT_KEY=fmc_desk\n"),
    ] {
        write(folder.path(), name, text);
    }
    folder
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn builder() -> Builder {
    Server::builder().key_id("key").secret_key("secret")
}

fn serve(path: &Path) -> Server {
    Server::spawn(builder().formation(path)).unwrap()
}

const KEYS: [(&str, &str); 3] =
    [("X-Muxi-Client-Key", "fmc_desk"), ("X-Muxi-Admin-Key", "fma_desk"), ("X-Muxi-User-ID", "ada")];

fn get(server: &Server, path: &str) -> Value {
    let answer = send(server, "GET", path, &KEYS, b"");
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()["data"].clone()
}

fn call(server: &Server, method: &str, path: &str, body: &Value) -> Answer {
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend_from_slice(&KEYS);
    send(server, method, path, &headers, body.to_string().as_bytes())
}

fn shown(server: &Server) -> Value {
    signed(server, "GET", "/rpc/formations", &[], b"").json()["data"]["formations"][0].clone()
}

#[test]
fn a_folder_is_served_in_all_its_parts() {
    let folder = desk();
    let server = serve(folder.path());
    let served = &server.formations()[0];
    assert_eq!((served.id.as_str(), served.name.as_str(), served.version.as_str()), ("desk", "Support desk", "2.1.0"));
    assert_eq!((server.formation_id(), server.admin_key(), server.client_key()), ("desk", "fma_desk", "fmc_desk"));
    for base in ["/v1", "/api/desk/v1", "/draft/desk/v1"] {
        assert_eq!(get(&server, &format!("{base}/agents"))["agents"][0]["name"], "Helper");
    }
    assert_eq!(send(&server, "GET", "/api/demo/v1/health", &[], b"").status, 404);
    assert_eq!(get(&server, "/v1/overlord/soul")["soul"], "You are kind.");
    assert_eq!(get(&server, "/v1/triggers")["triggers"], json!(["order"]));
    assert_eq!(get(&server, "/v1/sops/refund")["content"], "1. **Look** [agent:helper]\n");
    assert_eq!(get(&server, "/v1/skills")["skills"][0]["resource_count"], 1);
    let skill = get(&server, "/v1/skills/sum");
    assert_eq!((&skill["license"], &skill["resources"]), (&json!("MIT"), &json!(["references/how.md"])));
    assert_eq!(get(&server, "/v1/llm/settings")["api_keys"]["openai"], "${{ secrets.OPENAI_API_KEY }}");
    assert_eq!(get(&server, "/v1/secrets")["count"], 1);
    assert!(!get(&server, "/v1/formation").to_string().contains("fmc_desk"));
    let fired = call(&server, "POST", "/v1/triggers/order", &json!({"data": {"id": 7}, "use_async": false}));
    assert_eq!(fired.json()["data"]["content"], "Echo: Order 7");
    let missing = served.missing_secrets.clone().unwrap();
    assert!(
        missing.contains("missing: OPENAI_API_KEY") && missing.contains("MUXI_SECRET_OPENAI_API_KEY="),
        "{missing}"
    );
    assert_eq!(shown(&server)["version"]["semantic"], "2.1.0");
}

#[test]
fn what_a_draft_does_is_what_the_formation_does() {
    let folder = desk();
    let server = serve(folder.path());
    call(&server, "POST", "/draft/desk/v1/chat", &json!({"message": "Hi", "session_id": "s", "stream": false}));
    let messages = get(&server, "/v1/sessions/s/messages");
    assert_eq!(messages["messages"].as_array().unwrap().len(), 2, "{messages}");
    // A development run of the same folder stands before it, and gives way again.
    let path = folder.path().to_str().unwrap();
    assert_eq!(post(&server, "/rpc/dev/run", &json!({"path": path})).status, 200);
    assert_eq!(get(&server, "/draft/desk/v1/sessions/s/messages")["messages"], json!([]));
    assert_eq!(post(&server, "/rpc/dev/stop", &json!({"formation_id": "desk"})).status, 200);
    assert_eq!(get(&server, "/draft/desk/v1/sessions/s/messages"), messages);
}

#[test]
fn several_formations_files_and_bundles_are_served() {
    let (folder, other) = (desk(), tempfile::tempdir().unwrap());
    fs::write(other.path().join("packed.tar.gz"), formation("packed", "1.0.0")).unwrap();
    write(other.path(), "lonely.yaml", "id: lonely\ndescription: A file\n");
    let builder = builder()
        .formation(folder.path())
        .formation(other.path().join("lonely.yaml"))
        .formation(other.path().join("packed.tar.gz"));
    let server = Server::spawn(builder).unwrap();
    let ids: Vec<&str> = server.formations().iter().map(|served| served.id.as_str()).collect();
    assert_eq!(ids, ["desk", "lonely", "packed"]);
    for id in ids {
        assert_eq!(send(&server, "GET", &format!("/api/{id}/v1/health"), &[], b"").status, 200, "{id}");
    }
    assert_eq!(get(&server, "/v1/overlord/soul")["soul"], "You are kind.");
}

#[test]
fn wrong_formations_keep_the_server_from_starting() {
    let (folder, other) = (desk(), desk());
    write(folder.path(), "agents/helper.afs", "id: helper\n");
    write(folder.path(), "sops/refund.md", "1. **Look** [agent:nobody]\n");
    let fault = |builder: Builder| Server::spawn(builder).unwrap_err();
    let error = fault(builder().formation(folder.path()).formation("/no/such"));
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    let text = error.to_string();
    let shown = |folder_name: &str, name: &str| folder.path().join(folder_name).join(name).display().to_string();
    for line in [
        &(shown("agents", "helper.afs") + ":1:1: 'description' is required: an agent has one"),
        &(shown("sops", "refund.md") + ":1:13: [agent:nobody]: there is no agent 'nobody'"),
        "/no/such: there is no such file or folder",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line}: {text}");
    }
    let twice = fault(builder().formation(other.path()).formation(other.path())).to_string();
    assert!(twice.contains("another formation has the id 'desk' too"), "{twice}");
    write(other.path(), "formation.afs", "id: Bad_Id\ndescription: x\n");
    let id = fault(builder().formation(other.path())).to_string();
    let expected = format!("{}:1:5: Invalid formation ID 'Bad_Id'", other.path().join("formation.afs").display());
    assert!(id.contains(&expected), "{id}");
    let twice = fault(builder().formation(other.path()).formation(other.path())).to_string();
    assert_eq!(twice.matches("Bad_Id").count(), 1, "{twice}");
    fs::write(folder.path().join("x.tgz"), "no bundle").unwrap();
    let bundle = fault(builder().formation(folder.path().join("x.tgz"))).to_string();
    assert!(bundle.contains("gzip"), "{bundle}");
}

#[test]
fn a_reload_takes_new_files_and_keeps_the_state() {
    let folder = desk();
    let server = serve(folder.path());
    call(&server, "POST", "/v1/chat", &json!({"message": "Hi", "session_id": "s", "stream": false}));
    call(&server, "POST", "/v1/secrets", &json!({"key": "OWN", "value": "by the api"}));
    let before = shown(&server)["version"]["current"].clone();
    write(folder.path(), "agents/second.afs", "schema: '1.0.0'\nid: second\nname: Second\ndescription: Joins\n");
    write(folder.path(), "formation.afs", &CONFIG.replace("[helper]", "[helper, second]").replace("2.1.0", "2.2.0"));
    write(folder.path(), ".env", "CLIENT_KEY=fmc_desk\nNEW=1\n");
    let reloads = server.reload();
    assert_eq!((reloads.len(), reloads[0].id.as_str()), (1, "desk"));
    assert!(reloads[0].changed && reloads[0].outcome.is_ok(), "{reloads:?}");
    assert_eq!(get(&server, "/v1/agents")["count"], 2);
    write(folder.path(), "notes.txt", "no part of the formation");
    assert!(!server.reload()[0].changed);
    write(folder.path(), "triggers/order.md", "Changed");
    assert!(server.reload()[0].changed);
    assert_eq!(get(&server, "/v1/sessions/s/messages")["messages"].as_array().unwrap().len(), 2);
    let secrets = get(&server, "/v1/secrets")["secrets"].clone();
    assert!(secrets.get("OWN").is_some() && secrets.get("NEW").is_some(), "{secrets}");
    let version = shown(&server)["version"].clone();
    assert_eq!(version["semantic"], "2.2.0");
    assert_ne!(version["current"], before);
}

#[test]
fn wrong_files_leave_the_old_formation_in_place() {
    let folder = desk();
    let server = serve(folder.path());
    let refused = |text: &str, expected: &str| {
        write(folder.path(), "formation.afs", text);
        let error = server.reload().remove(0).outcome.unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert_eq!(get(&server, "/v1/agents")["count"], 1);
    };
    refused("id: desk\ndescription: [", "formation.afs:2:14: expected YAML");
    refused("id: other\ndescription: x\n", "its id is now 'other'");
    // An update through the control plane takes the formation away from its folder.
    write(folder.path(), "formation.afs", CONFIG);
    let headers = [("X-Formation-Version", "3.0.0")];
    let update = signed(&server, "PUT", "/rpc/formations/desk", &headers, &formation("desk", "3.0.0"));
    assert_eq!(update.status, 200, "{}", update.text());
    assert!(server.reload().remove(0).outcome.unwrap_err().contains("does not run from these files any more"));
    // And a rollback gives it back.
    let back = signed(&server, "POST", "/rpc/formations/desk/rollback", &[], b"");
    assert_eq!(back.status, 200, "{}", back.text());
    assert!(server.reload().remove(0).outcome.is_ok());
    assert_eq!(get(&server, "/v1/agents")["count"], 1);
}

#[test]
fn a_folder_is_restarted_downloaded_and_drafted() {
    let folder = desk();
    let server = serve(folder.path());
    write(folder.path(), "SOUL.md", "You are brisk.");
    assert_eq!(signed(&server, "POST", "/rpc/formations/desk/restart", &[], b"").status, 200);
    assert_eq!(get(&server, "/v1/overlord/soul")["soul"], "You are brisk.");
    let zip = signed(&server, "GET", "/rpc/formations/desk/download", &[], b"").body;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let soul = std::io::read_to_string(zip.by_name("SOUL.md").unwrap()).unwrap();
    assert_eq!(soul, "You are brisk.");
    let draft = |body: Value| post(&server, "/rpc/formations/desk/draft/files", &body);
    assert_eq!(draft(json!({"action": "init", "mode": "live"})).status, 200);
    draft(json!({"action": "write", "path": "SOUL.md", "content": "You are a draft."}));
    let deployed = draft(json!({"action": "deploy"}));
    // The draft refers to secrets and a bundle needs them encrypted.
    assert_eq!((deployed.status, &deployed.json()["error"]), (400, &json!("SecretsError")), "{}", deployed.text());
    draft(json!({"action": "write", "path": "secrets.enc", "content": "x"}));
    draft(json!({"action": "write", "path": ".key", "content": "x"}));
    let deployed = draft(json!({"action": "deploy"}));
    assert_eq!(deployed.status, 200, "{}", deployed.text());
    assert_eq!(get(&server, "/v1/overlord/soul")["soul"], "You are a draft.");
    assert_eq!(fs::read_to_string(folder.path().join("SOUL.md")).unwrap(), "You are brisk.");
}

#[test]
fn bundles_with_faults_fail_with_their_places() {
    let server = Server::spawn(builder()).unwrap();
    let config = "schema: '1.0.0'\nid: desk\ndescription: x\n";
    let send = |bundle: &[u8]| {
        let headers = [("Content-Type", "application/gzip"), ("X-Formation-ID", "desk")];
        signed(&server, "POST", "/rpc/formations", &headers, bundle).message()
    };
    let parse = send(&archive(&[("root/formation.afs", "id: desk\ndescription: [\n")]));
    assert_eq!(parse, "Failed to parse formation config: formation.afs:2:14: expected YAML: unclosed bracket '['");
    let start = send(&archive(&[("root/formation.afs", config), ("root/agents/a.afs", "id: a\n")]));
    assert!(start.starts_with("Formation failed health check after 30s: Formation crashed during startup"), "{start}");
    assert!(start.contains("agents/a.afs:1:1: 'description' is required"), "{start}");
    let good = archive(&[("root/formation.afs", config), ("root/agents/a.afs", "id: a\ndescription: A\n")]);
    assert_eq!(send(&good), "");
    let update = archive(&[("root/formation.afs", config), ("root/triggers/t.md", "---\nwebhook: 1\n---\n")]);
    let update = signed(&server, "PUT", "/rpc/formations/desk", &[], &update).message();
    assert!(update.contains("triggers/t.md:2:10: 'webhook'") && update.contains("zero downtime"), "{update}");
}

/// Versions are real: each has its own files, and rolling back brings back the old ones.
#[test]
fn versions_have_files_of_their_own() {
    let server = Server::spawn(builder()).unwrap();
    let bundle = |version: &str, trigger: &str| {
        let config = format!("schema: '1.0.0'\nid: desk\ndescription: x\nversion: {version}\n");
        archive(&[("root/formation.afs", config.as_str()), ("root/triggers/hello.md", trigger), ("root/.hidden", "x")])
    };
    let put = |version: &str, bundle: &[u8]| {
        signed(&server, "PUT", "/rpc/formations/desk", &[("X-Formation-Version", version)], bundle)
    };
    let hello = || {
        let headers = [("X-Muxi-Client-Key", server.client_key())];
        send(&server, "GET", "/api/desk/v1/triggers/hello", &headers, b"").json()["data"]["content"].clone()
    };
    let packed = || {
        let zip = signed(&server, "GET", "/rpc/formations/desk/download", &[], b"").body;
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
        assert!(zip.by_name(".hidden").is_err());
        std::io::read_to_string(zip.by_name("triggers/hello.md").unwrap()).unwrap()
    };
    let headers = [("Content-Type", "application/gzip"), ("X-Formation-ID", "desk"), ("X-Formation-Version", "1.0.0")];
    let first = bundle("1.0.0", "one");
    assert_eq!(signed(&server, "POST", "/rpc/formations", &headers, &first).status, 201);
    assert_eq!((hello(), packed()), (json!("one"), "one".to_owned()));
    assert_eq!(put("1.0.0", &first).status, 409);
    assert_eq!(put("2.0.0", &bundle("3.0.0", "three")).status, 400);
    let second = put("2.0.0", &bundle("2.0.0", "two")).json()["data"].clone();
    assert_eq!((&second["version"], &second["previous_version"]), (&json!(2), &json!(1)));
    assert_eq!((hello(), packed()), (json!("two"), "two".to_owned()));
    let roll_back = || signed(&server, "POST", "/rpc/formations/desk/rollback", &[], b"").json()["data"].clone();
    assert_eq!(roll_back()["version"], 1);
    assert_eq!((hello(), packed()), (json!("one"), "one".to_owned()));
    // The version that was rolled back is the previous one now, and the next update counts on.
    assert_eq!(put("2.1.0", &bundle("2.1.0", "fixed")).json()["data"]["version"], 3);
    assert_eq!(roll_back()["version"], 1);
    assert_eq!(roll_back()["version"], 3);
    assert_eq!(hello(), "fixed");
}

/// A development run of a draft sees the draft's files as they are when it starts.
#[test]
fn a_development_run_of_a_draft_has_its_files() {
    let server = Server::spawn(builder()).unwrap();
    let draft = |body: Value| post(&server, "/rpc/formations/desk/draft/files", &body);
    let run = |action: &str| post(&server, &format!("/rpc/dev/{action}"), &json!({"formation_id": "desk"}));
    draft(json!({"action": "init", "mode": "new"}));
    draft(json!({"action": "write", "path": "formation.afs", "content": "id: desk\ndescription: x\nagents: [a]\n"}));
    let broken = run("run");
    assert_eq!(broken.status, 500);
    let error = broken.json()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("formation.afs:3:10: there is no agent 'a' in agents/"), "{error}");
    draft(json!({"action": "write", "path": "agents/a.afs", "content": "description: A\n"}));
    assert_eq!(run("run").status, 200);
    let headers = [("X-Muxi-Admin-Key", server.admin_key())];
    let agents = || send(&server, "GET", "/draft/desk/v1/agents", &headers, b"").json()["data"]["count"].clone();
    assert_eq!(agents(), 1);
    draft(json!({"action": "write", "path": "agents/b.afs", "content": "description: B\n"}));
    draft(json!({"action": "write", "path": "formation.afs", "content": "id: desk\ndescription: x\n"}));
    assert_eq!(agents(), 1);
    assert_eq!((run("stop").status, run("run").status), (200, 200));
    assert_eq!(agents(), 2);
    assert_eq!(send(&server, "GET", "/api/desk/v1/health", &[], b"").status, 404);
}

#[test]
fn a_reset_starts_the_folders_again() {
    let folder = desk();
    let server = serve(folder.path());
    call(&server, "POST", "/v1/chat", &json!({"message": "Hi", "session_id": "s", "stream": false}));
    assert_eq!(signed(&server, "DELETE", "/rpc/formations/desk", &[], b"").status, 200);
    write(folder.path(), "SOUL.md", "You are new.");
    server.reset();
    assert_eq!(get(&server, "/v1/overlord/soul")["soul"], "You are new.");
    assert_eq!(get(&server, "/v1/sessions/s/messages")["messages"], json!([]));
    // Wrong files do not take the formation away.
    write(folder.path(), "formation.afs", "[");
    server.reset();
    assert_eq!(get(&server, "/v1/agents")["count"], 1);
}
