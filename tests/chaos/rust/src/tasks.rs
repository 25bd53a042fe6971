//! Tasks that share a client, in runtimes that follow one another. Each runtime ends with calls in flight.

use crate::{
    Storm, clients,
    report::{Call, Worker},
};
use muxi_client::{ChatRequest, Error, FormationClient};
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Builder,
    task::JoinSet,
    time::{sleep, timeout, timeout_at},
};

const WORKERS: u64 = 12;

/// Drives a client for that time. `first` is the number of the first worker.
pub(crate) fn run(
    storm: &Arc<Storm>,
    first: u64,
    time: Duration,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let end = Instant::now() + time;
    let (client, bounded) = clients!(FormationClient, storm);
    let clients = [client?, bounded?];
    let mut random = fastrand::Rng::with_seed(storm.seed ^ first);
    let mut number = first;
    while Instant::now() < end {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let length = Duration::from_millis(random.u64(500..5000)).min(end.saturating_duration_since(Instant::now()));
        let workers = number..number + WORKERS;
        number += WORKERS;
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            workers.for_each(|number| drop(tasks.spawn(work(storm.clone(), number, clients.clone()))));
            let until = (Instant::now() + length).into();
            while let Ok(Some(ended)) = timeout_at(until, tasks.join_next()).await {
                ended.map_err(io::Error::other)??;
            }
            Ok::<_, io::Error>(())
        })?;
        runtime.shutdown_timeout(crate::STUCK);
    }
    Ok(())
}

/// Reports a call also when its task is dropped.
struct Reported {
    storm: Arc<Storm>,
    call: Call,
}

impl Drop for Reported {
    fn drop(&mut self) {
        if let Err(error) = self.storm.report.add(&self.call) {
            eprintln!("cannot write the report: {error}");
        }
    }
}

async fn work(storm: Arc<Storm>, number: u64, [client, bounded]: [FormationClient; 2]) -> io::Result<()> {
    let mut worker = Worker::new("rust", number, storm.seed);
    loop {
        let kind = worker.kind();
        let patience = if worker.random.u8(..4) == 0 { worker.random.u64(..100) } else { 60_000 };
        let patience = Duration::from_millis(patience);
        if kind == "read" {
            let _ = timeout(patience, client.get_agents().max_retries(2)).await;
            continue;
        }
        let mut reported = Reported { storm: storm.clone(), call: worker.call(kind) };
        let slices = worker.slices();
        let client = if kind == "bounded" { &bounded } else { &client };
        let outcome = timeout(patience, make(client, &mut reported.call, slices)).await;
        match outcome {
            Ok(Ok(true)) => reported.call.outcome = "ok".to_owned(),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => {
                reported.call.outcome = error.code().to_owned();
                sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// Makes a call, and tells whether it came to its end.
async fn make(client: &FormationClient, call: &mut Call, slices: Option<usize>) -> Result<bool, Error> {
    let request = ChatRequest::new(&*call.message).session_id(&*call.session);
    match call.kind {
        "chat" | "bounded" => call.text = client.chat(request).user_id(&*call.user).await?.text(),
        "memory" => drop(client.add_memory(&*call.user, "fact", &*call.message).await?),
        _ => {
            let mut stream = client.chat_stream(request).user_id(&*call.user).await?;
            let mut deltas = stream.text_deltas();
            let mut count = 0;
            while let Some(text) = deltas.next().await {
                call.text.push_str(&text?);
                if slices == Some(count) {
                    return Ok(false);
                }
                count += 1;
            }
        }
    }
    Ok(true)
}
