//! The examples, run as a user runs them, against a local server.
// A test that fails panics, in its helpers too.
#![allow(clippy::unwrap_used)]

use muxi_local::Server;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Command, Stdio},
};

/// `cargo test` builds the examples beside the tests.
fn example(name: &str, server: &Server) -> Command {
    let tests = std::env::current_exe().unwrap();
    let mut path: PathBuf = tests.ancestors().nth(2).unwrap().join("examples").join(name);
    path.set_extension(std::env::consts::EXE_EXTENSION);
    let mut command = Command::new(path);
    command
        .env("MUXI_SERVER_URL", server.url())
        .env("MUXI_KEY_ID", server.key_id())
        .env("MUXI_SECRET_KEY", server.secret_key())
        .env("MUXI_FORMATION_ID", server.formation_id())
        .env("MUXI_CLIENT_KEY", server.client_key())
        .env("MUXI_ADMIN_KEY", server.admin_key());
    command
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn examples_show_what_they_say() {
    let server = Server::spawn(Server::builder()).unwrap();
    assert!(output(&mut example("status", &server)).contains("demo"));
    assert!(output(&mut example("health", &server)).contains("/api/demo/v1 is healthy, up for"));
    let chat = output(&mut example("chat", &server));
    assert_eq!(chat, "Echo: Remember my notes.\n\n[notes.txt]\nAda likes tea.\nEcho: What do I like?\n");
    let stream = output(example("chat_stream", &server).args(["How", "are you?"]));
    assert_eq!(stream, "Echo: How are you?\n");
    let talk = output(&mut example("concurrent_users", &server));
    for user in ["ada", "grace", "joan"] {
        assert!(talk.contains(&format!("{user}: Echo: Who am I?")), "{talk}");
    }
}

#[test]
fn the_deploy_example_follows_the_progress() {
    let server = Server::spawn(Server::builder()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = "id: example-bundle\ndescription: An example\nagents:\n  - id: helper\n    name: Helper\n";
    fs::write(folder.path().join("formation.afs"), config).unwrap();
    let shown = output(example("deploy_with_progress", &server).arg(folder.path()));
    assert!(shown.starts_with("extracting: ") && shown.ends_with("example-bundle is running\n"), "{shown}");
}

#[test]
fn the_webhook_example_takes_signed_webhooks_only() {
    let server = Server::spawn(Server::builder()).unwrap();
    let mut command = example("webhook_receiver", &server);
    let mut running = command.env("PORT", "0").stdout(Stdio::piped()).spawn().unwrap();
    let mut shown = BufReader::new(running.stdout.take().unwrap());
    let mut line = String::new();
    shown.read_line(&mut line).unwrap();
    let port = line.trim().rsplit(' ').next().unwrap().to_owned();
    let mut socket = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Muxi-Signature: t=1,v1=00\r\n";
    write!(socket, "{head}Content-Length: 2\r\n\r\n{{}}").unwrap();
    let mut reply = String::new();
    socket.read_to_string(&mut reply).unwrap();
    running.kill().unwrap();
    running.wait().unwrap();
    assert!(reply.starts_with("HTTP/1.1 401"), "{reply}");
}
