//! Streams: against a second, naive reader.

use muxi_client::api::{
    gate::Gate,
    sse::{SseEvent, SseParser},
    table::StreamEnd,
    turn::TurnReader,
};
use serde::Deserialize;

/// Reads bytes as a stream. The first byte says how long the pieces are in which they come.
pub(crate) fn run(data: &[u8]) {
    let Some((size, stream)) = data.split_first() else { return };
    let mut parser = SseParser::new(usize::MAX);
    let mut events = Vec::new();
    for piece in stream.chunks(usize::from(*size).max(1)) {
        parser.push(piece, |event| events.push(event)).expect("there is no limit");
    }
    assert_eq!(events, naive(stream), "the events");
    for end in [StreamEnd::Complete, StreamEnd::Open] {
        let mut gate = Gate::new(end);
        let _ = events.iter().cloned().try_for_each(|event| gate.admit(event, |_| {}));
        let _ = gate.finish(|_| {});
    }
    chat(events);
}

/// The events, by the rules of the WHATWG as they are written there.
fn naive(stream: &[u8]) -> Vec<SseEvent> {
    let text = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let mut lines = vec![Vec::new()];
    let mut bytes = text.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' | b'\n' => {
                if *byte == b'\r' {
                    bytes.next_if(|next| **next == b'\n');
                }
                lines.push(Vec::new());
            }
            byte => lines.last_mut().expect("there is a line").push(*byte),
        }
    }
    lines.pop();
    let (mut events, mut name, mut data) = (Vec::new(), Vec::new(), None::<Vec<Vec<u8>>>);
    for line in lines {
        if line.is_empty() {
            let name = std::mem::take(&mut name);
            if let Some(data) = data.take() {
                let name = if name.is_empty() { b"message".to_vec() } else { name };
                let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
                events.push(SseEvent { event: text(name).into(), data: text(data.join(&b'\n')) });
            }
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value).to_vec();
        match &line[..colon] {
            b"event" => name = value,
            b"data" => data.get_or_insert_default().push(value),
            _ => {}
        }
    }
    events
}

/// Reads the events as a chat turn: no text of it may be lost.
fn chat(events: Vec<SseEvent>) {
    let units = slices(&events);
    let (mut gate, mut turn, mut text) = (Gate::new(StreamEnd::Done), TurnReader::default(), String::new());
    let mut read = |event: SseEvent| text.extend(turn.read(&event));
    let admitted = events.into_iter().try_for_each(|event| gate.admit(event, &mut read));
    let ended = gate.finish(&mut read).is_ok();
    assert!(admitted.is_ok() || !ended || gate.has_ended(), "a failed stream looks complete");
    if let Some(units) = units {
        assert_eq!(text, String::from_utf16_lossy(&units), "the text of the slices");
    }
    let said = turn.text().to_owned();
    if let Some(rest) = turn.rest() {
        assert!(said.ends_with(rest.trim_start_matches("\n\n")), "the rest of the text");
    }
    assert_eq!(turn.turn().text, said);
}

/// The text of the slices in UTF-16, in which half a pair is nothing special. `None` where a frame is of another kind,
/// or does not follow the rules: what a reader makes of it then is not promised.
fn slices(events: &[SseEvent]) -> Option<Vec<u16>> {
    #[derive(Deserialize)]
    struct Frame {
        token: Slice,
    }
    #[derive(Deserialize)]
    struct Slice {
        #[serde(rename = "type")]
        kind: String,
        content: String,
    }
    let mut units = Vec::new();
    for event in events {
        let frame: Frame = serde_json::from_str(&shield(&event.data)?).ok()?;
        if &*event.event != "message" || frame.token.kind != "content" {
            return None;
        }
        units.extend(frame.token.content.chars().flat_map(|c| match u32::from(c).checked_sub(SHIELD) {
            Some(half @ 0..0x800) => vec![0xd800 + half as u16],
            _ => c.encode_utf16(&mut [0; 2]).to_vec(),
        }));
    }
    Some(units)
}

/// The first of the private characters that stand for half a pair each.
const SHIELD: u32 = 0xF_0000;

/// JSON with a private character in place of each escape of half a pair. `None` where it has such characters already.
fn shield(json: &str) -> Option<String> {
    let mut shielded = String::new();
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        if (SHIELD..SHIELD + 0x800).contains(&u32::from(c)) {
            return None;
        }
        let half = rest.strip_prefix("\\u").and_then(|rest| u32::from_str_radix(rest.get(..4)?, 16).ok());
        let (piece, length) = match half {
            Some(half @ 0xd800..=0xdfff) => (char::from_u32(SHIELD + half - 0xd800)?.to_string(), 6),
            _ if c == '\\' => {
                let escape: String = rest.chars().take(2).collect();
                (escape.clone(), escape.len())
            }
            _ => (c.to_string(), c.len_utf8()),
        };
        shielded.push_str(&piece);
        rest = &rest[length..];
    }
    Some(shielded)
}
