//! Formations in real folders, right and wrong.

use super::{FormationKeys, Loaded, load};
use crate::yaml;
use serde_json::json;
use std::{fs, path::Path};
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn keys() -> FormationKeys {
    FormationKeys { admin: "fma_server".into(), client: "fmc_server".into() }
}

fn loaded(files: &[(&str, &str)]) -> Loaded {
    load(folder(files).path(), &keys()).map_err(|problems| problems.to_string()).unwrap()
}

/// The faults, one a line.
fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let problems = load(folder(files).path(), &keys()).err().expect("faults").to_string();
    problems.lines().map(str::to_owned).collect()
}

const CONFIG: &str = "schema: '1.0.0'\nid: the-id\ndescription: A test\n";

/// A valid configuration with more below it, from line 4 on.
fn config(more: &str) -> String {
    format!("{CONFIG}{more}")
}

fn fault(more: &str) -> String {
    let faults = faults(&[("formation.afs", &config(more))]);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.concat()
}

#[test]
fn a_whole_formation_is_read() {
    let config = "
schema: '1.0.0'
id: the-id
description: A test
version: 1.10
server: {api_keys: {admin_key: fma_own, client_key: '${{ secrets.CLIENT }}'}}
llm: {api_keys: {openai: '${{ secrets.OPENAI }}'}, models: [{text: openai/gpt-4o}]}
agents:
  - {id: inline, name: Inline, description: One}
  - filed
  - analyst
mcp: {default_timeout_seconds: 30, servers: [search]}
overlord: {soul: Hidden by the file, response: {format: text}}
skills: [shared]
";
    let Loaded { spec, warnings, missing_secrets, .. } = loaded(&[
        ("formation.yaml", config),
        ("agents/filed.afs", "schema: '1.0.0'\nname: Filed\ndescription: Two\nskills: [other]"),
        (
            "agents/analyst/analyst.afs",
            "schema: '1.0.0'\nid: analyst\nname: A\ndescription: Three\nmcp_servers: [search]",
        ),
        ("agents/analyst/skills/forecast/SKILL.md", "---\ndescription: Forecasts\n---\n# How"),
        ("agents/notes.txt", "["),
        ("agents/spare.yml", "id: spare\ndescription: Not listed"),
        (
            "mcp/search.afs",
            "schema: '1.0.0'\nid: search\ndescription: S\ntype: http\nendpoint: https://example.com/mcp",
        ),
        ("triggers/alert.md", "---\nwebhook: https://example.com/hook\n---\r\nAlert: ${{ data.what }}"),
        ("sops/refund.md", "---\ntype: sop\nname: Refund\ndescription: Refunds\n---\n1. **Look** [agent:inline]\n"),
        (
            "skills/shared/SKILL.md",
            "---\nname: shared\ndescription: Shared\nlicense: MIT\ncompatibility: muxi cursor\nallowed-tools: run_skill generate_file\n---\nDo.",
        ),
        ("skills/shared/scripts/run.py", "print()"),
        ("skills/shared/assets/deep/x.csv", "1"),
        ("skills/other/SKILL.md", "---\ndescription: Other\n---\n"),
        ("SOUL.md", "You are kind.\n"),
        (".env", "CLIENT=fmc_secret\nEMPTY=\n"),
        ("secrets", "OPENAI=\n"),
    ]);
    assert_eq!((spec.id.as_str(), spec.name.as_str(), spec.version.as_str()), ("the-id", "the-id", "1.10"));
    assert_eq!((spec.admin_key.as_str(), spec.client_key.as_str()), ("fma_own", "fmc_secret"));
    let ids: Vec<String> = spec.agents().iter().map(|agent| agent["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ["inline", "filed", "analyst"]);
    assert_eq!(spec.document["agents"][1]["source"], "formation");
    assert_eq!(spec.document["mcp"]["default_timeout_seconds"], 30);
    assert_eq!(spec.mcp_servers()[0]["endpoint"], "https://example.com/mcp");
    assert_eq!(spec.document["overlord"]["soul"], "You are kind.");
    assert_eq!(spec.document["llm"]["api_keys"]["openai"], "${{ secrets.OPENAI }}");
    assert_eq!(spec.document["secrets"]["CLIENT"], "fmc_secret");
    assert_eq!(spec.triggers["alert"], "---\nwebhook: https://example.com/hook\n---\nAlert: ${{ data.what }}");
    assert!(spec.sops["refund"].contains("**Look**"));
    let skills: Vec<(&str, Option<&str>)> =
        spec.skills.iter().map(|skill| (skill.name.as_str(), skill.agent.as_deref())).collect();
    assert_eq!(skills, [("shared", None), ("other", Some("filed")), ("forecast", Some("analyst"))]);
    let shared = &spec.skills[0];
    assert_eq!((shared.license.as_deref(), shared.compatibility.as_deref()), (Some("MIT"), Some("muxi cursor")));
    assert_eq!(shared.allowed_tools, ["run_skill", "generate_file"]);
    assert_eq!(shared.resources, ["scripts/run.py", "assets/deep/x.csv"]);
    assert!(shared.has_scripts);
    assert_eq!(missing_secrets, ["OPENAI"]);
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert!(
        warnings.contains(&"agents/spare.yml: is not used: 'agents' does not list 'spare'".to_owned()),
        "{warnings:?}"
    );
    assert!(!spec.public_document().to_string().contains("fmc_secret"));
}

#[test]
fn without_a_list_the_folders_are_taken() {
    let spec = loaded(&[
        ("formation.afs", CONFIG),
        ("agents/b.afs", "description: B"),
        ("agents/a.yaml", "description: A\nactive: false"),
        ("mcps/tools.yml", "type: command\ncommand: cat"),
        ("skills/one/SKILL.md", "---\ndescription: One\n---\n"),
    ])
    .spec;
    assert_eq!(spec.document["agents"], json!([{"id": "b", "description": "B", "source": "formation"}]));
    assert_eq!(spec.mcp_servers()[0]["id"], "tools");
    assert_eq!(spec.skills[0].name, "one");
}

#[test]
fn a_formation_file_is_as_good_as_its_folder() {
    let folder = folder(&[("other.yaml", CONFIG), ("triggers/t.md", "Hi")]);
    assert_eq!(load(&folder.path().join("other.yaml"), &keys()).ok().unwrap().spec.triggers["t"], "Hi");
    let none = load(folder.path(), &keys()).err().unwrap().to_string();
    assert!(none.ends_with("has none of formation.afs, formation.yaml, formation.yml"), "{none}");
    assert!(load(Path::new("/no/such"), &keys()).err().unwrap().to_string().contains("there is no such file"));
}

#[test]
fn faults_have_a_place_and_what_was_expected() {
    for (more, expected) in [
        ("agents: [none]", "formation.afs:4:10: there is no agent 'none' in agents/; there is none"),
        ("agents: {}", "formation.afs:4:9: 'agents': expected a list, found a mapping"),
        ("agents: [7]", "formation.afs:4:10: 'agents': expected the id of an agent or a mapping, found the number 7"),
        (
            "agents:\n  - {id: a, description: x}\n  - {id: a, description: y}",
            "formation.afs:6:5: the agent 'a' is listed twice",
        ),
        ("agents: [{name: x}]", "formation.afs:4:10: 'id': expected a text, the id of an agent"),
        ("mcp: {servers: [x]}", "formation.afs:4:17: there is no MCP server 'x' in mcp/; there is none"),
        (
            "memory: {working: {mode: lokal}}",
            "formation.afs:4:26: 'memory.working.mode': expected one of local, remote, found the text 'lokal'",
        ),
        (
            "overlord:\n  response:\n    format: html",
            "formation.afs:6:13: 'overlord.response.format': expected one of markdown, json, text, found the text 'html'",
        ),
        (
            "memory: {buffer: {size: many}}",
            "formation.afs:4:25: 'memory.buffer.size': expected a whole number of at least 1, found the text 'many'",
        ),
        (
            "scheduler: {enabled: maybe}",
            "formation.afs:4:22: 'scheduler.enabled': expected true or false, found the text 'maybe'",
        ),
        (
            "async: {webhook_url: ftp://x}",
            "formation.afs:4:22: 'async.webhook_url': expected a URL that begins with http:// or https://, found the text 'ftp://x'",
        ),
        (
            "llm: {settings: {temperature: 3}}",
            "formation.afs:4:31: 'llm.settings.temperature': expected a number from 0 to 1, found the number 3",
        ),
        ("skills: [gone]", "formation.afs:4:10: there is no skill 'gone': expected skills/gone/SKILL.md"),
        (
            "agents:\n  - id: a\n    description: x\n    knowledge: {sources: [{path: ., schedule: '99 * * * *'}]}",
            "formation.afs:7:47: 'knowledge.sources[0].schedule': expected a cron expression or one of hourly, daily, weekly, monthly, @hourly, @daily, @weekly, @monthly, found the text '99 * * * *'",
        ),
        (
            "agents:\n  - {id: a, description: x, mcp_servers: [b]}",
            "formation.afs:5:43: 'mcp_servers': there is no MCP server 'b'",
        ),
        ("id: twice", "formation.afs:4:1: expected YAML: the key 'id' is already in this mapping"),
        ("llm: [", "formation.afs:4:6: expected YAML: unclosed bracket '['"),
        ("schema2: &a [x, x]\nb: {c: d", "formation.afs:5:4: expected YAML: unclosed bracket '{'"),
    ] {
        let found = fault(more);
        assert!(found.starts_with(expected), "{more}\n  found    {found}\n  expected {expected}");
    }
    assert_eq!(
        faults(&[("formation.afs", "name: x")]),
        [
            "formation.afs:1:1: 'id' is required: expected a text",
            "formation.afs:1:1: 'description' is required: expected a text"
        ]
    );
    assert!(faults(&[("formation.afs", "text")])[0].contains("expected a mapping"));
}

#[test]
fn faults_beside_the_configuration() {
    let at = |name: &str, text: &str, expected: &str| {
        let found = faults(&[("formation.afs", CONFIG), (name, text)]).concat();
        assert!(found.starts_with(expected), "found    {found}\nexpected {expected}");
    };
    at("agents/a.afs", "id: a\n  b: [", "agents/a.afs:2:4: expected YAML");
    at("agents/a.afs", "text", "agents/a.afs:1:1: expected a mapping, found the text 'text'");
    at("agents/a.afs", "id: a", "agents/a.afs:1:1: 'description' is required: an agent has one");
    at("mcp/a.afs", "id: a", "mcp/a.afs:1:1: 'type' is required: an MCP server has one");
    at("mcp/a.afs", "type: magic", "mcp/a.afs:1:7: 'type': expected one of command, http");
    at("triggers/t.md", "---\nwebhook: 7\n---\nHi", "triggers/t.md:2:10: 'webhook': expected a URL");
    at("triggers/t.md", "---\nwebhook: x\nHi", "triggers/t.md:1:1: expected a line --- that ends the front matter");
    at("triggers/t.md", "---\na: b: c\n---\nHi", "triggers/t.md:2:5: expected YAML");
    at("triggers/t.md", "---\nagent: x\n---\n\nHi ${{ data.x", "triggers/t.md:5:4: expected }} after ${{");
    at("sops/s.md", "---\nmode: strict\n---\n", "sops/s.md:2:7: 'mode': expected one of template, guide");
    at("sops/s.md", "---\ntype: soap\n---\n", "sops/s.md:2:7: 'type': expected 'sop'");
    at(
        "sops/s.md",
        "---\nname: S\n---\n1. Ask [agent:nobody]\n",
        "sops/s.md:4:8: [agent:nobody]: there is no agent 'nobody'",
    );
    at("sops/s.md", "1. Use [skill:none/run.py]", "sops/s.md:1:8: [skill:none/run.py]: there is no skill");
    at("sops/s.md", "1. See [file:none.md]", "sops/s.md:1:8: [file:none.md]: there is no file 'none.md'");
    at("skills/a-b/SKILL.md", "# No front matter", "skills/a-b/SKILL.md:1:1: 'description' is required");
    at(
        "skills/a-b/SKILL.md",
        "---\ndescription: x\nname: A B\n---",
        "skills/a-b/SKILL.md:3:7: 'name': expected lower-case",
    );
    at(".env", "# keys\nGOOD=1\nnot a pair\n", ".env:3:1: expected NAME=value");
    at("SOUL.md", &"x".repeat((1 << 20) + 1), "SOUL.md: expected a file of at most 1048576 bytes");
    at("triggers/t.md", &format!("a\n{}", "x".repeat(100_001)), "triggers/t.md:2:100001: expected lines of at most");
}

#[test]
fn secrets_stay_out_of_faults() {
    let found = faults(&[("formation.afs", CONFIG), (".env", "hunter2 is the word\n")]).concat();
    assert!(!found.contains("hunter2"), "{found}");
}

#[test]
fn all_faults_are_found_at_once() {
    let found = faults(&[
        ("formation.afs", &config("agents: [x]\nmemory: {working: {mode: y}}")),
        ("agents/one.afs", "id: same\ndescription: One"),
        ("agents/two.afs", "id: same\ndescription: Two"),
        ("mcp/broken.afs", "["),
        ("triggers/t.md", "${{ data.x"),
    ]);
    let files: Vec<&str> = found.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        files,
        ["formation.afs", "agents/two.afs", "formation.afs", "mcp/broken.afs", "triggers/t.md"],
        "{found:?}"
    );
    assert!(found[1].starts_with("agents/two.afs:1:5: the agent 'same' is already in agents/one.afs"), "{found:?}");
}

#[test]
fn unknown_fields_are_only_warned_of() {
    let warnings = loaded(&[("formation.afs", &config("colour: blue\nllm: {modles: []}"))]).warnings;
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert!(warnings[0].starts_with("formation.afs:4:1: 'colour' is not known here"), "{warnings:?}");
    assert!(warnings[1].starts_with("formation.afs:5:7: 'llm.modles' is not known here"), "{warnings:?}");
    assert_eq!(warnings.len(), 2);
}

#[test]
fn text_that_is_not_utf8_and_aliases_without_end_are_refused() {
    let folder = folder(&[("formation.afs", CONFIG)]);
    fs::write(folder.path().join("SOUL.md"), b"good\nb\xffd").unwrap();
    let found = load(folder.path(), &keys()).err().unwrap().to_string();
    assert_eq!(found, "SOUL.md:2:2: expected text in UTF-8");
    let mut bomb = config("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{below}]\n");
    }
    assert!(fault(&bomb[CONFIG.len()..]).contains("expected YAML"));
}

#[test]
fn nesting_is_limited_in_every_file() {
    let nested = |levels: usize| format!("x: {}1{}", "{a: ".repeat(levels), "}".repeat(levels));
    let front = |levels: usize| format!("---\nname: s\ndescription: S\n{}\n---\n", nested(levels));
    let files = |levels: usize| {
        [
            ("formation.afs", config(&nested(levels))),
            ("agents/a.afs", format!("schema: '1.0.0'\nname: A\ndescription: A\n{}", nested(levels))),
            ("skills/s/SKILL.md", front(levels)),
            ("sops/s.md", front(levels)),
            ("triggers/t.md", front(levels)),
        ]
    };
    let deepest = yaml::DEEPEST - 1;
    let within = files(deepest);
    loaded(&within.each_ref().map(|(name, text)| (*name, text.as_str())));
    for (index, (name, text)) in files(100_000 / 6).into_iter().enumerate() {
        let mut some = within.each_ref().map(|(name, text)| (*name, text.as_str()));
        some[index].1 = &text;
        let found = faults(&some);
        assert_eq!(found.len(), 1, "{found:?}");
        let expected = "expected YAML: at most 32 lists and mappings in each other are possible";
        assert!(found[0].starts_with(name) && found[0].ends_with(expected), "{found:?}");
    }
}

/// Places and unquoted values behind letters of several bytes; as many as a file can hold.
#[test]
fn values_are_found_in_long_files() {
    let many: String = (0..30_000).map(|number| format!(" - y # \u{e9}\u{1f600}{number}\n")).collect();
    let text = format!("name: \u{e9}\u{1f600}\nversion: 1.10\nx:\n{many} - N\n - yes\n");
    let spec = loaded(&[("formation.afs", &config(&text))]).spec;
    assert_eq!((spec.name.as_str(), spec.version.as_str()), ("\u{e9}\u{1f600}", "1.10"));
    let list = spec.document["x"].as_array().unwrap();
    assert_eq!(
        (list.len(), &list[29_999], &list[30_000], &list[30_001]),
        (30_002, &json!("y"), &json!("N"), &json!(true))
    );
    let secrets: String = (0..80_000).map(|number| format!("A{number}=1\n")).collect();
    let found = faults(&[("formation.afs", CONFIG), (".env", &format!("{secrets}two words"))]);
    assert_eq!(found, [".env:80001:1: expected NAME=value"]);
}

/// Each mark ends at the next one: a message of a long line with many of them is short, too.
#[test]
fn marks_of_a_long_line_are_told_one_by_one() {
    let line = |mark: &str, end: &str| format!("\u{e9} {}{end}", mark.repeat(10_000));
    let found = faults(&[("formation.afs", CONFIG), ("triggers/t.md", &line("${{ x", "}}"))]);
    assert_eq!((found.len(), found[0].as_str()), (9_999, "triggers/t.md:1:3: expected }} after ${{"));
    assert_eq!(found[9_998], "triggers/t.md:1:49993: expected }} after ${{");
    let found = faults(&[("formation.afs", CONFIG), ("sops/s.md", &line("[agent:x", "]"))]);
    assert_eq!(found, ["sops/s.md:1:79995: [agent:x]: there is no agent 'x'"]);
}

/// The formation that the tests of the real runtime start.
#[test]
fn the_formation_of_the_real_tests_is_sound() {
    let kit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/real/kit/formation");
    let copy = tempfile::tempdir().unwrap();
    for name in [
        "formation.afs",
        "agents/assistant.afs",
        "agents/researcher.afs",
        "mcp/toolbox.afs",
        "skills/greeting/SKILL.md",
        "sops/refund.md",
        "triggers/hooked.md",
        "triggers/order-created.md",
    ] {
        let text = fs::read_to_string(kit.join(name)).unwrap();
        let text = text.replace("@PORT@", "8001").replace("@FORMATION_ID@", "integration");
        write(copy.path(), name, &text.replace("@LLM_URL@", "http://127.0.0.1:1").replace('@', ""));
    }
    let loaded = load(copy.path(), &keys()).map_err(|problems| problems.to_string()).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!((loaded.spec.agents().len(), loaded.spec.skills.len(), loaded.spec.triggers.len()), (2, 1, 2));
    assert_eq!(loaded.missing_secrets, ["OPENAI_API_KEY"]);
}
