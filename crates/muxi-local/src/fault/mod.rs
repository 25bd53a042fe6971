//! Faults on request: what a server does wrong when a test asks for it.

mod armed;
mod check;
mod flow;
mod text;
mod wire;

pub(crate) use armed::{Faults, Met};
pub(crate) use flow::shape;
pub(crate) use wire::{Leave, Raw};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::{collections::BTreeMap, fmt, time::Duration};

/// The header with which a request asks for a fault.
pub(crate) const HEADER: &str = "x-muxi-local-fault";

/// Something that goes wrong: what, on which calls, and how often.
///
/// Made from its text, or by the functions here for the common ones:
///
/// ```
/// use muxi_local::Fault;
/// let text: Fault = "status=503; retry-after=2; times=2; path=chat".parse()?;
/// assert_eq!(text, Fault::status(503).retry_after("2").times(2).on("chat"));
/// # Ok::<(), muxi_local::InvalidFault>(())
/// ```
///
/// | part | effect |
/// |---|---|
/// | `path=chat`, `path=/v1/mem*` | only on that operation of the table (with those that share its method and path, unless the body tells them apart: `chat` and `chat_stream`), or on paths that fit, whole or without `/api/{id}` (`*` is any text) |
/// | `method=POST` | only on that method |
/// | `times=2` | twice, then all is well again; without it always |
/// | `every=3` | only the third, sixth, ninth of the requests that fit |
/// | `rate=0.2` | only that share of the requests that fit, by chance; the same ones each time a fault is armed |
/// | `delay_ms=500` | waits before the call is carried out |
/// | `status=503` | the error of that status as the API would word it; the call is not carried out |
/// | `retry_after=2` | header `Retry-After`: seconds, an HTTP date, or `date+2` for a date in two seconds |
/// | `retry_after_ms=250` | header `retry-after-ms` |
/// | `headers={"X-A": "b"}` | further headers of the answer |
/// | `body={"a": 1}`, `body=text` | that body (status 200 unless told) instead of carrying out the call |
/// | `html=502` | the page of a proxy with that status |
/// | `redirect=https://...` | 302 (or `status`) to there |
/// | `envelope=list`, `empty`, `failed`, `fields` | 200 with a JSON list, with no body, with `success: false`, with `{}` |
/// | `garbage=http`, `json` | bytes that are no HTTP, or a body that says it is JSON and is not |
/// | `reset=before`, `answer`, `headers`, `body`, `after` | TCP reset before the call is carried out, when it is done but not answered, after the head, within the body after `after_bytes` (1 unless told), after the answer |
/// | `close=...` | the same with an orderly close |
/// | `truncate=100`, `truncate=3 events` | the body ends early: within a chunk, or (events) in good order but without the rest |
/// | `stall_after=100`, `stall_after=3 events` | nothing more comes, and the connection stays open |
/// | `slow_bytes_per_s=50` | the body comes at that pace |
/// | `split_utf8` | each byte of the body comes in a chunk of its own |
///
/// An answer that ends before the byte or the event that a fault waits for does not meet it: an armed one waits for
/// the next request. An answer that is no event stream has no events.
///
/// In a text, parts are separated by `;`. A value that holds a `;` is quoted as in JSON. Hyphens and underscores in
/// names are the same. As JSON a fault is an object of the same parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fault {
    path: Option<String>,
    method: Option<String>,
    times: Option<u32>,
    every: Option<u32>,
    rate: Option<f64>,
    delay_ms: Option<u64>,
    pub(crate) status: Option<u16>,
    retry_after: Option<String>,
    retry_after_ms: Option<u64>,
    headers: BTreeMap<String, String>,
    pub(crate) body: Option<serde_json::Value>,
    pub(crate) html: Option<u16>,
    pub(crate) redirect: Option<String>,
    pub(crate) envelope: Option<Envelope>,
    pub(crate) garbage: Option<Garbage>,
    reset: Option<Moment>,
    close: Option<Moment>,
    after_bytes: Option<u64>,
    truncate: Option<Amount>,
    stall_after: Option<Amount>,
    slow_bytes_per_s: Option<u64>,
    split_utf8: bool,
}

/// A fault that cannot be: names the part and says what is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidFault(String);

impl fmt::Display for InvalidFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a fault: {}", self.0)
    }
}

impl std::error::Error for InvalidFault {}

/// When a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the call is carried out.
    Before,
    /// When the call is carried out, before the answer.
    Answer,
    /// After the head of the answer.
    Headers,
    /// Within the body.
    Body,
    /// After the answer.
    After,
}

/// The part of a body that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Amount {
    Bytes(u64),
    Events(u64),
}

/// The defect of an answer that has status 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    List,
    Empty,
    Failed,
    Fields,
}

/// A kind of answer that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Garbage {
    Http,
    Json,
}

impl Fault {
    /// An answer with that status, as the API words it.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// A wait before the call is carried out.
    pub fn delay(time: Duration) -> Self {
        Self { delay_ms: Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)), ..Self::default() }
    }

    /// A TCP reset.
    pub fn reset(moment: Moment) -> Self {
        Self { reset: Some(moment), ..Self::default() }
    }

    /// Only on an operation of the table, or on paths that fit a pattern in which `*` is any text.
    #[must_use]
    pub fn on(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Only that often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only each `every`th of the requests that fit.
    #[must_use]
    pub fn every(mut self, every: u32) -> Self {
        self.every = Some(every);
        self
    }

    /// Only that share of the requests that fit, from 0 to 1, by chance; the same ones each time a fault is armed.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = Some(rate);
        self
    }

    /// The header `Retry-After`: seconds, an HTTP date, or `date+N` for a date in `N` seconds.
    #[must_use]
    pub fn retry_after(mut self, when: impl Into<String>) -> Self {
        self.retry_after = Some(when.into());
        self
    }

    /// The wait before the call is carried out.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.delay_ms.map(Duration::from_millis)
    }

    /// When the connection ends, if it does so before or after the body.
    fn ends(&self) -> Option<Moment> {
        self.reset.or(self.close)
    }

    /// The place where the body is cut off, if it is.
    fn cut(&self) -> Option<Amount> {
        let within = (self.ends() == Some(Moment::Body)).then(|| Amount::Bytes(self.after_bytes.unwrap_or(1)));
        self.truncate.or(self.stall_after).or(within)
    }

    /// True if an answer with this head ends before the fault can happen to it, and nothing else goes wrong.
    pub(crate) fn spares(&self, head: &HeaderMap) -> bool {
        let text = |name| head.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        let streams = text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/event-stream"));
        let beyond = match self.cut() {
            // A connection may still break where the last byte has come; a body that is whole is not cut.
            Some(Amount::Bytes(count)) => {
                length.is_some_and(|length| count > length || count == length && self.ends().is_none())
            }
            Some(Amount::Events(count)) => count > 0 && !streams,
            None => false,
        };
        beyond && self.only_cuts()
    }

    /// True if the call is left undone although no answer replaces its own.
    pub(crate) fn ends_before(&self) -> bool {
        self.ends() == Some(Moment::Before) || self.garbage == Some(Garbage::Http)
    }

    /// True if the answer cannot be sent as HTTP has it.
    pub(crate) fn breaks_the_wire(&self) -> bool {
        self.garbage == Some(Garbage::Http)
            || self.ends().is_some()
            || self.truncate.is_some()
            || self.stall_after.is_some()
    }

    /// The headers that the answer gets.
    pub(crate) fn extra_headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let pair = |name: &str, value: &str| Some((name.parse().ok()?, value.parse().ok()?));
        let mut all: Vec<_> = self.headers.iter().filter_map(|(name, value)| pair(name, value)).collect();
        all.extend(self.retry_after.as_deref().and_then(|text| pair("retry-after", &with_date(text))));
        all.extend(self.retry_after_ms.and_then(|ms| pair("retry-after-ms", &ms.to_string())));
        all.extend(self.redirect.as_deref().and_then(|to| pair("location", to)));
        all
    }
}

/// `date+2` and `date-2` as the date that many seconds from now; anything else as it is.
fn with_date(text: &str) -> String {
    let Some(offset) = date_offset(text) else { return text.to_owned() };
    let (now, distance) = (std::time::SystemTime::now(), Duration::from_secs(offset.unsigned_abs()));
    let time = if offset < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
    time.map_or_else(|| text.to_owned(), httpdate::fmt_http_date)
}

/// The seconds in `date+2`. A hundred years at most: further dates have no HTTP form.
fn date_offset(text: &str) -> Option<i64> {
    let offset = text.strip_prefix("date")?.parse::<i64>().ok()?;
    (offset.unsigned_abs() <= 100 * 366 * 86_400).then_some(offset)
}
