//! From a reply's JSON to its data: both envelope dialects.

use super::{
    error::{Error, ErrorKind, Result},
    surrogates::read_mended,
    types::Object,
};
use http::{HeaderMap, header};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use std::{collections::BTreeMap, time::SystemTime};

/// The metadata of a reply, beside its data.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Metadata {
    /// The id of the request.
    #[serde(default)]
    pub request_id: Option<String>,
    /// The idempotency key that the server took note of.
    #[serde(default)]
    pub idempotency_key: Option<String>,
    /// When the reply was made, in Unix milliseconds.
    #[serde(default)]
    pub timestamp: Option<i64>,
}

/// The meaning of a JSON object of a 2xx reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The reply itself.
    Bare,
    /// An envelope around `data`.
    Envelope,
    /// An error in spite of its status.
    Failure,
}

/// Tells an envelope from a bare reply. `whole` says that a `data` is a field like any other, `success` is that field where
/// it is a bool, and `has_data` says whether there is a `data` that is not null.
pub fn shape(whole: bool, success: Option<bool>, has_data: bool) -> Shape {
    match (success, has_data) {
        (Some(false), _) => Shape::Failure,
        (_, true) if !whole => Shape::Envelope,
        _ => Shape::Bare,
    }
}

/// An envelope around data of one type, or of any: then as `&RawValue`.
#[derive(Deserialize)]
struct Envelope<D> {
    success: Option<Value>,
    request: Option<RequestPart>,
    timestamp: Option<Value>,
    data: Option<D>,
}

impl<'a> Envelope<&'a RawValue> {
    /// Reads a JSON object as an envelope, whatever is in its fields. Of two fields of one name the last one counts.
    fn read(body: &'a [u8]) -> serde_json::Result<Self> {
        let fields = serde_json::from_slice::<BTreeMap<String, &RawValue>>(body)?;
        let field = |name: &str| fields.get(name).copied();
        Ok(Self {
            success: field("success").and_then(|raw| serde_json::from_str(raw.get()).ok()),
            request: field("request").and_then(|raw| serde_json::from_str(raw.get()).ok()),
            timestamp: field("timestamp").and_then(|raw| serde_json::from_str(raw.get()).ok()),
            data: field("data").filter(|raw| raw.get() != "null"),
        })
    }
}

impl<D> Envelope<D> {
    fn shape(&self, whole: bool) -> Shape {
        shape(whole, self.success.as_ref().and_then(Value::as_bool), self.data.is_some())
    }

    fn metadata(&mut self) -> Metadata {
        let request = self.request.take().unwrap_or_default();
        Metadata {
            request_id: request.id,
            idempotency_key: request.idempotency_key,
            timestamp: self.timestamp.as_ref().and_then(Value::as_i64),
        }
    }
}

#[derive(Default, Deserialize)]
struct RequestPart {
    id: Option<String>,
    idempotency_key: Option<String>,
}

/// The data of a 2xx reply as `T`, with its metadata. U+FFFD stands for half of a surrogate pair, as in streams.
pub fn decode<T: DeserializeOwned>(
    whole: bool,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(T, Metadata)> {
    read_mended(body, |body| decode_strictly(whole, status, headers, body))
}

fn decode_strictly<T: DeserializeOwned>(
    whole: bool,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(T, Metadata)> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let body = if body.is_empty() { b"{}" } else { body };
    let broken = |error: serde_json::Error, what: &str| {
        let message = format!("the reply is not {what}: {}{}", without_values(&error), beginning(body));
        Error::unexpected_reply(status, message, body)
    };
    // Reads the reply once. A reply that this does not understand is read in two steps, which tell the error in it.
    if !whole
        && let Ok(mut envelope) = serde_json::from_slice::<Envelope<T>>(body)
        && envelope.shape(whole) == Shape::Envelope
        && let Some(data) = envelope.data.take()
    {
        return Ok((data, envelope.metadata()));
    }
    let Ok(mut envelope) = Envelope::read(body) else {
        let data = serde_json::from_slice(body).map_err(|e| broken(e, "what the operation promises"))?;
        return Ok((data, Metadata::default()));
    };
    let data = match (envelope.shape(whole), envelope.data) {
        (Shape::Failure, _) => return Err(failure(status, headers, body)),
        (Shape::Envelope, Some(data)) => data.get().as_bytes(),
        _ => body,
    };
    let data = serde_json::from_slice(data).map_err(|e| broken(e, "what the operation promises"))?;
    Ok((data, envelope.metadata()))
}

/// The beginning of a reply that is no JSON, for the message of an error: a page of a proxy, for instance. JSON is not
/// shown, since a secret may be in it.
pub fn beginning(body: &[u8]) -> String {
    const SHOWN: usize = 200;
    match body.trim_ascii_start() {
        [b'{' | b'[' | b'"', ..] => String::new(),
        text => format!("; it begins with {:?}", String::from_utf8_lossy(&text[..text.len().min(SHOWN)])),
    }
}

/// The words of an error without the text that it found, which may be a secret.
fn without_values(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let quoted =
        words.split_once("string \"").and_then(|(before, rest)| Some((before, rest.rsplit_once("\", expected")?)));
    quoted.map_or(words.clone(), |(before, (_, after))| format!("{before}string, expected{after}"))
}

/// The error of a 2xx reply with `success: false`.
pub fn failure(status: u16, headers: &HeaderMap, body: &[u8]) -> Error {
    Error::from_reply(status, headers, body, SystemTime::now())
}

/// The coding of a body that is compressed. The client asks for none, and reads none.
pub fn compression(headers: &HeaderMap) -> Option<&str> {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("unknown"));
    codings.map(str::trim).find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
}

/// The entry `key` of a 2xx reply that is a secret list, in the list's own envelope.
pub fn pick_secret(key: &str, status: u16, headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>> {
    let (list, _) = decode::<Object>(false, status, headers, body)?;
    let Some(Value::Object(secrets)) = list.get("secrets") else {
        return Err(Error::unexpected_reply(status, "the reply is no list of secrets", body));
    };
    let Some(value) = secrets.get(key) else {
        return Err(Error::new(ErrorKind::NotFound, "SECRET_NOT_FOUND", format!("there is no secret {key:?}")));
    };
    let mut envelope = serde_json::from_slice::<Object>(body).unwrap_or_default();
    envelope.insert("data".to_owned(), serde_json::json!({ "key": key, "value": value }));
    Ok(Value::Object(envelope).to_string().into_bytes())
}
