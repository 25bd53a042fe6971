//! The form of a script file. Everything that can be wrong with one is found here, with its place.

use super::template;
use crate::formation::responder::Channel;
use base64::Engine as _;
use bytes::Bytes;
use regex::{Regex, RegexBuilder};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fields {
    pub(super) rules: Vec<Rule>,
    pub(super) transcribe: Vec<Transcription>,
    pub(super) otherwise: Otherwise,
}

/// The responder when no rule fits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Otherwise {
    /// A text that says so.
    #[default]
    Explain,
    Echo,
}

/// When a rule applies, and what it answers.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) when: When,
    /// At least one.
    pub(super) replies: Vec<Reply>,
    pub(super) times: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct When {
    #[serde(deserialize_with = "given")]
    pub(super) text: Option<Pattern>,
    #[serde(deserialize_with = "given")]
    pub(super) agent: Option<String>,
    #[serde(deserialize_with = "given")]
    pub(super) user: Option<String>,
    #[serde(deserialize_with = "given")]
    pub(super) session: Option<String>,
    #[serde(deserialize_with = "given")]
    pub(super) trigger: Option<String>,
    #[serde(deserialize_with = "given")]
    pub(super) channel: Option<Channel>,
    #[serde(deserialize_with = "given")]
    pub(super) turn: Option<NonZeroU64>,
}

/// A regular expression that ignores case.
#[derive(Debug)]
pub(super) struct Pattern(pub(super) Regex);

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Reply {
    #[serde(deserialize_with = "maybe_text")]
    pub(super) text: Option<String>,
    #[serde(deserialize_with = "maybe_texts")]
    pub(super) deltas: Option<Vec<String>>,
    pub(super) pace_ms: u64,
    pub(super) wait_ms: u64,
    pub(super) agent: Option<String>,
    pub(super) events: Vec<Event>,
    pub(super) tools: Vec<Tool>,
    pub(super) widgets: Vec<Map<String, Value>>,
    pub(super) artifacts: Vec<Artifact>,
    #[serde(deserialize_with = "maybe_text")]
    pub(super) clarify: Option<String>,
    pub(super) workflow: bool,
    pub(super) fast: bool,
    #[serde(deserialize_with = "maybe_text")]
    pub(super) status: Option<String>,
    pub(super) error: Option<Fault>,
    pub(super) cut: bool,
    pub(super) mute: bool,
    pub(super) discontinuity: bool,
    #[serde(deserialize_with = "texts")]
    pub(super) memories: Vec<String>,
    pub(super) metadata: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Event {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) content: String,
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tool {
    pub(super) server: String,
    pub(super) name: String,
}

/// A file that a reply makes.
#[derive(Debug, Serialize)]
pub(super) struct Artifact {
    pub(super) filename: String,
    pub(super) content_type: String,
    /// Its text, with names in it.
    pub(super) content: Option<String>,
    /// The content of a file that has no text.
    #[serde(skip)]
    pub(super) bytes: Bytes,
}

/// An exception of the engine.
#[derive(Debug, Serialize)]
pub(super) struct Fault {
    pub(super) class: String,
    pub(super) message: String,
}

/// The text of a voice note.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transcription {
    #[serde(default)]
    pub(super) when: Note,
    #[serde(deserialize_with = "text")]
    pub(super) text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Note {
    #[serde(deserialize_with = "given")]
    pub(super) filename: Option<Pattern>,
    #[serde(deserialize_with = "given")]
    pub(super) content_type: Option<String>,
}

/// A condition that is written has a value: an empty one would fit everything.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

type FromText<T> = fn(&str) -> Result<T, String>;
type FromFields<F, T> = fn(F) -> Result<T, String>;

/// Reads a text, a mapping or a list, and checks it while its place in the file is still known: an error that a
/// visitor gives is reported with line and column, one that comes later is not.
struct Checked<F, T> {
    expected: &'static str,
    text: Option<FromText<T>>,
    fields: Option<FromFields<F, T>>,
    list: Option<fn(Vec<Rule>) -> T>,
    types: PhantomData<F>,
}

impl<F, T> Checked<F, T> {
    fn new(expected: &'static str) -> Self {
        Self { expected, text: None, fields: None, list: None, types: PhantomData }
    }
}

impl<'de, F: Deserialize<'de>, T> Visitor<'de> for Checked<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let Some(read) = self.text else { return Err(E::invalid_type(Unexpected::Str(text), &self)) };
        read(text).map_err(E::custom)
    }

    // The word that was written is not known here: `yes` is a boolean, too, and `1.10` the number 1.1.
    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Err(E::custom(format!("expected {}, found a boolean: write a text such as \"yes\" in quotes", self.expected)))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Err(E::custom(format!("expected {}, found a number: write a text such as \"1.10\" in quotes", self.expected)))
    }

    // A whole number is a text here, as it is for every other text of the file.
    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_none<E: Error>(self) -> Result<T, E> {
        Err(E::invalid_type(Unexpected::Other("nothing"), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        self.visit_none()
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let Some(check) = self.fields else {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        };
        check(F::deserialize(MapAccessDeserializer::new(map))?).map_err(A::Error::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        let Some(read) = self.list else { return Err(A::Error::invalid_type(Unexpected::Seq, &self)) };
        Ok(read(Vec::deserialize(SeqAccessDeserializer::new(list))?))
    }
}

/// A text that is said. One that YAML takes for a boolean or a decimal number must be in quotes.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: FromText<Self> = |text| Ok(Self(text.to_owned()));
        deserializer.deserialize_any(Checked::<(), _> { text: Some(text), ..Checked::new("a text") })
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Text::deserialize(deserializer).map(|text| text.0)
}

fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<Text>::deserialize(deserializer)?.into_iter().map(|text| text.0).collect())
}

fn maybe_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Text>::deserialize(deserializer)?.map(|text| text.0))
}

fn maybe_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let texts = Option::<Vec<Text>>::deserialize(deserializer)?;
    Ok(texts.map(|texts| texts.into_iter().map(|text| text.0).collect()))
}

/// A whole file as [`Fields`]: a mapping, or a list of rules.
pub(super) struct Document(pub(super) Fields);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a list of rules, or a mapping with `rules`, `transcribe` and `otherwise`";
        let fields: FromFields<Fields, Self> = |fields| Ok(Self(fields));
        let list: fn(Vec<Rule>) -> Self = |rules| Self(Fields { rules, ..Fields::default() });
        let form = Checked { fields: Some(fields), list: Some(list), ..Checked::new(expected) };
        deserializer.deserialize_any(form)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let compile: FromText<Self> = |text| {
            let pattern = RegexBuilder::new(text).case_insensitive(true).build();
            pattern.map(Self).map_err(|error| {
                // The library draws the pattern over several lines and then says what is wrong with it.
                let error = error.to_string();
                let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("`{text}` is not a regular expression: {reason}")
            })
        };
        deserializer.deserialize_str(Checked::<(), _> { text: Some(compile), ..Checked::new("a regular expression") })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFields {
    #[serde(default)]
    when: When,
    reply: Option<Wanted>,
    replies: Option<Vec<Wanted>>,
    times: Option<NonZeroU64>,
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let check: FromFields<RuleFields, Self> = |fields| {
            let replies = match (fields.reply, fields.replies) {
                (Some(reply), None) => vec![reply],
                (None, Some(replies)) if !replies.is_empty() => replies,
                _ => return Err("a rule needs either `reply` or `replies` (a list that is not empty)".to_owned()),
            };
            let replies: Vec<Reply> = replies.into_iter().map(|reply| reply.0).collect();
            let pattern = fields.when.text.as_ref();
            let groups: Vec<&str> = pattern.iter().flat_map(|pattern| pattern.0.capture_names().flatten()).collect();
            for reply in &replies {
                let texts = serde_json::to_value(reply).map_err(|error| error.to_string())?;
                template::check(&texts, &groups)?;
            }
            Ok(Self { when: fields.when, replies, times: fields.times.map(NonZeroU64::get) })
        };
        let expected = "a rule: a mapping with `reply` or `replies`, and `when` and `times` if wanted";
        deserializer.deserialize_any(Checked { fields: Some(check), ..Checked::new(expected) })
    }
}

/// A reply as it is written: a text, or a mapping.
struct Wanted(Reply);

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: FromText<Self> = |text| Ok(Self(Reply { text: Some(text.to_owned()), ..Reply::default() }));
        let check: FromFields<Reply, Self> = |reply| {
            let courses = [
                ("clarify", reply.clarify.is_some()),
                ("workflow", reply.workflow),
                ("fast", reply.fast),
                ("error", reply.error.is_some()),
            ];
            let set: Vec<&str> = courses.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
            if let [one, two, ..] = set[..] {
                return Err(format!("`{one}` and `{two}` exclude each other: a turn takes one course"));
            }
            let answers = reply.text.is_some() || reply.deltas.is_some();
            if let Some(name @ ("clarify" | "error")) = set.first().copied()
                && answers
            {
                return Err(format!("`{name}` takes the place of `text` and `deltas`: give only one"));
            }
            if !answers && !matches!(set.first(), Some(&("clarify" | "error"))) {
                return Err("a reply needs one of `text`, `deltas`, `clarify`, `error`".to_owned());
            }
            if let (Some(text), Some(deltas)) = (&reply.text, &reply.deltas)
                && !reply.discontinuity
                && deltas.concat() != *text
            {
                let sum = deltas.concat();
                return Err(format!("`deltas` must add up to `text`: expected {text:?}, found {sum:?}"));
            }
            Ok(Self(reply))
        };
        let form = Checked { text: Some(text), fields: Some(check), ..Checked::new("a text or a mapping") };
        deserializer.deserialize_any(form)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArtifactFields {
    filename: String,
    #[serde(default, deserialize_with = "maybe_text")]
    content: Option<String>,
    base64: Option<String>,
    content_type: Option<String>,
}

impl<'de> Deserialize<'de> for Artifact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let check: FromFields<ArtifactFields, Self> = |fields| {
            let (content, bytes, usual) = match (fields.content, fields.base64) {
                (Some(text), None) => (Some(text), Bytes::new(), "text/plain"),
                (None, Some(text)) => {
                    let packed: String = text.split_whitespace().collect();
                    let bytes = base64::engine::general_purpose::STANDARD.decode(packed);
                    let bytes = bytes.map_err(|error| format!("`base64` is not base64: {error}"))?;
                    (None, bytes.into(), "application/octet-stream")
                }
                _ => return Err("an artifact needs either `content` or `base64`".to_owned()),
            };
            let content_type = fields.content_type.unwrap_or_else(|| usual.to_owned());
            Ok(Self { filename: fields.filename, content_type, content, bytes })
        };
        let expected = "a mapping with `filename` and either `content` or `base64`";
        deserializer.deserialize_any(Checked { fields: Some(check), ..Checked::new(expected) })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultFields {
    #[serde(rename = "type", default = "usual_class")]
    class: String,
    #[serde(deserialize_with = "text")]
    message: String,
}

fn usual_class() -> String {
    "RuntimeError".to_owned()
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: FromText<Self> = |text| Ok(Self { class: usual_class(), message: text.to_owned() });
        let check: FromFields<FaultFields, Self> = |fields| Ok(Self { class: fields.class, message: fields.message });
        let expected = "a text, or a mapping with `message` and `type`";
        deserializer.deserialize_any(Checked { text: Some(text), fields: Some(check), ..Checked::new(expected) })
    }
}
