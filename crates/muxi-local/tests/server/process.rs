//! The program as a process: what it prints, how it watches, how it ends.

use crate::{
    client::Answer,
    folders::{CONFIG, desk, write},
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    time::Duration,
};

/// A running program; killed when a test fails.
struct Program {
    child: Child,
    facts: Value,
    errors: BufReader<ChildStderr>,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    fn start(args: &[&str]) -> Self {
        Self::start_with(args, &[])
    }

    fn start_with(args: &[&str], variables: &[(&str, &Path)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muxi-local"));
        command.args(["--port", "0", "--json", "--key-id", "key", "--secret-key", "secret"]).args(args);
        command.envs(variables.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        Self { child, facts: serde_json::from_str(&line).unwrap(), errors }
    }

    fn port(&self) -> u16 {
        self.facts["url"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn send(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = self.connect();
        let key = self.facts["client_key"].as_str().unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Muxi-Client-Key: {key}\r\nX-Muxi-User-ID: ada\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    fn text(&self, method: &str, path: &str, body: &str) -> String {
        let mut text = String::new();
        self.send(method, path, body).read_to_string(&mut text).unwrap();
        text
    }

    /// Windows has no signals that one process sends to another.
    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits for a line of the error output that holds `what`.
    fn wait_for(&mut self, what: &str) -> String {
        let mut line = String::new();
        while !line.contains(what) {
            line.clear();
            assert_ne!(self.errors.read_line(&mut line).unwrap(), 0, "the program ended before {what:?}");
        }
        line
    }

    #[cfg(unix)]
    fn end(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }
}

#[test]
fn the_announcement_names_what_is_served() {
    let folder = desk();
    let mut program = Program::start(&[folder.path().to_str().unwrap()]);
    let served = &program.facts["formations"][0];
    assert_eq!((&served["id"], &served["version"]), (&"desk".into(), &"2.1.0".into()));
    assert_eq!(served["path"], folder.path().to_str().unwrap());
    assert!(served["url"].as_str().unwrap().ends_with("/api/desk/v1"));
    assert_eq!((&program.facts["client_key"], &program.facts["formation_id"]), (&"fmc_desk".into(), &"desk".into()));
    program.wait_for("secrets that the formation refers to are missing: OPENAI_API_KEY");
    let given = Program::start_with(
        &[folder.path().to_str().unwrap()],
        &[("MUXI_SECRET_CLIENT_KEY", Path::new("fmc_environment")), ("MUXI_SECRET_OPENAI_API_KEY", Path::new("sk"))],
    );
    assert_eq!(given.facts["client_key"], "fmc_environment");
}

#[test]
fn wrong_formations_are_told_of_and_nothing_starts() {
    let folder = desk();
    write(folder.path(), "formation.afs", "id: desk\nagents: [gone]\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_muxi-local"));
    let output = command.args(["--port", "0"]).arg(folder.path()).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{words}");
    assert!(words.contains("formation.afs:1:1: 'description' is required: expected a text"), "{words}");
}

#[test]
fn a_server_that_others_can_reach_says_so() {
    let mut program = Program::start(&["--host", "0.0.0.0"]);
    program.wait_for("others can reach it");
}

#[test]
fn changed_files_are_read_again() {
    let folder = desk();
    let mut program = Program::start(&["--watch", folder.path().to_str().unwrap()]);
    program.text("POST", "/v1/chat", r#"{"message":"Hi","session_id":"s","stream":false}"#);
    write(folder.path(), "triggers/second.md", "Second");
    assert_eq!(program.wait_for("reload").trim(), "muxi-local: reloaded desk");
    assert!(program.text("GET", "/v1/triggers", "").contains("second"));
    write(folder.path(), "formation.afs", "id: desk\ndescription: [\n");
    program.wait_for("desk is not reloaded and goes on as it was:");
    program.wait_for("formation.afs:2:14: expected YAML");
    assert!(program.text("GET", "/v1/triggers", "").contains("second"));
    write(folder.path(), "formation.afs", CONFIG);
    program.wait_for("muxi-local: reloaded desk");
    assert!(program.text("GET", "/v1/sessions/s/messages", "").contains("Echo: Hi"));
}

/// Puts another file in the place of one, as editors do: it is never half written.
fn replace(folder: &Path, name: &str, text: &str) {
    write(folder, ".new", text);
    // Windows may refuse while the program reads the old one.
    while let Err(error) = std::fs::rename(folder.join(".new"), folder.join(name)) {
        assert!(cfg!(windows) && error.kind() == std::io::ErrorKind::PermissionDenied, "{error}");
        std::thread::yield_now();
    }
}

#[test]
fn a_changed_script_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.yaml");
    let path = path.to_str().unwrap();
    write(folder.path(), "script.yaml", "- reply: one\n");
    let mut program = Program::start(&["--watch", "--script", path]);
    let answers = |program: &Program, expected: &str| {
        let text = program.text("POST", "/v1/chat", r#"{"message":"Hi","stream":false}"#);
        assert!(text.contains(&format!("\"content\":\"{expected}\"")), "{text}");
    };
    answers(&program, "one");
    replace(folder.path(), "script.yaml", "- reply: two\n");
    assert_eq!(program.wait_for("reload").trim(), format!("muxi-local: reloaded the script {path}"));
    answers(&program, "two");
    replace(folder.path(), "script.yaml", "- replie: three\n");
    program.wait_for("the script is not reloaded and goes on as it was:");
    program.wait_for(&format!("{path}:1:3: rule 1: unknown field `replie`"));
    answers(&program, "two");
}

/// Reading the files is no change of them, and a fault that stays is no news.
#[test]
fn each_fault_of_a_watched_formation_is_told_once() {
    let folder = desk();
    let mut program = Program::start(&["--watch", folder.path().to_str().unwrap()]);
    program.wait_for("OPENAI_API_KEY");
    let mut told = Vec::new();
    for (number, text) in
        ["id: desk\ndescription: [\n", "id: desk\ndescription: {\n"].into_iter().cycle().take(6).enumerate()
    {
        replace(folder.path(), "formation.afs", text);
        write(folder.path(), "notes.txt", &number.to_string());
        told.push(program.wait_for("formation.afs:2:14: expected YAML"));
    }
    replace(folder.path(), "formation.afs", CONFIG);
    assert!(program.wait_for("muxi-local: ").contains("reloaded desk"));
    assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "{told:?}");
}

#[cfg(unix)]
#[test]
fn streams_end_properly_when_the_program_is_told_to_stop() {
    for name in ["-TERM", "-INT"] {
        let mut program = Program::start(&[]);
        let mut chat =
            BufReader::new(program.send("POST", "/v1/chat", r#"{"message":"[[slow]] a b c d e f g h i j"}"#));
        let mut endless = BufReader::new(program.send("GET", "/v1/events", ""));
        let mut line = String::new();
        while !line.contains("\"content\":\"Echo") {
            line.clear();
            assert_ne!(chat.read_line(&mut line).unwrap(), 0);
        }
        while !line.contains("text/event-stream") {
            line.clear();
            assert_ne!(endless.read_line(&mut line).unwrap(), 0);
        }
        program.signal(name);
        let mut rest = String::new();
        chat.read_to_string(&mut rest).unwrap();
        let last = "event: error\ndata: {\"error\":\"The server is shutting down\",\"type\":\"ServerShutdown\"}\n\n";
        assert!(rest.contains(last) && rest.ends_with("\r\n0\r\n\r\n"), "{name}: {rest:?}");
        rest.clear();
        endless.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("0\r\n\r\n"), "{name}: {rest:?}");
        assert_eq!(program.end().code(), Some(0), "{name}");
        assert!(TcpStream::connect(("127.0.0.1", program.port())).is_err());
    }
}

/// A turn that never pauses for long is ended in the same way.
#[cfg(unix)]
#[test]
fn a_chatty_stream_ends_properly_too() {
    let folder = tempfile::tempdir().unwrap();
    let rule = format!("- reply: {{ text: '{}', pace_ms: 20 }}\n", "word ".repeat(500));
    write(folder.path(), "script.yaml", &rule);
    let mut program = Program::start(&["--script", folder.path().join("script.yaml").to_str().unwrap()]);
    let mut chat = BufReader::new(program.send("POST", "/v1/chat", r#"{"message":"Hi"}"#));
    let mut line = String::new();
    while !line.contains("\"content\":\"word") {
        line.clear();
        assert_ne!(chat.read_line(&mut line).unwrap(), 0);
    }
    program.signal("-TERM");
    let mut rest = String::new();
    chat.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\"type\":\"ServerShutdown\"}\n\n") && rest.ends_with("\r\n0\r\n\r\n"), "{rest:?}");
    assert_eq!(program.end().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_turn_that_is_nearly_done_is_finished() {
    let mut program = Program::start(&[]);
    let mut chat = BufReader::new(program.send("POST", "/v1/chat", r#"{"message":"[[wait 30]] done"}"#));
    let mut line = String::new();
    while !line.contains("data:") {
        line.clear();
        assert_ne!(chat.read_line(&mut line).unwrap(), 0);
    }
    program.signal("-TERM");
    let mut rest = String::new();
    chat.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("event: done\ndata: {\"finished\":true}\n\n"), "{rest:?}");
    assert_eq!(program.end().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_it_at_once() {
    let mut program = Program::start(&[]);
    let mut chat = BufReader::new(program.send("POST", "/v1/chat", r#"{"message":"[[wait 20000]] x"}"#));
    let mut line = String::new();
    chat.read_line(&mut line).unwrap();
    let started = std::time::Instant::now();
    program.signal("-TERM");
    program.signal("-INT");
    // Two signals may reach the program as one turn of its loop; either way it does not wait for the stream.
    assert!(matches!(program.end().code(), Some(0 | 130)));
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// Reads a small answer.
fn parse(raw: &str) -> Answer {
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

#[test]
fn overlong_requests_get_a_clear_answer() {
    let program = Program::start(&[]);
    for (target, header, expected) in [
        ("/".to_owned() + &"x".repeat(1 << 20), String::new(), [414, 431]),
        ("/ping".to_owned(), "x".repeat(1 << 20), [431, 431]),
    ] {
        let mut stream = program.connect();
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nX-Long: {header}\r\n\r\n");
        // The server answers before it has read everything.
        let _ = stream.write_all(request.as_bytes());
        let mut raw = String::new();
        stream.read_to_string(&mut raw).unwrap();
        assert!(expected.contains(&parse(&raw).status), "{raw}");
    }
    assert!(program.text("GET", "/ping", "").ends_with("pong"));
}

#[test]
fn a_bomb_leaves_nothing_on_the_disk() {
    let scratch = tempfile::tempdir().unwrap();
    let program = Program::start_with(&[], &[("TMPDIR", scratch.path()), ("TMP", scratch.path())]);
    // 160 MiB of zeros, packed to less than 1 MiB.
    let bomb = crate::limits::zeros(160);
    let authorization = crate::client::sign("POST", "/rpc/formations");
    let mut stream = program.connect();
    let head = format!(
        "POST /rpc/formations HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/gzip\r\nX-Formation-ID: the-id\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&bomb).unwrap();
    let mut raw = String::new();
    stream.read_to_string(&mut raw).unwrap();
    let answer = parse(&raw);
    assert_eq!(answer.status, 400, "{raw}");
    assert!(answer.message().contains("archive unpacks to more than 134217728 bytes"), "{raw}");
    let left: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(std::fs::read_dir(&left[0]).unwrap().count(), 0, "{left:?}");
}
