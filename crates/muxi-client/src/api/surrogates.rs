//! Halves of surrogate pairs in JSON texts. A runtime that cuts an answer into slices may cut a pair, which is valid JSON
//! text by its grammar, and no text at all for a reader.

use super::{event::Event, nan::without_nan};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;

/// The escape of U+FFFD, which stands for a half that stays alone.
const REPLACEMENT: &str = "\\ufffd";

/// The escape of a half without its other half.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Half {
    at: Range<usize>,
    is_first: bool,
}

/// The escapes of halves that stand alone.
fn halves(json: &str) -> Vec<Half> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'\\', &json.as_bytes()[at..]) {
        let start = at + next;
        at = match unit(json, start) {
            Some(0xd800..=0xdbff) if matches!(unit(json, start + 6), Some(0xdc00..=0xdfff)) => start + 12,
            Some(half @ 0xd800..=0xdfff) => {
                found.push(Half { at: start..start + 6, is_first: half < 0xdc00 });
                start + 6
            }
            Some(_) => start + 6,
            // Another escape, of two characters, of which the second is no letter of more than a byte.
            None => (start + 2).min(json.len()),
        };
    }
    found
}

/// The UTF-16 unit whose escape stands there.
fn unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

/// The places of a slice's text in an event's data, between the quotes.
fn content_at(json: &str) -> Option<Range<usize>> {
    #[derive(Deserialize)]
    struct Frame<'a> {
        #[serde(borrow)]
        token: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Token<'a> {
        #[serde(borrow)]
        content: &'a RawValue,
    }
    let token = serde_json::from_str::<Frame<'_>>(json).ok()?.token.get();
    let content = match token.starts_with('"') {
        true => token,
        false => serde_json::from_str::<Token<'_>>(token).ok()?.content.get(),
    };
    let start = content.as_ptr().addr().checked_sub(json.as_ptr().addr())?;
    Some(start + 1..start + content.len() - 1)
}

/// JSON in which U+FFFD stands for each half that stands alone; `None` where there is none.
pub fn mend(json: &str) -> Option<String> {
    let halves = halves(json);
    if halves.is_empty() {
        return None;
    }
    let mut mended = json.to_owned();
    halves.iter().for_each(|half| mended.replace_range(half.at.clone(), REPLACEMENT));
    Some(mended)
}

/// The outcome of reading a JSON text; where it cannot be read, that of reading it mended, if there is something to mend.
pub fn read_mended<T, E>(json: &[u8], read: impl Fn(&[u8]) -> Result<T, E>) -> Result<T, E> {
    read(json).or_else(|error| {
        let Ok(text) = std::str::from_utf8(json) else { return Err(error) };
        let whole = mend(text);
        let mended = without_nan(whole.as_deref().unwrap_or(text)).or(whole);
        mended.map_or(Err(error), |mended| read(mended.as_bytes()))
    })
}

/// Joins the halves of pairs that were cut between two slices of an answer.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    held: Option<Held>,
}

/// The first half of a pair, taken from the end of a slice.
#[derive(Debug)]
struct Held {
    escape: String,
    /// The event to emit when the other half does not come: its slice is U+FFFD.
    alone: Event,
}

impl Joiner {
    /// Lets an event pass, with whole pairs in it.
    #[inline]
    pub(super) fn admit(&mut self, event: Event, emit: &mut impl FnMut(Event)) {
        if self.held.is_none() && memchr::memchr(b'\\', event.data.as_bytes()).is_none() {
            return emit(event);
        }
        self.join(event, emit);
    }

    #[cold]
    fn join(&mut self, mut event: Event, emit: &mut impl FnMut(Event)) {
        if let Some(plain) = without_nan(&event.data) {
            event.data = plain;
        }
        let halves = halves(&event.data);
        if halves.is_empty() && self.held.is_none() {
            return emit(event);
        }
        // As long as it was, so that the places stay where they are.
        let mut mended = Event { data: mend(&event.data).unwrap_or_else(|| event.data.clone()), ..event.clone() };
        let (kind, content) = mended.kind_and_content().unwrap_or_default();
        let is_slice = kind == "content";
        let ends_wait = (is_slice && !content.is_empty()) || kind == "completed" || &*event.event == "done";
        let content = content_at(&event.data).filter(|_| is_slice);
        let find = |is_first, is_there: &dyn Fn(&Range<usize>, &Range<usize>) -> bool| {
            let content = content.as_ref()?;
            halves
                .iter()
                .find(|half| half.is_first == is_first && is_there(&half.at, content))
                .map(|half| half.at.clone())
        };
        let begins = find(false, &|half, content| half.start == content.start);
        let ends = find(true, &|half, content| half.end == content.end);

        let held = content.zip(ends).map(|(content, half)| {
            let mut alone = mended.clone();
            alone.data.replace_range(content, REPLACEMENT);
            mended.data.replace_range(half.clone(), "");
            Held { escape: event.data[half].to_owned(), alone }
        });
        if let Some(Held { escape, alone }) = self.held.take_if(|_| ends_wait) {
            match begins {
                Some(half) => mended.data.replace_range(half.clone(), &(escape + &event.data[half])),
                None => emit(alone),
            }
        }
        self.held = self.held.take().or(held);
        emit(mended);
    }

    /// Lets a half pass whose other half never came.
    pub(super) fn finish(&mut self, emit: &mut impl FnMut(Event)) {
        if let Some(held) = self.held.take() {
            emit(held.alone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(text: &str) -> Event {
        Event { event: "message".into(), data: format!(r#"{{"token":{{"type":"content","content":"{text}"}}}}"#) }
    }

    /// The texts of the slices that come out.
    fn joined(slices: &[&str]) -> Vec<String> {
        let (mut joiner, mut out) = (Joiner::default(), Vec::new());
        let mut keep = |event: Event| out.push(event.text().unwrap_or_default());
        slices.iter().for_each(|text| joiner.admit(slice(text), &mut keep));
        joiner.finish(&mut keep);
        out
    }

    #[test]
    fn halves_are_joined_and_a_lone_one_is_replaced() {
        assert_eq!(joined(&["a", "b"]), ["a", "b"]);
        assert_eq!(joined(&[r"a: \\ud83d\ud83d", r"\ude00 b"]), [r"a: \ud83d", "\u{1f600} b"]);
        assert_eq!(joined(&[r"\ud83d", r"\ude00\ud83d", r"\ude01"]), ["", "\u{1f600}", "\u{1f601}"]);
        assert_eq!(joined(&[r"\ud83d", "", r"\ude00"]), ["", "", "\u{1f600}"]);
        assert_eq!(joined(&["x: \\\"\\ud83d", "y"]), ["x: \"", "\u{fffd}", "y"]);
        assert_eq!(joined(&[r"\ud83d\ud83d", r"\ud83d"]), ["\u{fffd}", "\u{fffd}", "", "\u{fffd}"]);
        assert_eq!(joined(&[r"\ude00", r"a\ud83db"]), ["\u{fffd}", "a\u{fffd}b"]);
        assert_eq!(joined(&[r"\ud83d\ude00", r"\u00e9"]), ["\u{1f600}", "é"]);
    }

    #[test]
    fn only_the_halves_of_the_text_are_joined() {
        let frames = [
            r#"{"a":"\ud83d","token":{"b":"\ude00","type":"content","content":"1\ud83d","c":"\ud83d"}}"#,
            r#"{"token":{"type":"content","a":"\ude00","content":"\ude00 2 \"\ude00","b":"\ud83d"}}"#,
            r#"{"token":{"type":"content","a":NaN,"content":"3\ud83d"}}"#,
            r#"{"a":"\ude00","token":"\ude00"}"#,
            r#"{"token":{"type":"content","content":"4\ud83d"}}"#,
            r#"{"token":{"type":"content","content":"\"\ude00"}}"#,
        ];
        let (mut joiner, mut out) = (Joiner::default(), Vec::new());
        let mut keep = |event: Event| out.push(event.text().unwrap_or_default());
        for frame in frames {
            joiner.admit(Event { event: "message".into(), data: frame.into() }, &mut keep);
        }
        joiner.finish(&mut keep);
        let texts = ["1", "\u{1f600} 2 \"\u{fffd}", "3", "\u{1f600}", "4", "\u{fffd}", "\"\u{fffd}"];
        assert_eq!(out, texts);
    }

    #[test]
    fn only_halves_are_mended() {
        assert_eq!(mend(r#"{"a":"\ud83d\ude00 \\ud83d \u00e9"}"#), None);
        assert_eq!(mend(r#"["\ude00","\uD83D"]"#).as_deref(), Some(r#"["\ufffd","\ufffd"]"#));
        assert_eq!(mend("\\ü\\"), None);
    }
}
