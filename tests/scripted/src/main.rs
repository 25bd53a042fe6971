//! The scripted server for other languages: one JSON command per line on stdin, one JSON answer per line on stdout.
//!
//! `{"start": [replies]}` gives `{"url": ...}`, `{"requests": url}` gives the log, `{"stop": url}` gives `{}`.

use scripted::{Reply, Server};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io::{self, BufRead, Write},
};

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Command {
    Start(Vec<Reply>),
    Requests(String),
    Stop(String),
}

fn main() -> io::Result<()> {
    let mut servers = HashMap::new();
    for line in io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?) {
            Ok(command) => run(command, &mut servers)?,
            Err(error) => json!({ "error": error.to_string() }),
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn run(command: Command, servers: &mut HashMap<String, Server>) -> io::Result<Value> {
    Ok(match command {
        Command::Start(replies) => {
            let server = Server::start(replies)?;
            let url = server.url().to_owned();
            servers.insert(url.clone(), server);
            json!({ "url": url })
        }
        Command::Requests(url) => match servers.get(&url) {
            Some(server) => serde_json::to_value(server.log())?,
            None => json!({ "error": format!("there is no server at {url}") }),
        },
        Command::Stop(url) => {
            servers.remove(&url);
            json!({})
        }
    })
}
