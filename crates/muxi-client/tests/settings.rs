//! Settings: arguments, then the environment.
#![allow(clippy::unwrap_used)]

use muxi_client::{
    api::table::{Api, Endpoint},
    blocking::{FormationClient, ServerClient},
    config::{Setting, SettingKind, SettingValue, Settings, rows},
};
use std::{
    env,
    io::{self, Write},
    process::Command,
};

/// Says to a process of `child` what to do.
const WAY: &str = "WAY_OF_A_CHILD";

/// The lines on stderr of a client that is made in the given way, in a process with these variables.
fn lines(way: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "child"]).env(WAY, way).envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect()
}

/// Does nothing unless `lines` runs it.
#[test]
fn child() {
    let Ok(way) = env::var(WAY) else { return };
    let made = match &*way {
        "formation" => return tell(FormationClient::from_env()),
        "server" => return tell(ServerClient::from_env()),
        "no debug" => ServerClient::builder().debug(false),
        "no retries" => ServerClient::builder().max_retries(0),
        "observed" => ServerClient::builder().on_attempt(|attempt| tell(Err::<(), _>(&attempt.number))),
        "debug" => ServerClient::builder().debug(true),
        _ => ServerClient::builder(),
    };
    // Nothing listens there.
    made.url("http://127.0.0.1:9").build().unwrap().health().send().unwrap_err();
}

fn tell<T, E: std::fmt::Display>(outcome: Result<T, E>) {
    if let Err(error) = outcome {
        // The test harness catches what `eprintln!` prints.
        io::stderr().write_all(format!("{error}\n").as_bytes()).unwrap();
    }
}

#[test]
fn debug_prints_a_line_for_each_attempt() {
    for (way, variables, count) in [
        ("debug", &[][..], 1),
        ("", &[("MUXI_DEBUG", "1")], 1),
        ("", &[("MUXI_DEBUG", "true"), ("MUXI_MAX_RETRIES", "1")], 2),
        ("no retries", &[("MUXI_DEBUG", "true"), ("MUXI_MAX_RETRIES", "1")], 1),
        ("no debug", &[("MUXI_DEBUG", "1")], 0),
        ("", &[("MUXI_DEBUG", "0")], 0),
        ("", &[("MUXI_DEBUG", "False")], 0),
        ("", &[("MUXI_DEBUG", " ")], 0),
        ("", &[], 0),
    ] {
        let lines = lines(way, variables);
        assert_eq!(lines.len(), count, "{way} {variables:?}: {lines:?}");
        let is_attempt = |line: &String| line.starts_with("muxi: GET /health -> CONNECTION_ERROR (");
        assert!(lines.iter().all(is_attempt), "{lines:?}");
    }
    assert_eq!(lines("observed", &[("MUXI_DEBUG", "1")]), ["1"]);
}

#[test]
fn what_is_wrong_in_the_environment_is_named_by_its_variable() {
    let url = ("MUXI_SERVER_URL", "http://h");
    for (way, variables, expected) in [
        ("server", &[("MUXI_SERVER_URL", "localhost:1")][..], "MUXI_SERVER_URL must be a URL like"),
        ("server", &[url, ("MUXI_TIMEOUT", "-1")], "MUXI_TIMEOUT must be a number of seconds above 0, got -1"),
        ("server", &[url, ("MUXI_MAX_RETRIES", "-1")], "MUXI_MAX_RETRIES must be a whole number from 0, got \"-1\""),
        ("server", &[url, ("MUXI_KEY_ID", "k")], "MUXI_KEY_ID is given without secret_key: give both, or set MUXI_SEC"),
        (
            "server",
            &[url, ("MUXI_KEY_ID", "a,b"), ("MUXI_SECRET_KEY", "s")],
            "MUXI_KEY_ID must not have a comma, a space or an equals sign",
        ),
        ("formation", &[url], "MUXI_SERVER_URL needs formation_id, the formation behind that server: give it, or set"),
        ("formation", &[url, ("MUXI_FORMATION_ID", "..")], "MUXI_FORMATION_ID must be an identifier, got \"..\""),
        ("formation", &[("MUXI_FORMATION_URL", "ftp://h")], "MUXI_FORMATION_URL must be a URL like"),
        (
            "formation",
            &[("MUXI_FORMATION_URL", "http://h"), ("MUXI_ADMIN_KEY", "é")],
            "MUXI_ADMIN_KEY must be printable ASCII text",
        ),
    ] {
        let lines = lines(way, variables);
        assert!(lines.len() == 1 && lines[0].contains(expected), "{variables:?}: {lines:?}");
    }
    assert_eq!(lines("formation", &[("MUXI_FORMATION_URL", " http://h "), url]), [""; 0]);
}

#[test]
fn settings_are_set_by_name() {
    let mut settings = Settings::default();
    for (name, value) in [("url", SettingValue::Text("http://h".into())), ("timeout", SettingValue::Seconds(2.0))] {
        let row = Setting::all().find(|row| row.name == name).unwrap();
        settings.set(row, value).unwrap();
    }
    assert_eq!((settings.url.as_deref(), settings.timeout), (Some("http://h"), Some(2.0)));
    let wrong = settings.set(&rows::timeout, SettingValue::Text("2".into())).unwrap_err();
    assert!(wrong.message().contains("timeout must be a Seconds"), "{wrong}");
    let python = settings.set(&rows::logger, SettingValue::Text("x".into()));
    assert!(python.is_err());
}

#[test]
fn no_value_is_shown() {
    let builder = ServerClient::builder().url("http://me:hush@h").key_id("hush").secret_key("hush").header("a", "hush");
    let shown = format!("{builder:?} {:?}", SettingValue::Text("hush".to_owned()));
    assert!(!shown.contains("hush") && shown.contains("secret_key"), "{shown}");
}

#[test]
fn every_row_is_complete() {
    let mut names: Vec<_> = Setting::all().map(|row| row.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a name twice: {names:?}");
    for row in Setting::all() {
        assert!(row.usages.iter().all(|usage| usage.doc.trim().ends_with('.')), "{}", row.name);
        let has_object = row.kind == SettingKind::Object || row.kind == SettingKind::Logger;
        assert!(!has_object || row.usages.iter().all(|usage| usage.variable.is_none()), "{}", row.name);
    }
    assert_eq!(rows::url.variable(Api::Formation), Some("MUXI_FORMATION_URL"));
    assert!(rows::timeout.usages[0].doc.contains(&format!("{} s", Endpoint::SLOW_SECONDS)));
}
