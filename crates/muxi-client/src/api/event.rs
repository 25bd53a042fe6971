//! Events of a stream.

use super::{nan::without_nan, sse::SseEvent};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, MapAccess, Visitor},
};
use serde_json::Value;
use std::{borrow::Cow, fmt};

/// One event of a stream.
pub type Event = SseEvent;

impl SseEvent {
    /// The data as JSON of type `T`.
    pub fn json<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.data).or_else(|error| match without_nan(&self.data) {
            Some(mended) => serde_json::from_str(&mended),
            None => Err(error),
        })
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.event.len() + self.data.len()
    }

    /// The slice of a chat turn's answer that this event brings.
    pub fn text(&self) -> Option<String> {
        let (kind, content) = self.kind_and_content()?;
        (kind == "content").then(|| content.into_owned())
    }

    /// Kind and text of a chat turn's token. The rest of the token is skipped.
    pub(crate) fn kind_and_content(&self) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
        match serde_json::from_str::<Frame<'_>>(&self.data) {
            Ok(frame) => frame.token.map(|Slice { kind, content }| (kind, content)),
            Err(_) => self.odd_kind_and_content(),
        }
    }

    /// Those of a token whose text is null or of another type, which counts as none, or which has numbers that JSON lacks.
    #[cold]
    fn odd_kind_and_content(&self) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
        let frame: Value = self.json().ok()?;
        let token = frame.get("token")?.as_object()?;
        let text = |name| token.get(name).and_then(Value::as_str).map(str::to_owned);
        Some((text("type")?.into(), text("content").unwrap_or_default().into()))
    }

    /// Tells whether this, the last token of a chat turn, declares the slices before void.
    pub(crate) fn replaces_slices(&self) -> bool {
        #[derive(Deserialize)]
        struct Frame {
            token: Completed,
        }
        #[derive(Deserialize)]
        struct Completed {
            stream_discontinuity: bool,
        }
        self.json::<Frame>().is_ok_and(|frame| frame.token.stream_discontinuity)
    }
}

/// An event's data, as far as its token goes.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    token: Option<Slice<'a>>,
}

/// A token, as far as its text goes.
struct Slice<'a> {
    kind: Cow<'a, str>,
    content: Cow<'a, str>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Slice<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(SliceVisitor)
    }
}

/// Reads a token that may be a bare text.
struct SliceVisitor;

impl<'de> Visitor<'de> for SliceVisitor {
    type Value = Slice<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Slice<'de>, E> {
        Ok(Slice { kind: "content".into(), content: text.into() })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Slice<'de>, E> {
        Ok(Slice { kind: "content".into(), content: text.to_owned().into() })
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Slice<'de>, M::Error> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
            #[serde(default, borrow)]
            content: Cow<'a, str>,
        }
        let Fields { kind, content } = Fields::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(Slice { kind, content })
    }
}
