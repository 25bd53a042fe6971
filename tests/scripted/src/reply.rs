//! The answers of the server: a reply in the words of a case, and its bytes.

use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt::Write,
    io,
    path::Path,
    time::{Duration, SystemTime},
};

/// One prepared reply.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reply {
    /// The status; 200 when there is none.
    pub status: Option<u16>,
    /// Headers. `{date+5}` and `{date-5}` in a value stand for a time that many seconds from now.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: Option<String>,
    /// The body as JSON.
    pub json: Option<Value>,
    /// The body is that file of the repository.
    pub file: Option<String>,
    /// Status and body are those of that recorded exchange in the repository.
    pub sample: Option<String>,
    /// The body in pieces, each sent by itself.
    pub pieces: Vec<Piece>,
    /// True if the body is sent in chunks; pieces are unless told otherwise. Pieces without chunks and without a
    /// length end where the connection does.
    pub chunked: Option<bool>,
    /// A length to claim instead of the real one.
    pub content_length: Option<usize>,
    /// The behaviour after the reply.
    pub then: Then,
    /// Milliseconds to wait before the reply.
    pub before_ms: u64,
    /// Never answer.
    pub accept_only: bool,
    /// Close the connection instead of answering.
    pub close_before_reply: bool,
    /// Close the connection so that the other side sees a reset, instead of answering.
    pub reset_before_reply: bool,
}

/// A piece of a body.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// Its bytes in hexadecimal, after the text.
    pub hex: String,
    /// The number of times that it is sent; once unless told otherwise.
    pub times: Option<usize>,
    /// Milliseconds to wait before it.
    pub wait_ms: u64,
}

/// The behaviour after a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The connection waits for the next request.
    #[default]
    Keep,
    /// The body is finished, then the connection is closed without having said so.
    Close,
    /// The connection is closed, and a chunked body is not finished.
    Cut,
    /// The connection is reset, and a chunked body is not finished.
    Reset,
    /// The body is not finished, and nothing more comes.
    Hang,
}

impl Reply {
    /// The reply with what its sample says.
    pub(crate) fn with_sample(mut self) -> io::Result<Self> {
        if let Some(sample) = &self.sample {
            let mut exchange: Value = serde_json::from_slice(&read(sample)?)?;
            let response = &mut exchange["response"];
            self.status = self.status.or(response["status"].as_u64().and_then(|status| status.try_into().ok()));
            self.json = self.json.or(Some(response["body"].take()));
        }
        Ok(self)
    }

    /// The body's parts: how long to wait before each, and its bytes.
    pub(crate) fn parts(&self) -> io::Result<Vec<(Duration, Vec<u8>)>> {
        let whole = match (&self.body, &self.json, &self.file) {
            (Some(text), ..) => Some(text.clone().into_bytes()),
            (_, Some(json), _) => Some(json.to_string().into_bytes()),
            (.., Some(file)) => Some(read(file)?),
            _ => None,
        };
        let mut parts: Vec<_> = whole.map(|bytes| (Duration::ZERO, bytes)).into_iter().collect();
        for piece in &self.pieces {
            let mut bytes = piece.text.clone().into_bytes();
            for pair in piece.hex.as_bytes().chunks(2) {
                let pair = String::from_utf8_lossy(pair);
                bytes.push(u8::from_str_radix(&pair, 16).map_err(io::Error::other)?);
            }
            let wait = Duration::from_millis(piece.wait_ms);
            parts.extend(std::iter::repeat_n((wait, bytes), piece.times.unwrap_or(1)));
        }
        Ok(parts)
    }

    pub(crate) fn is_chunked(&self) -> bool {
        self.chunked.unwrap_or(!self.pieces.is_empty() && self.content_length.is_none())
    }

    /// True if only the end of the connection ends the body.
    pub(crate) fn is_endless(&self) -> bool {
        !self.is_chunked() && !self.pieces.is_empty() && self.content_length.is_none()
    }

    /// Status line and headers, for a body of that length.
    pub(crate) fn head(&self, length: usize) -> String {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status.unwrap_or(200));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {}\r\n", with_dates(value));
        }
        let typed = self.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
        if self.json.is_some() && !typed {
            head.push_str("content-type: application/json\r\n");
        }
        if self.is_chunked() {
            head.push_str("transfer-encoding: chunked\r\n");
        } else if !self.is_endless() {
            let _ = write!(head, "content-length: {}\r\n", self.content_length.unwrap_or(length));
        }
        head + "\r\n"
    }
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    std::fs::read(&path).map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))
}

fn with_dates(value: &str) -> String {
    let date = || {
        let (before, rest) = value.split_once("{date")?;
        let (offset, after) = rest.split_once('}')?;
        let seconds: i64 = offset.parse().ok()?;
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let now = SystemTime::now();
        let time = if seconds < 0 { now - distance } else { now + distance };
        Some(format!("{before}{}{after}", httpdate::fmt_http_date(time)))
    };
    date().unwrap_or_else(|| value.to_owned())
}
