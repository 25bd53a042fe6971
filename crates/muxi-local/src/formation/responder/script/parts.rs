//! The part of a script that a place is in: lines tell nothing in a script of one line.

use crate::yaml;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_path_to_error::{Path, Segment};
use serde_saphyr::Spanned;
use std::fmt;

/// The part at a line and column, such as `rule 2` or `otherwise`. `None` where the text is no YAML.
pub(super) fn at(text: &str, place: (u64, u64)) -> Option<String> {
    let Parts(parts) = yaml::read(text).ok()?;
    parts.into_iter().rev().find(|(start, _)| *start <= place).map(|(_, name)| name)
}

/// The fields that lead to a place within its part, such as `reply.pace_ms`. `None` for the part itself.
pub(super) fn fields(path: &Path, message: &str) -> Option<String> {
    let mut segments = path.iter().peekable();
    // The part has a name of its own: `rules[1]`, or `[1]` where the file is a list.
    segments.next_if(|segment| matches!(segment, Segment::Map { .. }));
    segments.next_if(|segment| matches!(segment, Segment::Seq { .. }));
    let key = |segment: &Segment| if let Segment::Map { key } = segment { Some(key.clone()) } else { None };
    let mut keys: Vec<String> = segments.filter_map(key).collect();
    // The message names it.
    keys.pop_if(|key| message.starts_with(&format!("unknown field `{key}`")));
    Some(keys.join(".")).filter(|fields| !fields.is_empty())
}

/// The starts and the names of the parts, in order.
#[derive(Default)]
struct Parts(Vec<((u64, u64), String)>);

impl Parts {
    fn add<T>(&mut self, start: &Spanned<T>, name: String) {
        self.0.push(((start.referenced.line(), start.referenced.column()), name));
    }

    fn add_all(&mut self, kind: &str, elements: &[Spanned<IgnoredAny>]) {
        for (index, element) in elements.iter().enumerate() {
            self.add(element, format!("{kind} {}", index + 1));
        }
    }
}

impl<'de> Deserialize<'de> for Parts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self::default())
    }
}

impl<'de> Visitor<'de> for Parts {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or a mapping")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        let mut rules = Vec::new();
        while let Some(rule) = list.next_element()? {
            rules.push(rule);
        }
        self.add_all("rule", &rules);
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            self.add(&key, key.value.clone());
            match key.value.as_str() {
                "rules" => self.add_all("rule", &map.next_value::<Vec<_>>()?),
                "transcribe" => self.add_all("transcription", &map.next_value::<Vec<_>>()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(self)
    }
}
