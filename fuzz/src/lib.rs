//! The targets of the fuzzers: functions that take any bytes and panic where a promise is broken.
//!
//! `cargo fuzz` runs each for as long as it is let (`make fuzz`), and `tests/bounded.rs` runs all of them for a bounded
//! number of inputs with every `cargo test`.

// A broken promise is told by a panic: that is how a fuzzer hears of it.
#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used)]

mod files;
mod mutation;
mod reply;
mod seeds;
mod sse;
mod url;
mod webhook;

pub use mutation::Mutator;
pub use seeds::seeds;

/// A function that takes any bytes and panics where a promise is broken.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name, which is that of the binary in `fuzz_targets`.
    pub name: &'static str,
    /// The function.
    pub run: fn(&[u8]),
    /// Inputs that the default tests try, on top of the seeds.
    pub inputs: usize,
}

/// Every target.
pub const TARGETS: [Target; 9] = [
    Target { name: "sse", run: sse::run, inputs: 8_000 },
    Target { name: "reply", run: reply::run, inputs: 8_000 },
    Target { name: "retry_after", run: reply::retry_after, inputs: 20_000 },
    Target { name: "url", run: url::base_url, inputs: 5_000 },
    Target { name: "proxy", run: url::proxy, inputs: 5_000 },
    Target { name: "webhook", run: webhook::run, inputs: 10_000 },
    Target { name: "bundle", run: files::bundle, inputs: 2_000 },
    Target { name: "formation", run: files::formation, inputs: 1_000 },
    Target { name: "script", run: files::script, inputs: 5_000 },
];

/// Runs the target of that name.
///
/// # Panics
///
/// If the target's promise is broken, and if there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of that name");
    (target.run)(data);
}
