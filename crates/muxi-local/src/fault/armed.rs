//! The choice of the fault that a request meets: the one that it asks for, or the first armed one that fits.

use super::{Fault, HEADER, InvalidFault};
use crate::{arrivals::idempotency_key, tally::Tally, target::Target};
use http::HeaderMap;
use muxi_client::api::table::Endpoint;
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, AtomicUsize, Ordering},
};

/// The faults of a server.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    armed: Mutex<Vec<Armed>>,
    /// As many as are armed: a look at it spares the lock.
    count: AtomicUsize,
    /// The number of times that each fault that requests ask for has happened.
    asked: Tally,
}

/// A fault that a request meets.
#[derive(Debug)]
pub(crate) struct Met {
    pub(crate) fault: Fault,
    /// The number of times that the armed one was used; none where the request asked for it.
    used: Option<Arc<AtomicU32>>,
}

impl Met {
    fn asked(fault: Fault) -> Self {
        Self { fault, used: None }
    }

    /// The answer ended before the fault could happen: an armed one waits for the next request.
    pub(crate) fn give_back(&mut self) {
        if let Some(used) = self.used.take() {
            used.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    /// The requests that it fits.
    met: u32,
    used: Arc<AtomicU32>,
    chance: fastrand::Rng,
}

impl Armed {
    fn used(&self) -> u32 {
        self.used.load(Ordering::Relaxed)
    }

    fn is_used_up(&self) -> bool {
        self.fault.times.is_some_and(|times| self.used() >= times)
    }

    /// Tells whether it can still happen: a request under way may give it back.
    fn is_needed(&self) -> bool {
        !self.is_used_up() || Arc::strong_count(&self.used) > 1
    }

    /// Counts a request that it fits. Tells whether it happens to this one.
    fn happens(&mut self) -> bool {
        self.met = self.met.wrapping_add(1);
        self.fault.every.is_none_or(|every| self.met.is_multiple_of(every))
            && self.fault.rate.is_none_or(|rate| self.chance.f64() < rate)
    }
}

/// The start of the random numbers: the same requests fail in each run.
const SEED: u64 = 1;

impl Faults {
    fn armed(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether a request with those headers may meet a fault.
    pub(crate) fn may_meet(&self, headers: &HeaderMap) -> bool {
        self.count.load(Ordering::Relaxed) > 0 || headers.contains_key(HEADER)
    }

    /// Arms a fault.
    pub(crate) fn arm(&self, fault: Fault) -> Result<(), InvalidFault> {
        fault.check()?;
        let mut armed = self.armed();
        armed.push(Armed { fault, met: 0, used: Arc::default(), chance: fastrand::Rng::with_seed(SEED) });
        self.count.store(armed.len(), Ordering::Relaxed);
        Ok(())
    }

    /// Nothing is armed any more, and what requests ask for counts from the start.
    pub(crate) fn clear(&self) {
        let mut armed = self.armed();
        armed.clear();
        self.count.store(0, Ordering::Relaxed);
        self.asked.clear();
    }

    /// The armed faults as JSON: each with its text and the number of times that it was used.
    pub(crate) fn list(&self) -> Value {
        let row =
            |armed: &Armed| json!({ "fault": armed.fault, "text": armed.fault.to_string(), "used": armed.used() });
        self.armed().iter().filter(|armed| !armed.is_used_up()).map(row).collect()
    }

    /// The fault for a request that is one of these operations, counted as used.
    ///
    /// A fault that the request itself asks for with `times=N` meets the first N attempts of the call: the requests
    /// with the same idempotency key, or without one those with the same method and path.
    pub(crate) fn take(
        &self,
        method: &str,
        target: &Target,
        operations: &[&Endpoint],
        headers: &HeaderMap,
    ) -> Result<Option<Met>, InvalidFault> {
        if let Some(text) = headers.get(HEADER) {
            let text = text.to_str().map_err(|_| InvalidFault(format!("{HEADER} must be plain ASCII")))?;
            let fault: Fault = text.parse()?;
            if fault.every.is_some() || fault.rate.is_some() {
                return Err(InvalidFault(
                    "every and rate are for faults that are armed, not for one request".to_owned(),
                ));
            }
            if !fault.fits(method, target, operations) {
                return Ok(None);
            }
            let Some(times) = fault.times else { return Ok(Some(Met::asked(fault))) };
            let call = idempotency_key(headers).map_or_else(|| format!("{method} {}", target.path), str::to_owned);
            let attempt = self.asked.next(&format!("{call}\n{text}"));
            return Ok((attempt <= times).then(|| Met::asked(fault)));
        }
        if self.count.load(Ordering::Relaxed) == 0 {
            return Ok(None);
        }
        let mut armed = self.armed();
        armed.retain(Armed::is_needed);
        self.count.store(armed.len(), Ordering::Relaxed);
        let happens =
            |armed: &mut Armed| !armed.is_used_up() && armed.fault.fits(method, target, operations) && armed.happens();
        let Some(found) = armed.iter_mut().find_map(|armed| happens(armed).then_some(armed)) else { return Ok(None) };
        found.used.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Met { fault: found.fault.clone(), used: Some(found.used.clone()) }))
    }
}

impl Fault {
    /// True if the fault is meant for a request.
    fn fits(&self, method: &str, target: &Target, operations: &[&Endpoint]) -> bool {
        let fits_path = |path: &str| match path.contains(['/', '*']) {
            true => target.fits(path),
            false => operations.iter().any(|endpoint| endpoint.name == path),
        };
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(fits_path)
    }
}
