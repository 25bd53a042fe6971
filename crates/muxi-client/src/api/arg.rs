//! The values that arguments take on their way to a request.

use super::{
    bundle::Bundle,
    error::{Error, Result},
};
use bytes::Bytes;
use serde::Serialize;
use std::{borrow::Cow, fmt};

/// A value of an argument.
#[derive(Clone)]
pub enum Arg {
    /// Text.
    Str(String),
    /// A whole number.
    Int(i64),
    /// `true` or `false`.
    Bool(bool),
    /// JSON text.
    Json(Vec<u8>),
    /// Bytes.
    Bytes(Bytes),
    /// A bundle.
    Bundle(Bundle),
    /// A value that cannot be sent, with the reason.
    Invalid(String),
}

impl fmt::Debug for Arg {
    /// Shows the form only: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Str(_) => "Str",
            Self::Int(_) => "Int",
            Self::Bool(_) => "Bool",
            Self::Json(_) => "Json",
            Self::Bytes(_) => "Bytes",
            Self::Bundle(_) => "Bundle",
            Self::Invalid(_) => "Invalid",
        })
    }
}

/// Turns a Rust value into an argument. `None` stands for: not given.
pub trait IntoArg {
    /// The argument.
    fn into_arg(self) -> Option<Arg>;
}

macro_rules! into_arg {
    ($($ty:ty, $value:ident => $arg:expr;)*) => {
        $(impl IntoArg for $ty {
            fn into_arg(self) -> Option<Arg> {
                let $value = self;
                Some($arg)
            }
        })*
    };
}

into_arg! {
    Arg, arg => arg;
    String, text => Arg::Str(text);
    u32, number => Arg::Int(number.into());
    bool, value => Arg::Bool(value);
    Bytes, bytes => Arg::Bytes(bytes);
    Bundle, bundle => Arg::Bundle(bundle);
}

impl Arg {
    /// A value that serialises to JSON.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => Self::Json(json),
            Err(error) => Self::Invalid(error.to_string()),
        }
    }
}

/// A value as JSON text.
#[cfg(feature = "client")]
pub(crate) fn serialized_json(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::invalid(format!("json cannot be sent: {e}")).with_source(e))
}

/// The value in a path, a query or a header.
pub(super) fn plain_text(value: &Arg) -> Cow<'_, str> {
    match value {
        Arg::Str(text) => text.into(),
        Arg::Int(number) => number.to_string().into(),
        Arg::Bool(value) => if *value { "true" } else { "false" }.into(),
        Arg::Json(bytes) => String::from_utf8_lossy(bytes),
        Arg::Bytes(bytes) => String::from_utf8_lossy(bytes),
        Arg::Bundle(_) | Arg::Invalid(_) => "".into(),
    }
}

/// The value in a JSON body.
pub(super) fn json_text(value: &Arg) -> Result<String> {
    Ok(match value {
        Arg::Str(text) => String::from_utf8_lossy(&json(text)).into_owned(),
        Arg::Json(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Arg::Int(_) | Arg::Bool(_) => plain_text(value).into_owned(),
        Arg::Invalid(why) => return Err(Error::invalid(why)),
        Arg::Bytes(_) | Arg::Bundle(_) => return Err(Error::invalid("bytes cannot be a field of a JSON body")),
    })
}

/// JSON values and text always serialise: their keys are text and nothing in them can fail.
pub(super) fn json(value: &(impl serde::Serialize + ?Sized)) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
