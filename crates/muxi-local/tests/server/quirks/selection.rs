use super::{both, get};
use crate::client::start;
use muxi_local::{QUIRKS, Server};
use std::{io, process::Command};

fn program(args: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_muxi-local")).args(args).output().unwrap()
}

#[test]
fn the_program_lists_the_table() {
    let text = String::from_utf8(program(&["--quirks", "list"]).stdout).unwrap();
    for row in QUIRKS {
        let mark = if row.on_by_default { "*" } else { " " };
        let line = text.lines().find(|line| line.starts_with(&format!("{mark} {} ", row.name)));
        let parts = [row.section, row.what].map(|part| format!("  {part}"));
        assert!(line.is_some_and(|line| parts.iter().all(|part| line.contains(part))), "{}", row.name);
    }
}

#[test]
fn an_unknown_name_is_told_with_what_is_near() {
    let refused = program(&["--quirks", "fixed,late-cancell", "--port", "0"]);
    let words = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(words.contains("there is no quirk 'late-cancell'") && words.contains("near: late-cancel"), "{words}");

    let error = Server::spawn(Server::builder().quirks("skils")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("near: skills-500"), "{error}");
    let server = start();
    server.quirks("skills-500").unwrap();
    let error = server.quirks("fixed,zzzz").unwrap_err();
    assert!(error.to_string().contains("`--quirks list`"), "{error}");
    let headers = [("X-Muxi-Client-Key", server.client_key())];
    let skills = crate::client::send(&server, "GET", "/v1/skills", &headers, b"");
    assert_eq!(skills.status, 500, "a wrong selection changes nothing");
}

#[test]
fn selections_are_read_from_the_left() {
    both("old-port", |server, _| {
        let status = |selection: &str| {
            server.quirks(selection).unwrap();
            get(server, "ada", "/skills").status
        };
        for off in ["", "fixed", "default", "real,-skills-500", "real,fixed", "skills-500,fixed", "silent-events"] {
            assert_eq!(status(off), 200, "{off}");
        }
        for on in ["real", "skills-500", "fixed,skills-500", "real, -silent-events", "-skills-500,skills-500"] {
            assert_eq!(status(on), 500, "{on}");
        }
    });
}

#[test]
fn a_running_server_shows_and_takes_quirks() {
    let server = start();
    let call = |method: &str, body: &str| crate::client::send(&server, method, "/_local/quirks", &[], body.as_bytes());
    let on = |answer: &crate::client::Answer| -> Vec<String> {
        let rows = answer.json()["quirks"].as_array().unwrap().clone();
        assert_eq!(rows.len(), QUIRKS.len());
        let on = rows.iter().filter(|row| row["on"] == true);
        on.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    let default: Vec<&str> = QUIRKS.iter().filter(|row| row.on_by_default).map(|row| row.name).collect();
    assert_eq!(on(&call("GET", "")), default);
    assert_eq!(on(&call("PUT", "fixed,late-cancel")), ["late-cancel"]);
    let refused = call("PUT", "late-cancell");
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("near: late-cancel"), "{}", refused.text());
    assert_eq!(on(&call("GET", "")), ["late-cancel"], "a wrong selection changes nothing");
}
