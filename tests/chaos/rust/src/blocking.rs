//! Threads that share a blocking client.

use crate::{
    Storm, clients,
    report::{Call, Worker},
};
use muxi_client::{ChatRequest, Error, blocking::FormationClient};
use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

const WORKERS: u64 = 6;

/// Drives a client for that time. `first` is the number of the first worker.
pub(crate) fn run(
    storm: &Arc<Storm>,
    first: u64,
    time: Duration,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let end = Instant::now() + time;
    let (client, bounded) = clients!(FormationClient, storm);
    let clients = [client?, bounded?];
    thread::scope(|scope| {
        let clients = &clients;
        let start = |number| scope.spawn(move || work(storm, first + number, clients, end));
        let threads: Vec<_> = (0..WORKERS).map(start).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| io::Error::other("a thread panicked"))?)
    })?;
    Ok(())
}

fn work(storm: &Storm, number: u64, clients: &[FormationClient; 2], end: Instant) -> io::Result<()> {
    let [client, bounded] = clients;
    let mut worker = Worker::new("blocking", number, storm.seed);
    while Instant::now() < end {
        let kind = worker.kind();
        if kind == "read" {
            let _ = client.get_agents().max_retries(2).send();
            continue;
        }
        let mut call = worker.call(kind);
        let client = if kind == "bounded" { bounded } else { client };
        match make(client, &mut call, worker.slices()) {
            Ok(true) => call.outcome = "ok".to_owned(),
            Ok(false) => {}
            Err(error) => {
                call.outcome = error.code().to_owned();
                thread::sleep(Duration::from_millis(10));
            }
        }
        storm.report.add(&call)?;
    }
    Ok(())
}

/// Makes a call, and tells whether it came to its end.
fn make(client: &FormationClient, call: &mut Call, slices: Option<usize>) -> Result<bool, Error> {
    let request = ChatRequest::new(&*call.message).session_id(&*call.session);
    match call.kind {
        "chat" | "bounded" => call.text = client.chat(request).user_id(&*call.user).send()?.text(),
        "memory" => drop(client.add_memory(&*call.user, "fact", &*call.message).send()?),
        _ => {
            let mut stream = client.chat_stream(request).user_id(&*call.user).send()?;
            for (count, text) in stream.text_deltas().enumerate() {
                call.text.push_str(&text?);
                if slices == Some(count) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}
