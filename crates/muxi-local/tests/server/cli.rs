use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read},
    net::TcpStream,
    process::{Command, Stdio},
};

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muxi-local"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn prints_one_line_of_json_and_stops_on_a_signal() {
    let mut child = program(&["--port", "0", "--json", "--admin-key", "fma_fixed"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let facts: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&facts["admin_key"], &facts["formation_id"]), (&"fma_fixed".into(), &"demo".into()));
    let address = facts["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:").unwrap();
    let port = address.parse::<u16>().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    // A second one on the same port says so.
    let second = program(&["--port", address]).output().unwrap();
    let words = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && words.contains("is taken") && words.contains("--port 0"), "{words}");
    // Windows has no signals that one process sends to another.
    if cfg!(windows) {
        child.kill().unwrap();
        child.wait().unwrap();
    } else {
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn prints_what_people_need() {
    let mut child = program(&["--port", "0"]).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("Try:") {
        assert_ne!(reader.read_line(&mut text).unwrap(), 0);
    }
    reader.read_line(&mut text).unwrap();
    let line = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim).unwrap();
    let set = if cfg!(windows) { "set" } else { "export" };
    for (variable, name) in [("SERVER_URL", "url"), ("SECRET_KEY", "secret key"), ("CLIENT_KEY", "client key")] {
        assert_eq!(line(&format!("{set} MUXI_{variable}=")), line(name));
    }
    assert!(text.contains(&format!("{}/_local/", line("url"))), "{text}");
    for word in ["url         http://127.0.0.1:", "key id      MUXI_", "secret key  sk_", "client key  fmc_", "curl"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A shell reads back what is printed for it. Nothing is quoted for that of Windows.
#[cfg(unix)]
#[test]
fn keys_are_quoted_for_the_shell() {
    for key in ["a b", "$HOME", "it's", "`id`", "x;y", "a\"b"] {
        let mut child = program(&["--port", "0", "--client-key", key]).spawn().unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        while !text.contains("-d '{") {
            assert_ne!(reader.read_line(&mut text).unwrap(), 0);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let export = text.lines().find(|line| line.contains("export MUXI_CLIENT_KEY=")).unwrap();
        let (_, curl) = text.split_once("\n  curl ").unwrap();
        let script = format!("{export}\nprintf '%s\\n' \"$MUXI_CLIENT_KEY\" {curl}");
        let read = Command::new("sh").args(["-c", &script]).output().unwrap();
        let read = String::from_utf8(read.stdout).unwrap();
        assert!(read.starts_with(&format!("{key}\n")), "{script}\n{read}");
        assert!(read.contains(&format!("\nX-Muxi-Client-Key: {key}\n")), "{script}\n{read}");
    }
}

#[test]
fn keys_are_not_empty() {
    for name in ["--key-id", "--secret-key", "--admin-key", "--client-key"] {
        let empty = program(&["--port", "0", name, ""]).output().unwrap();
        let words = String::from_utf8(empty.stderr).unwrap();
        assert!(empty.status.code() == Some(2) && words.contains(name), "{words}");
    }
}

#[test]
fn keys_are_such_as_a_client_can_send() {
    for (name, key) in
        [("--client-key", "a\nb"), ("--admin-key", "schlüssel"), ("--secret-key", " a"), ("--key-id", " ")]
    {
        let odd = program(&["--port", "0", name, key]).output().unwrap();
        let words = String::from_utf8(odd.stderr).unwrap();
        let expected =
            format!("the {} must be printable ASCII text without blanks around it", name[2..].replace('-', " "));
        assert!(odd.status.code() == Some(1) && words.contains(&expected), "{words}");
    }
}

/// Nothing else says where the server is.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_nothing_is_an_error() {
    for options in [&["--port", "0"][..], &["--port", "0", "--json"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = program(options).stdout(full).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && words.contains("cannot print where the server is"), "{words}");
    }
}

#[test]
fn names_what_keeps_it_from_starting() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let temporary = if cfg!(windows) { "TMP" } else { "TMPDIR" };
    let nowhere = program(&["--port", "0"]).env(temporary, path).output().unwrap();
    let words = String::from_utf8(nowhere.stderr).unwrap();
    assert!(!nowhere.status.success() && words.contains(path) && words.contains(temporary), "{words}");
    assert!(!words.contains("port") && !words.contains("listen"), "{words}");
    let beyond = program(&["--host", "192.0.2.1", "--port", "0"]).output().unwrap();
    let words = String::from_utf8(beyond.stderr).unwrap();
    assert!(!beyond.status.success() && words.contains("--host 192.0.2.1: cannot listen on 192.0.2.1:0"), "{words}");
    let nonsense = program(&["--host", "999.1.1.1", "--port", "0"]).output().unwrap();
    let words = String::from_utf8(nonsense.stderr).unwrap();
    let expected = "--host 999.1.1.1: cannot listen on 999.1.1.1:0: expected an address of this machine";
    assert!(!nonsense.status.success() && words.contains(expected), "{words}");
    let data = program(&["--data", path, "--port", "0"]).output().unwrap();
    let words = String::from_utf8(data.stderr).unwrap();
    let expected =
        format!("cannot keep data in {path}: expected a folder, or a path where one can be made: it is a file");
    assert!(!data.status.success() && words.contains(&expected), "{words}");
}

#[test]
fn lists_every_operation() {
    let mut text = String::new();
    program(&["--routes"]).spawn().unwrap().stdout.unwrap().read_to_string(&mut text).unwrap();
    let rows = muxi_local::routes().len() + muxi_local::formation::routes().len();
    assert_eq!(text.lines().count(), rows);
    assert!(text.lines().any(|line| line.starts_with("deploy_formation ") && line.contains(" POST ")), "{text}");
}
