//! Keeps the fields of a reply that its type does not know.
//!
//! `#[serde(flatten)]` does the same, but copies every reply into a tree of its own first: a row of JSON took twice as many
//! instructions.

use super::Object;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};
use serde_json::Value;
use std::fmt;

/// A deserializer for one struct: what its fields do not name goes into `extra`.
pub(crate) struct Collecting<'a, D> {
    pub(crate) inner: D,
    pub(crate) extra: &'a mut Object,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Collecting<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(Fields { visitor, fields, extra: self.extra })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Also the access to the fields, once `visitor` is the map that they are in.
struct Fields<'a, V> {
    visitor: V,
    fields: &'static [&'static str],
    extra: &'a mut Object,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Fields { visitor: map, fields: self.fields, extra: self.extra })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, mut seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            let key = Key { seed, fields: self.fields };
            match self.visitor.next_key_seed(key)? {
                None => return Ok(None),
                Some(Found::Known(field)) => return Ok(Some(field)),
                Some(Found::Unknown(unused, name)) => {
                    seed = unused;
                    let value: Value = self.visitor.next_value()?;
                    self.extra.insert(name, value);
                }
            }
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.visitor.next_value_seed(seed)
    }
}

struct Key<K> {
    seed: K,
    fields: &'static [&'static str],
}

enum Found<T, K> {
    Known(T),
    Unknown(K, String),
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<K> {
    type Value = Found<K::Value, K>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Key<K> {
    type Value = Found<K::Value, K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        if self.fields.contains(&name) {
            self.seed.deserialize(StrDeserializer::new(name)).map(Found::Known)
        } else {
            Ok(Found::Unknown(self.seed, name.to_owned()))
        }
    }
}
