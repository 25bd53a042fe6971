//! Types that several areas share.

use serde::{
    Deserialize as _, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::Value;

/// A JSON object of open shape.
pub type Object = serde_json::Map<String, serde_json::Value>;
/// A field that is always there, and may be null.
pub type Nullable<T> = Option<T>;
/// A reply of plain text.
pub type Text = String;
/// A reply of bytes.
pub type Bytes = Vec<u8>;

replies! {
    /// A reply that only says what was done.
    pub struct Message {
        /// A description of the outcome, for people.
        pub message: String,
    }
}

/// Reads a value that may be a bare text, which `object` makes an object of.
pub(super) fn text_or<'de, D, T>(source: D, object: impl FnOnce(&str) -> Value) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = match Value::deserialize(source)? {
        Value::String(text) => object(&text),
        value => value,
    };
    T::deserialize(value).map_err(D::Error::custom)
}
