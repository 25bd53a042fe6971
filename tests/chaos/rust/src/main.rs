//! Calls and streams in Rust, at random, for a time: `muxi-chaos FACE URL REPORT SEED SECONDS`.
//!
//! FACE is `rust` (tasks that are dropped, in runtimes that follow one another) or `blocking` (threads).

mod blocking;
mod report;
mod tasks;

use report::Report;
use std::{
    env, fs, io,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Time after which an end counts as stuck, on however busy a machine.
const STUCK: Duration = Duration::from_secs(120);
/// Megabytes by which the process may have grown since it was warm.
const GROWTH: usize = 64;

/// One storm's settings.
pub(crate) struct Storm {
    pub(crate) url: String,
    pub(crate) seed: u64,
    pub(crate) report: Report,
}

/// Makes a storm's clients: one, and one that takes short replies only.
macro_rules! clients {
    ($client:ident, $storm:expr) => {
        (
            $crate::client!($client, $storm).build(),
            $crate::client!($client, $storm).max_reply_bytes($crate::report::BOUND).build(),
        )
    };
}
macro_rules! client {
    ($client:ident, $storm:expr) => {
        $client::builder()
            .base_url(&*$storm.url)
            .client_key("client")
            .admin_key("admin")
            .timeout(std::time::Duration::from_secs(3))
            .stream_idle_timeout(std::time::Duration::from_secs(3))
            .deadline(std::time::Duration::from_secs(20))
            .no_proxy()
    };
}
pub(crate) use {client, clients};

/// The process's open files, threads, and megabytes of memory.
fn resources() -> io::Result<(usize, usize, usize)> {
    let pages: usize =
        fs::read_to_string("/proc/self/statm")?.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    let count = |folder: &str| fs::read_dir(folder).map(Iterator::count);
    Ok((count("/proc/self/fd")?, count("/proc/self/task")?, (pages * 4096) >> 20))
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let given: Vec<String> = env::args().skip(1).collect();
    let [face, url, path, seed, seconds] = given.as_slice() else { return Err("FACE URL REPORT SEED SECONDS".into()) };
    let seed = seed.bytes().fold(1, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let storm = Arc::new(Storm { url: url.clone(), seed, report: Report::new(Path::new(path))? });
    let seconds: f64 = seconds.parse()?;
    let run = if face == "rust" { tasks::run } else { blocking::run };
    run(&storm, 0, Duration::from_secs_f64(seconds / 4.0))?;
    let warm = resources()?;
    run(&storm, 1 << 20, Duration::from_secs_f64(seconds))?;
    let begun = Instant::now();
    loop {
        let now = resources()?;
        if now.0 <= warm.0 && now.1 <= warm.1 && now.2 <= warm.2 + GROWTH {
            println!("{face}: {} files, {} threads, {} MB; when warm {warm:?}", now.0, now.1, now.2);
            return Ok(());
        }
        if begun.elapsed() > STUCK {
            storm.report.problem(&format!("open files, threads and megabytes were {warm:?}, and are {now:?}"))?;
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
    }
}
