//! The report of a driver on each call that it has made: a line of JSON, as `report.py` describes it.

use serde_json::json;
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Bytes that a reply to a call of the kind `bounded` may have.
pub(crate) const BOUND: u32 = 4096;
/// Calls with the same session.
const MESSAGES_PER_SESSION: u32 = 100;
/// Users of each face, as in `report.py`.
const USERS: u32 = 1000;
const WORDS: [&str; 6] = ["alpha", "beta", "gamma", "äöü", "\u{1f600}\u{1f680}", "日本語"];

/// A call that must not be executed twice.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) kind: &'static str,
    pub(crate) user: String,
    pub(crate) session: String,
    pub(crate) message: String,
    /// `ok`, `left` where the driver gave it up, or the code of its error.
    pub(crate) outcome: String,
    /// The answer, as far as it was read.
    pub(crate) text: String,
}

/// The report of one driver.
pub(crate) struct Report(Mutex<File>);

impl Report {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(File::create(path)?)))
    }

    pub(crate) fn add(&self, call: &Call) -> io::Result<()> {
        let Call { kind, user, session, message, outcome, text } = call;
        self.line(&json!({
            "kind": kind, "user": user, "session": session, "message": message, "outcome": outcome, "text": text,
        }))
    }

    pub(crate) fn problem(&self, text: &str) -> io::Result<()> {
        self.line(&json!({ "problem": text }))
    }

    fn line(&self, row: &serde_json::Value) -> io::Result<()> {
        writeln!(self.0.lock().unwrap_or_else(PoisonError::into_inner), "{row}")
    }
}

/// Makes up the calls of one worker of a driver; no two calls have the same message.
pub(crate) struct Worker {
    pub(crate) random: fastrand::Rng,
    user: String,
    name: String,
    made: u32,
}

impl Worker {
    pub(crate) fn new(face: &str, number: u64, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ (number << 8));
        let user = format!("{face}-{}", random.u32(..USERS));
        Self { random, user, name: format!("{face}-{number}"), made: 0 }
    }

    /// Chooses an operation.
    pub(crate) fn kind(&mut self) -> &'static str {
        match self.random.u8(..20) {
            0..5 => "chat",
            5 => "bounded",
            6..14 => "stream",
            14..16 => "memory",
            _ => "read",
        }
    }

    pub(crate) fn call(&mut self, kind: &'static str) -> Call {
        self.made += 1;
        // Mostly short ones.
        let count = 10f64.powf(self.random.f64() * 3.2) as usize;
        let words: Vec<&str> = (0..count).map(|_| WORDS[self.random.usize(..WORDS.len())]).collect();
        Call {
            kind,
            user: self.user.clone(),
            session: format!("{}-{}", self.user, self.made / MESSAGES_PER_SESSION),
            message: format!("{} {}: {}", self.name, self.made, words.join(" ")),
            outcome: "left".to_owned(),
            text: String::new(),
        }
    }

    /// Returns after how many slices a stream is left, where it is.
    pub(crate) fn slices(&mut self) -> Option<usize> {
        (self.random.u8(..4) == 0).then(|| self.random.usize(..20))
    }
}
