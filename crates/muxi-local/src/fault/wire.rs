//! Answers that break HTTP's rules, written to the socket by hand: an HTTP server would not send them.

use super::{Amount, Garbage, Met, Moment};
use crate::arrivals::Entry;
use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{header, response::Parts};
use std::{future::pending, io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
};

/// The start of a TLS alert: what a client sees that speaks to the wrong port.
const NO_HTTP: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46 this is no HTTP\r\n\r\n";
/// A reset throws away what is still under way; this lets the bytes before it arrive.
const SETTLE: Duration = Duration::from_millis(20);

/// An answer that takes over its connection.
pub(crate) struct Raw {
    pub(crate) met: Met,
    pub(crate) response: Response,
    pub(crate) entry: Entry,
}

/// The way in which a connection is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    Close,
    Reset,
}

impl Raw {
    /// Sends the answer as far as the fault lets it, or until the peer leaves.
    pub(crate) async fn send(self, stream: &mut TcpStream) -> Leave {
        let (reader, mut writer) = stream.split();
        tokio::select! {
            sent = self.write(&mut writer) => sent.unwrap_or(Leave::Close),
            () = gone(reader) => Leave::Close,
        }
    }

    async fn write(mut self, out: &mut WriteHalf<'_>) -> io::Result<Leave> {
        let fault = self.met.fault.clone();
        if fault.garbage == Some(Garbage::Http) {
            out.write_all(NO_HTTP).await?;
            self.entry.sent(NO_HTTP.len());
            return Ok(Leave::Close);
        }
        let leave = if fault.reset.is_some() { Leave::Reset } else { Leave::Close };
        let moment = fault.ends();
        if moment == Some(Moment::Before) {
            return Ok(leave);
        }
        let (head, body) = std::mem::take(&mut self.response).into_parts();
        if moment == Some(Moment::Answer) {
            let mut body = body.into_data_stream();
            while body.next().await.is_some() {}
            return Ok(leave);
        }
        // A fault that is about the close comes without a word.
        out.write_all(&head_bytes(&head, moment.is_none())).await?;
        if moment == Some(Moment::Headers) {
            tokio::time::sleep(SETTLE).await;
            return Ok(leave);
        }
        let chunked = !head.headers.contains_key(header::CONTENT_LENGTH);
        let cut = fault.cut();
        let whole = self.body(out, body, chunked, cut).await?;
        let spared = whole && cut.is_some();
        if spared && fault.only_cuts() {
            self.met.give_back();
            self.entry.spared();
        }
        match (fault.stall_after, fault.truncate) {
            (Some(_), _) if !whole => pending().await,
            (_, Some(Amount::Bytes(_))) if !whole => return Ok(leave),
            _ => {}
        }
        if chunked && (whole || fault.truncate.is_some()) {
            out.write_all(b"0\r\n\r\n").await?;
        }
        if spared {
            return Ok(Leave::Close);
        }
        tokio::time::sleep(SETTLE).await;
        Ok(leave)
    }

    /// Writes the body. `false` where it was cut off.
    async fn body(
        &mut self,
        out: &mut WriteHalf<'_>,
        body: Body,
        chunked: bool,
        amount: Option<Amount>,
    ) -> io::Result<bool> {
        // A body that ends in good order has whole chunks; others break off within one.
        let good = matches!(amount, Some(Amount::Events(_)));
        let mut cut = amount.map(Cut::new);
        let mut body = body.into_data_stream();
        if cut.as_ref().is_some_and(Cut::reached) {
            return Ok(false);
        }
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(io::Error::other)?;
            // A chunk of no bytes would end the body.
            if piece.is_empty() {
                continue;
            }
            let end = cut.as_mut().and_then(|cut| cut.within(&piece));
            let sent = piece.slice(..end.unwrap_or(piece.len()));
            let mut message = Vec::with_capacity(sent.len() + 16);
            if chunked {
                let size = if good { sent.len() } else { piece.len() };
                message.extend(format!("{size:x}\r\n").into_bytes());
            }
            message.extend_from_slice(&sent);
            if chunked && (good || sent.len() == piece.len()) {
                message.extend(b"\r\n");
            }
            out.write_all(&message).await?;
            self.entry.sent(sent.len());
            if end.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Resolves when the peer has left.
async fn gone(mut reader: ReadHalf<'_>) {
    let mut ignored = [0; 1024];
    while reader.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
}

/// The head of an answer. `announced` tells clients that the connection closes, so that none sends over it meanwhile.
fn head_bytes(head: &Parts, announced: bool) -> Vec<u8> {
    let close = if announced { "connection: close\r\n" } else { "" };
    let mut bytes = format!("HTTP/1.1 {}\r\n{close}", head.status).into_bytes();
    for (name, value) in head.headers.iter().filter(|(name, _)| *name != header::CONNECTION) {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    if !head.headers.contains_key(header::CONTENT_LENGTH) {
        bytes.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// Finds the place where a body is cut.
struct Cut {
    left: u64,
    events: bool,
    /// True if the event being read has more than comments.
    event: bool,
    /// The first byte of the line being read.
    line: Option<u8>,
}

impl Cut {
    fn new(amount: Amount) -> Self {
        let (left, events) = match amount {
            Amount::Bytes(count) => (count, false),
            Amount::Events(count) => (count, true),
        };
        Self { left, events, event: false, line: None }
    }

    fn reached(&self) -> bool {
        self.left == 0
    }

    /// The index of the cut in this piece.
    fn within(&mut self, piece: &Bytes) -> Option<usize> {
        if !self.events {
            let length = piece.len() as u64;
            let end = (self.left <= length).then_some(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= self.left.min(length);
            return end;
        }
        for (index, byte) in piece.iter().enumerate() {
            match (*byte, self.line.take()) {
                (b'\n', Some(first)) => self.event |= first != b':',
                (b'\n', None) => {
                    self.left -= u64::from(std::mem::take(&mut self.event));
                    if self.left == 0 {
                        return Some(index + 1);
                    }
                }
                (byte, first) => self.line = first.or(Some(byte)),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Bytes, Cut};

    #[test]
    fn comments_are_no_events_and_pieces_may_split_anywhere() {
        let text = b": keepalive\n\nevent: a\ndata: 1\n\ndata: 2\n\ndata: 3\n\n";
        let wanted = text.len() - b"data: 3\n\n".len();
        for size in 1..text.len() {
            let mut cut = Cut::new(Amount::Events(2));
            let mut seen = 0;
            for piece in text.chunks(size) {
                match cut.within(&Bytes::copy_from_slice(piece)) {
                    Some(end) => {
                        assert_eq!(seen + end, wanted, "{size}");
                        break;
                    }
                    None => seen += piece.len(),
                }
            }
            assert!(cut.reached());
        }
    }
}
