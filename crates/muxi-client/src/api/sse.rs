//! A parser for server-sent events, on bytes, by the rules of the WHATWG.

use memchr::memchr2;
use serde::{Deserialize, Serialize};

/// One event as it came.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct SseEvent {
    /// The event's name; `message` when it has none.
    pub event: Box<str>,
    /// Its data lines, joined by line feeds.
    pub data: String,
}

/// An event that is longer than the parser was told to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Splits bytes, in whatever pieces they come, into events.
#[derive(Debug)]
pub struct SseParser {
    limit: usize,
    /// The start of a line whose end has not come yet.
    line: Vec<u8>,
    event: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    after_cr: bool,
    at_start: bool,
}

impl SseParser {
    /// A parser that refuses an event of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        let (line, event, data) = (Vec::new(), Vec::new(), Vec::new());
        Self { limit, line, event, data, has_data: false, after_cr: false, at_start: true }
    }

    /// Takes more bytes and hands each event that they complete to `emit`.
    pub fn push(&mut self, mut bytes: &[u8], mut emit: impl FnMut(SseEvent)) -> Result<(), TooLong> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = memchr2(b'\n', b'\r', bytes) else {
                self.line.extend_from_slice(bytes);
                break;
            };
            self.after_cr = bytes[end] == b'\r';
            if self.line.is_empty() {
                self.line_of(&bytes[..end], &mut emit);
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&bytes[..end]);
                self.line_of(&line, &mut emit);
                line.clear();
                self.line = line;
            }
            bytes = &bytes[end + 1..];
        }
        if self.line.len() + self.data.len() > self.limit { Err(TooLong) } else { Ok(()) }
    }

    fn line_of(&mut self, line: &[u8], emit: &mut impl FnMut(SseEvent)) {
        let line = match line.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if self.at_start => rest,
            _ => line,
        };
        self.at_start = false;
        if line.is_empty() {
            return self.dispatch(emit);
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
                self.has_data = true;
            }
            b"event" => {
                self.event.clear();
                self.event.extend_from_slice(value);
            }
            // A comment has an empty field name. `id` and `retry` serve to resume, which MUXI does not know.
            _ => {}
        }
    }

    fn dispatch(&mut self, emit: &mut impl FnMut(SseEvent)) {
        if std::mem::take(&mut self.has_data) {
            let event = if self.event.is_empty() { "message".into() } else { String::from_utf8_lossy(&self.event) };
            emit(SseEvent { event: event.into(), data: into_text(std::mem::take(&mut self.data)) });
        }
        self.event.clear();
    }
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_in(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut parser = SseParser::new(1 << 20);
        let mut out = Vec::new();
        for piece in pieces {
            parser.push(piece, |e| out.push((e.event.into(), e.data))).unwrap();
        }
        out
    }

    fn pair(event: &str, data: &str) -> (String, String) {
        (event.to_owned(), data.to_owned())
    }

    #[test]
    fn reads_fields_by_the_rules() {
        let text = b"\xef\xbb\xbfdata: a\ndata:b\ndata:  c\n\nevent: x\nid: 1\nretry: 5\ndata\n\n: note\nevent: y\n\ndata: z\n\n";
        assert_eq!(parse_in(&[text]), [pair("message", "a\nb\n c"), pair("x", ""), pair("message", "z")]);
    }

    #[test]
    fn any_split_gives_the_same_events() {
        let text = "event: ü\r\ndata: 1\u{2028}2\u{85}3\rdata: ❤\n\ndata: end\r\n\r\n\r\rdata: x\r\r".as_bytes();
        let want = [pair("ü", "1\u{2028}2\u{85}3\n❤"), pair("message", "end"), pair("message", "x")];
        assert_eq!(parse_in(&[text]), want);
        for a in 0..text.len() {
            for b in a..text.len() {
                assert_eq!(parse_in(&[&text[..a], &text[a..b], &text[b..]]), want, "split at {a} and {b}");
            }
        }
        assert_eq!(parse_in(&text.chunks(1).collect::<Vec<_>>()), want);
    }

    /// Bytes that look like a stream, from a fixed seed.
    fn noise(seed: u64) -> Vec<u8> {
        const PIECES: [&[u8]; 14] = [
            b"data",
            b"event",
            b":",
            b" ",
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
            b"\xef\xbb\xbf",
            b"\xff",
            b"{\"a\":1}",
            b"done",
            b"id",
            b"\0",
        ];
        let mut state = seed;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        (0..next(60)).flat_map(|_| PIECES[next(PIECES.len())].to_vec()).collect()
    }

    #[test]
    fn any_bytes_in_any_pieces_give_the_same_events() {
        for seed in 0..20_000 {
            let bytes = noise(seed);
            let whole = parse_in(&[&bytes]);
            for size in [1, 2, 3, 7] {
                assert_eq!(parse_in(&bytes.chunks(size).collect::<Vec<_>>()), whole, "seed {seed}, pieces of {size}");
            }
        }
    }

    #[test]
    fn drops_an_unfinished_event_and_mends_bad_utf8() {
        assert_eq!(parse_in(&[b"data: a\xff\n\ndata: half"]), [pair("message", "a\u{fffd}")]);
    }

    #[test]
    fn refuses_an_endless_line() {
        let mut parser = SseParser::new(10);
        assert_eq!(parser.push(b"data: 12345", |_| {}), Err(TooLong));
        let mut parser = SseParser::new(10);
        assert_eq!(parser.push(b"data: 123456\ndata: 123456\n", |_| {}), Err(TooLong));
    }
}
