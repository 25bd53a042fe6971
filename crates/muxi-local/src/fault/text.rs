//! A fault as text and as JSON, both ways.

use super::{Amount, Envelope, Fault, Garbage, InvalidFault, Moment, date_offset};
use http::{HeaderName, HeaderValue};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::{fmt, str::FromStr};

/// Every part, as the errors list them.
pub(super) const PARTS: &str = "path, method, times, every, rate, delay_ms, status, retry_after, retry_after_ms, headers, body, html, \
                     redirect, envelope, garbage, reset, close, after_bytes, truncate, stall_after, slow_bytes_per_s, split_utf8";

pub(super) type Checked<T> = Result<T, InvalidFault>;

pub(super) fn invalid<T>(message: impl Into<String>) -> Checked<T> {
    Err(InvalidFault(message.into()))
}

fn expected<T>(name: &str, what: &str, value: &Value) -> Checked<T> {
    invalid(format!("{name} must be {what}, not {value}"))
}

/// The words of a choice.
trait Word: Copy + PartialEq + 'static {
    const WORDS: &'static [(&'static str, Self)];

    fn read(name: &str, value: &Value) -> Checked<Option<Self>> {
        let found = value.as_str().and_then(|text| Self::WORDS.iter().find(|(word, _)| *word == text));
        if let Some((_, choice)) = found {
            return Ok(Some(*choice));
        }
        let words: Vec<&str> = Self::WORDS.iter().map(|(word, _)| *word).collect();
        expected(name, &format!("one of {}", words.join(", ")), value)
    }

    fn word(self) -> Value {
        Self::WORDS.iter().find(|(_, choice)| *choice == self).map_or(Value::Null, |(word, _)| json!(word))
    }
}

impl Word for Moment {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("before", Self::Before),
        ("answer", Self::Answer),
        ("headers", Self::Headers),
        ("body", Self::Body),
        ("after", Self::After),
    ];
}

impl Word for Envelope {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("list", Self::List),
        ("empty", Self::Empty),
        ("failed", Self::Failed),
        ("fields", Self::Fields),
        // Any of them is wrong; this is for who does not mind which.
        ("wrong", Self::List),
    ];
}

impl Word for Garbage {
    const WORDS: &'static [(&'static str, Self)] = &[("http", Self::Http), ("json", Self::Json)];
}

/// A whole number, also where it is written as text.
fn number(name: &str, value: &Value, from: u64, to: u64) -> Checked<Option<u64>> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    match number.filter(|number| (from..=to).contains(number)) {
        Some(number) => Ok(Some(number)),
        None if to == u64::MAX => expected(name, &format!("a whole number from {from}"), value),
        None => expected(name, &format!("a whole number from {from} to {to}"), value),
    }
}

/// A number of times.
fn count(name: &str, value: &Value) -> Checked<Option<u32>> {
    Ok(number(name, value, 1, u32::MAX.into())?.and_then(|count| u32::try_from(count).ok()))
}

fn share(name: &str, value: &Value) -> Checked<Option<f64>> {
    let share = value.as_f64().or_else(|| value.as_str()?.parse().ok());
    match share.filter(|share| (0.0..=1.0).contains(share)) {
        Some(share) => Ok(Some(share)),
        None => expected(name, "a number from 0 to 1", value),
    }
}

fn status(name: &str, value: &Value, from: u64) -> Checked<Option<u16>> {
    Ok(number(name, value, from, 599)?.and_then(|status| u16::try_from(status).ok()))
}

fn flag(name: &str, value: &Value) -> Checked<bool> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text == "true" || text == "false" => Ok(text == "true"),
        _ => expected(name, "true or false", value),
    }
}

fn text(name: &str, value: &Value) -> Checked<Option<String>> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => expected(name, "a text", value),
    }
}

fn header_text(name: &str, value: &Value) -> Checked<Option<String>> {
    match text(name, value)? {
        Some(text) if HeaderValue::from_str(&text).is_ok() => Ok(Some(text)),
        _ => expected(name, "a text that fits a header", value),
    }
}

fn retry_after(name: &str, value: &Value) -> Checked<Option<String>> {
    let text = header_text(name, value)?;
    let fits = |text: &String| {
        text.parse::<f64>().is_ok_and(|seconds| seconds >= 0.0)
            || date_offset(text).is_some()
            || httpdate::parse_http_date(text).is_ok()
    };
    if text.as_ref().is_some_and(fits) {
        return Ok(text);
    }
    expected(name, "seconds, an HTTP date, or date+N for a date in N seconds", value)
}

fn amount(name: &str, value: &Value) -> Checked<Option<Amount>> {
    let digits = |text: &str| text.trim().parse::<u64>().ok();
    let found = match value {
        Value::Number(number) => number.as_u64().map(Amount::Bytes),
        Value::String(text) => match text.trim_end_matches('s').strip_suffix("event") {
            Some(count) => digits(count).map(Amount::Events),
            None => digits(text.strip_suffix("bytes").unwrap_or(text)).map(Amount::Bytes),
        },
        _ => None,
    };
    if found.is_some() { Ok(found) } else { expected(name, "a number of bytes, or such as \"3 events\"", value) }
}

fn headers(name: &str, value: &Value) -> Checked<std::collections::BTreeMap<String, String>> {
    let what = "an object of header names and texts";
    let Some(object) = value.as_object() else { return expected(name, what, value) };
    let pair = |(key, value): (&String, &Value)| {
        if HeaderName::from_str(key).is_err() {
            return invalid(format!("{name} has {key:?}, which is no name of a header: expected such as \"X-Limit\""));
        }
        let text = header_text(&format!("the header {key} in {name}"), value)?;
        Ok((key.clone(), text.unwrap_or_default()))
    };
    object.iter().map(pair).collect()
}

impl Fault {
    fn set(&mut self, name: &str, value: &Value) -> Checked<()> {
        match name {
            "path" => self.path = text(name, value)?,
            "method" => self.method = text(name, value)?.map(|method| method.to_ascii_uppercase()),
            "times" => self.times = count(name, value)?,
            "every" => self.every = count(name, value)?,
            "rate" => self.rate = share(name, value)?,
            "delay_ms" => self.delay_ms = number(name, value, 0, 3_600_000)?,
            "status" => self.status = status(name, value, 200)?,
            "retry_after" => self.retry_after = retry_after(name, value)?,
            "retry_after_ms" => self.retry_after_ms = number(name, value, 0, u64::MAX)?,
            "headers" => self.headers = headers(name, value)?,
            "body" => self.body = Some(value.clone()),
            "html" if *value == Value::Bool(true) => self.html = Some(502),
            "html" => self.html = status(name, value, 400)?,
            "redirect" => self.redirect = header_text(name, value)?,
            "envelope" => self.envelope = Envelope::read(name, value)?,
            "garbage" if *value == Value::Bool(true) => self.garbage = Some(Garbage::Http),
            "garbage" => self.garbage = Garbage::read(name, value)?,
            "reset" => self.reset = Moment::read(name, value)?,
            "close" => self.close = Moment::read(name, value)?,
            "after_bytes" => self.after_bytes = number(name, value, 0, u64::MAX)?,
            "truncate" => self.truncate = amount(name, value)?,
            "stall_after" => self.stall_after = amount(name, value)?,
            "slow_bytes_per_s" => self.slow_bytes_per_s = number(name, value, 1, u64::MAX)?,
            "split_utf8" => self.split_utf8 = flag(name, value)?,
            _ => return invalid(format!("there is no part {name:?}; possible are {PARTS}")),
        }
        Ok(())
    }

    /// The parts that are set.
    pub(super) fn parts(&self) -> Map<String, Value> {
        let headers = (!self.headers.is_empty()).then(|| json!(self.headers));
        let amount = |amount: Option<Amount>| {
            amount.map(|amount| match amount {
                Amount::Bytes(count) => json!(count),
                Amount::Events(count) => json!(format!("{count} events")),
            })
        };
        let parts = [
            ("path", self.path.as_ref().map(|text| json!(text))),
            ("method", self.method.as_ref().map(|text| json!(text))),
            ("delay_ms", self.delay_ms.map(|ms| json!(ms))),
            ("status", self.status.map(|status| json!(status))),
            ("retry_after", self.retry_after.as_ref().map(|text| json!(text))),
            ("retry_after_ms", self.retry_after_ms.map(|ms| json!(ms))),
            ("headers", headers),
            ("body", self.body.clone()),
            ("html", self.html.map(|status| json!(status))),
            ("redirect", self.redirect.as_ref().map(|text| json!(text))),
            ("envelope", self.envelope.map(Word::word)),
            ("garbage", self.garbage.map(Word::word)),
            ("reset", self.reset.map(Word::word)),
            ("close", self.close.map(Word::word)),
            ("after_bytes", self.after_bytes.map(|count| json!(count))),
            ("truncate", amount(self.truncate)),
            ("stall_after", amount(self.stall_after)),
            ("slow_bytes_per_s", self.slow_bytes_per_s.map(|count| json!(count))),
            ("split_utf8", self.split_utf8.then(|| json!(true))),
            ("times", self.times.map(|times| json!(times))),
            ("every", self.every.map(|every| json!(every))),
            ("rate", self.rate.map(|rate| json!(rate))),
        ];
        parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// A fault from a JSON object of its parts. The error names the part and says what is possible.
    pub fn from_json(value: &Value) -> Checked<Self> {
        let Some(object) = value.as_object() else { return invalid("it must be a JSON object or a text") };
        Self::from_parts(object.iter().map(|(name, value)| (name.clone(), value.clone())))
    }

    fn from_parts(parts: impl Iterator<Item = (String, Value)>) -> Checked<Self> {
        let mut fault = Self::default();
        for (name, value) in parts {
            fault.set(&name.replace('-', "_"), &value)?;
        }
        fault.check()?;
        Ok(fault)
    }
}

impl FromStr for Fault {
    type Err = InvalidFault;

    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        if text.trim().is_empty() {
            return invalid(format!("the text is empty; possible parts are {PARTS}"));
        }
        let parts: Vec<(String, Value)> = split(text).into_iter().map(part).collect::<Checked<_>>()?;
        Self::from_parts(parts.into_iter())
    }
}

/// One part of a text; a bare name stands for `name=true`.
fn part(part: &str) -> Checked<(String, Value)> {
    let Some((name, value)) = part.split_once('=') else { return Ok((part.to_owned(), Value::Bool(true))) };
    let (name, value) = (name.trim().to_owned(), value.trim());
    if !value.starts_with(['"', '{', '[']) {
        return Ok((name, value.into()));
    }
    match serde_json::from_str(value) {
        Ok(value) => Ok((name, value)),
        Err(problem) => invalid(format!("{name} is not valid JSON: {problem}")),
    }
}

/// The parts of a text, which semicolons outside of quotes separate.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.parts().iter().enumerate() {
            let plain = |text: &&str| !text.starts_with(['"', '{', '[']) && !text.contains([';', '"']);
            let separator = if index == 0 { "" } else { "; " };
            match value.as_str().filter(plain) {
                Some(text) => write!(f, "{separator}{name}={text}")?,
                None => write!(f, "{separator}{name}={value}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parts().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn text_and_json_say_the_same() {
        let text = r#"path=/v1/agents; method=POST; delay_ms=5; status=503; retry-after=date+2; headers={"X-A":"b; c"}; body={"a":[";"]}; truncate=3 events; times=2; every=3"#;
        let fault: Fault = text.parse().unwrap();
        assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
        let json = serde_json::to_value(&fault).unwrap();
        assert_eq!(json["body"]["a"][0], ";");
        assert_eq!(Fault::from_json(&json).unwrap(), fault);
        assert_eq!("split_utf8".parse::<Fault>().unwrap().to_string(), "split_utf8=true");
        assert_eq!(r#"body="a; \"b""#.parse::<Fault>().unwrap().body.unwrap(), "a; \"b");
    }

    #[test]
    fn errors_name_the_part_and_what_is_possible() {
        for (text, words) in [
            ("stauts=503", "no part \"stauts\"; possible are path,"),
            ("status=99", "status must be a whole number from 200 to 599, not \"99\""),
            ("reset=late", "reset must be one of before, answer, headers, body, after"),
            ("envelope=x", "envelope must be one of list, empty, failed, fields"),
            ("garbage=x", "garbage must be one of http, json"),
            ("truncate=3 pages", "truncate must be a number of bytes"),
            ("retry_after=soon; status=503", "retry_after must be seconds"),
            ("times=0; status=503", "times must be a whole number from 1"),
            ("every=0; status=503", "every must be a whole number from 1"),
            ("rate=1.5; status=503", "rate must be a number from 0 to 1"),
            ("rate=0.5; every=2; status=503", "every and rate exclude each other"),
            ("path=chatt; status=503", "path must be the name of an operation, or a pattern"),
            ("path=chatt; status=503", "not \"chatt\"; near: chat (POST /v1/chat), chat_stream (POST /v1/chat)"),
            ("path=chat*; status=503", "not \"chat*\"; near: chat (POST /v1/chat)"),
            ("path=/chat; status=503", "not \"/chat\"; near: chat (POST /v1/chat)"),
            ("path=POST /v1/chat; status=503", "not \"POST /v1/chat\"; near: chat (POST /v1/chat)"),
            ("path=/v2/chat; status=503", "not \"/v2/chat\""),
            ("path=/rpc/formation; status=503", "near: list_formations (GET /rpc/formations)"),
            ("path=zzz; status=503", "not \"zzz\""),
            (
                "method=FETCH; status=503",
                "method must be one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, not \"FETCH\"",
            ),
            ("html=502; redirect=/x", "html and redirect exclude each other"),
            ("reset=body; truncate=1", "reset and truncate exclude each other"),
            ("after_bytes=3", "after_bytes needs reset=body"),
            ("times=3", "nothing is to go wrong"),
            ("body={", "body is not valid JSON"),
            ("headers={\"a b\":\"c\"}", "headers has \"a b\", which is no name of a header"),
            ("headers={\"X-A\":[1]}", "the header X-A in headers must be a text, not [1]"),
            ("headers=[]", "headers must be an object"),
            ("", "the text is empty; possible parts are path,"),
            (" ; ", "nothing is to go wrong"),
            (
                "path=chat; method=GET; status=503",
                "method must be that of the operation chat, POST, or left out, not \"GET\"",
            ),
            ("status=503; html=502", "status and html exclude each other"),
            ("status=503; reset=before", "status and reset=\"before\" exclude each other: no answer is sent"),
            ("body=x; close=before", "body and close=\"before\" exclude each other"),
            ("html; reset=answer", "html and reset=\"answer\" exclude each other"),
            (
                "redirect=not a url",
                "redirect must be an absolute URL (https://...) or a path that begins with /, not \"not a url\"",
            ),
            ("redirect=example.com", "redirect must be an absolute URL"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
            let near: Vec<&str> = error.split_once("; near: ").map_or(vec![], |(_, near)| near.split(", ").collect());
            let different: std::collections::BTreeSet<_> = near.iter().collect();
            assert_eq!(near.len(), different.len(), "{error}");
        }
    }
}
