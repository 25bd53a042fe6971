//! The log of what arrives.

mod body;

use crate::{
    tally::Tally,
    target::{Target, told_apart},
};
use body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use muxi_client::api::{
    request::{IDEMPOTENCY_HEADER, USER_HEADER},
    table::Endpoint,
};
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio::sync::broadcast;

/// Requests kept before the oldest goes.
const CAPACITY: usize = 10_000;
/// Bytes of bodies kept before the oldest request goes.
const BODIES: usize = 64 << 20;
/// Changes that a slow watcher may be behind before it is cut off.
const BACKLOG: usize = 1024;

/// A request as it arrived, and what became of it.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct Arrival {
    /// The number, from 1, in the order of arrival.
    pub number: u64,
    /// When, in RFC 3339, by the server's own clock.
    pub time: String,
    /// The method.
    pub method: String,
    /// The path as it came.
    pub path: String,
    /// The query as it came.
    pub query: Option<String>,
    /// The headers, names in lower case, repeated ones joined by commas; keys, signatures and cookies are left out.
    pub headers: BTreeMap<String, String>,
    /// The idempotency key.
    pub idempotency_key: Option<String>,
    /// The number of the attempt within its call, from 1: requests with one idempotency key are one call.
    pub attempt: u32,
    /// The user that the header names.
    pub user: Option<String>,
    /// The formation that the path names.
    pub formation: Option<String>,
    /// The operation of the table; the first where several share a method and a path, unless the body tells them apart.
    pub operation: Option<String>,
    /// The status of the answer; none while there is no answer.
    pub status: Option<u16>,
    /// Milliseconds until the answer was sent or given up; none while it is under way.
    pub duration_ms: Option<f64>,
    /// The body, parsed where it is JSON and as text otherwise. None where there is none, where it is a bundle or longer
    /// than 16 MiB, and for operations on secrets and credentials.
    pub body: Option<Value>,
    /// Bytes of the body that came.
    pub bytes_in: u64,
    /// Bytes of the body that were sent.
    pub bytes_out: u64,
    /// The fault that it met.
    pub fault: Option<String>,
}

impl fmt::Debug for Arrival {
    /// Shows neither headers nor the body, which may hold what is private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("number", &self.number)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("operation", &self.operation)
            .field("attempt", &self.attempt)
            .field("status", &self.status)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

/// More requests have arrived than the log keeps, so that it cannot list all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestsForgotten(u64);

impl fmt::Display for RequestsForgotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = BODIES >> 20;
        write!(f, "the log keeps {CAPACITY} requests and {megabytes} MiB of their bodies, and the {} oldest ", self.0)?;
        f.write_str("are gone: clear the requests in between")
    }
}

impl std::error::Error for RequestsForgotten {}

/// The last requests of a server, and who watches them.
#[derive(Debug)]
pub(crate) struct Log(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    kept: Mutex<Kept>,
    last: AtomicU64,
    attempts: Tally,
    watchers: broadcast::Sender<Change>,
}

#[derive(Debug, Default)]
struct Kept {
    /// With the bytes of each one's body.
    arrivals: VecDeque<(Arrival, usize)>,
    /// Bytes of all bodies.
    bodies: usize,
    forgotten: u64,
}

impl Kept {
    /// Lets the oldest go until the rest fits.
    fn shrink(&mut self) {
        while self.arrivals.len() > CAPACITY || (self.bodies > BODIES && self.arrivals.len() > 1) {
            if let Some((_, body)) = self.arrivals.pop_front() {
                self.bodies -= body;
                self.forgotten += 1;
            }
        }
    }
}

/// A change of the log, as watchers get it.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// A request came, or more is known of it.
    Arrival(Arc<Arrival>),
    /// The log was cleared.
    Cleared,
}

impl Default for Log {
    fn default() -> Self {
        Self(Arc::new(Shared {
            kept: Mutex::default(),
            last: AtomicU64::new(0),
            attempts: Tally::default(),
            watchers: broadcast::channel(BACKLOG).0,
        }))
    }
}

impl Log {
    /// Notes a request.
    pub(crate) fn arrive<B>(&self, now: Timestamp, request: &Request<B>, target: &Target) -> Entry {
        let headers = request.headers();
        let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let idempotency_key = idempotency_key(headers).map(str::to_owned);
        let method = request.method().as_str();
        let operations: Vec<_> = target.operations(method).collect();
        let operation = operations.first().map(|endpoint| endpoint.name);
        let counts = Arc::new(Counts::new(Body::of(headers, operation)));
        let mut kept = self.0.kept();
        let number = self.0.last.fetch_add(1, Ordering::Relaxed) + 1;
        let arrival = Arrival {
            number,
            time: format!("{now:.3}"),
            method: method.to_owned(),
            path: target.path.clone(),
            query: request.uri().query().map(str::to_owned),
            headers: redacted(headers),
            attempt: idempotency_key.as_deref().map_or(1, |key| self.0.attempts.next(key)),
            idempotency_key,
            user: text(USER_HEADER),
            formation: target.formation().map(str::to_owned),
            operation: operation.map(str::to_owned),
            status: None,
            duration_ms: None,
            body: None,
            bytes_in: 0,
            bytes_out: 0,
            fault: None,
        };
        self.0.tell(&arrival);
        kept.arrivals.push_back((arrival, 0));
        kept.shrink();
        drop(kept);
        Entry { shared: self.0.clone(), number, started: Instant::now(), operations, counts }
    }

    /// The requests that fit, oldest first, and how many older ones are gone.
    pub(crate) fn list(&self, fits: impl Fn(&Arrival) -> bool) -> (Vec<Arrival>, u64) {
        let kept = self.0.kept();
        let arrivals = kept.arrivals.iter().map(|(arrival, _)| arrival);
        (arrivals.filter(|arrival| fits(arrival)).cloned().collect(), kept.forgotten)
    }

    /// All requests, oldest first.
    pub(crate) fn all(&self) -> Result<Vec<Arrival>, RequestsForgotten> {
        match self.list(|_| true) {
            (arrivals, 0) => Ok(arrivals),
            (_, forgotten) => Err(RequestsForgotten(forgotten)),
        }
    }

    /// The requests after that number, and the changes from then on.
    pub(crate) fn watch(&self, since: u64) -> (Vec<Arrival>, broadcast::Receiver<Change>) {
        let kept = self.0.kept();
        let arrivals = kept.arrivals.iter().map(|(arrival, _)| arrival);
        let past = arrivals.filter(|arrival| arrival.number > since).cloned().collect();
        (past, self.0.watchers.subscribe())
    }

    /// Forgets every request. Numbers go on.
    pub(crate) fn clear(&self) {
        let mut kept = self.0.kept();
        *kept = Kept::default();
        self.0.attempts.clear();
        // An error means that there are no watchers.
        let _ = self.0.watchers.send(Change::Cleared);
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, arrival: &Arrival) {
        if self.watchers.receiver_count() > 0 {
            // Fails only when the last watcher has just left.
            let _ = self.watchers.send(Change::Arrival(Arc::new(arrival.clone())));
        }
    }
}

/// The bytes of a request and of its answer.
#[derive(Debug)]
struct Counts {
    body: Body,
    incoming: AtomicU64,
    outgoing: AtomicU64,
}

impl Counts {
    fn new(body: Body) -> Self {
        Self { body, incoming: AtomicU64::new(0), outgoing: AtomicU64::new(0) }
    }
}

/// Notes a request's body.
pub(crate) struct Incoming(Arc<Counts>);

impl Incoming {
    pub(crate) fn add(&self, piece: &Bytes) {
        self.0.incoming.fetch_add(piece.len() as u64, Ordering::Relaxed);
        self.0.body.add(piece);
    }
}

/// A request under way. Its end is the end of the request.
pub(crate) struct Entry {
    shared: Arc<Shared>,
    number: u64,
    started: Instant,
    /// Those that the request may be.
    operations: Vec<&'static Endpoint>,
    counts: Arc<Counts>,
}

impl Entry {
    fn update(&self, change: impl FnOnce(&mut Arrival)) {
        let mut kept = self.shared.kept();
        let first = kept.arrivals.front().map_or(u64::MAX, |(arrival, _)| arrival.number);
        let index = self.number.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        // The log may have been cleared, or have moved on.
        let Some((arrival, bytes)) = index.and_then(|index| kept.arrivals.get_mut(index)) else { return };
        change(arrival);
        let mut more = 0;
        if let Some((body, length)) = self.counts.body.news() {
            if let Some(endpoint) = told_apart(&self.operations, &body).first() {
                arrival.operation = Some(endpoint.name.to_owned());
            }
            arrival.body = Some(body);
            more = length - *bytes;
            *bytes = length;
        }
        self.shared.tell(arrival);
        kept.bodies += more;
        kept.shrink();
    }

    /// The collector of the request's body.
    pub(crate) fn incoming(&self) -> Incoming {
        Incoming(self.counts.clone())
    }

    /// Bytes of the answer's body are sent.
    pub(crate) fn sent(&self, bytes: usize) {
        self.counts.outgoing.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The request meets a fault.
    pub(crate) fn meets(&self, fault: String) {
        self.update(|arrival| arrival.fault = Some(fault));
    }

    /// The answer ended before the fault could happen.
    pub(crate) fn spared(&self) {
        self.update(|arrival| arrival.fault = None);
    }

    /// The answer has begun.
    pub(crate) fn answered(&self, status: StatusCode) {
        self.update(|arrival| arrival.status = Some(status.as_u16()));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.update(|arrival| {
            arrival.duration_ms = Some((self.started.elapsed().as_secs_f64() * 1e6).round() / 1e3);
            arrival.bytes_in = self.counts.incoming.load(Ordering::Relaxed);
            arrival.bytes_out = self.counts.outgoing.load(Ordering::Relaxed);
        });
    }
}

/// The idempotency key of a request.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Option<&str> {
    headers.get(IDEMPOTENCY_HEADER)?.to_str().ok().filter(|key| !key.is_empty())
}

/// The headers as they may be shown.
fn redacted(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let text = match is_secret(name.as_str()) {
            true => "[redacted]".into(),
            false => String::from_utf8_lossy(value.as_bytes()),
        };
        match shown.get_mut(name.as_str()) {
            Some(all) => {
                all.push_str(", ");
                all.push_str(&text);
            }
            None => drop(shown.insert(name.as_str().to_owned(), text.into_owned())),
        }
    }
    shown
}

fn is_secret(name: &str) -> bool {
    name != IDEMPOTENCY_HEADER.as_str()
        && ["key", "auth", "signature", "token", "secret", "cookie", "password"].iter().any(|word| name.contains(word))
}
