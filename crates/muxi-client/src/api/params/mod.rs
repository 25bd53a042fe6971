//! The arguments of calls: requests with fields of their own, made by builders.
//!
//! Each is a JSON object in the making. The constructor takes what the wire requires, a method sets what it knows
//! beside that, and `with` sets any other field. A plain JSON object converts into each of them and goes out as it is.
//!
//! ```
//! use muxi_client::api::params::{ChatRequest, File};
//!
//! let request = ChatRequest::new("What is on the picture?")
//!     .session_id("sess_1")
//!     .file(File::from_bytes("cat.png", "image/png", b"\x89PNG"))
//!     .with("mood", "curious");
//! assert_eq!(serde_json::to_value(&request)?["files"][0]["content"], "iVBORw==");
//! # Ok::<(), serde_json::Error>(())
//! ```

use super::{
    arg::{Arg, IntoArg},
    table::{ArgType, Kind},
    types::Object,
};
use serde::Serialize;
use serde_json::Value;

/// Declares requests: an object each, with a method for each optional field.
///
/// A field marked `#[required]` is set by the constructor, and one marked `#[by_hand]` by a method beside it.
macro_rules! params {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$($about:tt)*])* $field:ident: $ty:ty,)*
        }
    )*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Default, PartialEq)]
            pub struct $name($crate::api::params::Fields);

            impl $name {
                const FIELDS: &[$crate::api::table::Field] = &[$($crate::api::table::Field {
                    name: stringify!($field),
                    rust_type: stringify!($ty),
                    required: $crate::api::params::params! { @required $([$($about)*])* },
                }),*];

                $($crate::api::params::params! { @setter [$([$($about)*])*] $field: $ty })*

                /// Sets a field that has no method here.
                #[must_use]
                pub fn with(mut self, field: impl Into<String>, value: impl serde::Serialize) -> Self {
                    self.0.set(field, value);
                    self
                }
            }

            $crate::api::params::object_param!($name);
        )*
    };
    (@required $([doc = $doc:literal])* [required]) => { true };
    (@required $([$($about:tt)*])*) => { false };
    (@setter [$([doc = $doc:literal])* [required]] $field:ident: $ty:ty) => {};
    (@setter [$([doc = $doc:literal])* [by_hand]] $field:ident: $ty:ty) => {};
    (@setter [$([doc = $doc:literal])*] $field:ident: $ty:ty) => {
        $(#[doc = $doc])*
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$ty>) -> Self {
            self.0.set(stringify!($field), Into::<$ty>::into($field));
            self
        }
    };
}
use params;

/// The methods that every wrapper of [`Fields`] has.
macro_rules! object_param {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            /// Shows which fields are set, and not what they hold.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))?;
                f.debug_set().entries(self.0.fields.keys()).finish()
            }
        }

        impl From<$crate::api::types::Object> for $name {
            /// The object goes out as it is.
            fn from(fields: $crate::api::types::Object) -> Self {
                Self($crate::api::params::Fields { fields, failed: None })
            }
        }

        impl From<&$name> for $name {
            fn from(other: &$name) -> Self {
                other.clone()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(target)
            }
        }

        impl $crate::api::table::ArgType for $name {
            const KIND: $crate::api::table::Kind = $crate::api::table::Kind::Object;
            const FIELDS: &'static [$crate::api::table::Field] = Self::FIELDS;
        }

        impl $crate::api::arg::IntoArg for $name {
            fn into_arg(self) -> Option<$crate::api::arg::Arg> {
                Some($crate::api::arg::Arg::json(&self))
            }
        }
    };
}
use object_param;

mod chat;
mod file;
mod memory;
mod scheduler;
mod users;

pub use chat::*;
pub use file::*;
pub use memory::*;
pub use scheduler::*;
pub use users::*;

/// The fields of a request so far.
#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    fields: Object,
    /// Why a value could not be set.
    failed: Option<String>,
}

impl Fields {
    fn set(&mut self, field: impl Into<String>, value: impl Serialize) {
        let field = field.into();
        match serde_json::to_value(value) {
            Ok(value) => drop(self.fields.insert(field, value)),
            Err(error) => self.failed = Some(format!("{field} cannot be JSON: {error}")),
        }
    }

    /// Adds to a list.
    fn push(&mut self, field: &str, value: impl Serialize) {
        let value = serde_json::to_value(value).unwrap_or_default();
        match self.fields.get_mut(field) {
            Some(Value::Array(list)) => list.push(value),
            _ => drop(self.fields.insert(field.to_owned(), Value::Array(vec![value]))),
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: serde::Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        match &self.failed {
            Some(why) => Err(serde::ser::Error::custom(why)),
            None => self.fields.serialize(target),
        }
    }
}

/// Scopes to look in, as a comma list on the wire.
///
/// ```
/// use muxi_client::api::{params::Scopes, types::MemoryScope};
///
/// assert_eq!(Scopes::from([MemoryScope::User, MemoryScope::Group]), Scopes::from("user,group"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(String);

impl From<String> for Scopes {
    fn from(list: String) -> Self {
        Self(list)
    }
}

impl From<&String> for Scopes {
    fn from(list: &String) -> Self {
        Self(list.clone())
    }
}

impl From<&str> for Scopes {
    fn from(list: &str) -> Self {
        Self(list.to_owned())
    }
}

impl<const N: usize> From<[super::types::MemoryScope; N]> for Scopes {
    fn from(scopes: [super::types::MemoryScope; N]) -> Self {
        Self::from(scopes.as_slice())
    }
}

impl From<&[super::types::MemoryScope]> for Scopes {
    fn from(scopes: &[super::types::MemoryScope]) -> Self {
        Self(scopes.iter().map(super::types::MemoryScope::as_str).collect::<Vec<_>>().join(","))
    }
}

impl ArgType for Scopes {
    const KIND: Kind = Kind::Str;
}

impl IntoArg for Scopes {
    fn into_arg(self) -> Option<Arg> {
        Some(Arg::Str(self.0))
    }
}

impl ArgType for super::types::IsoTime {
    const KIND: Kind = Kind::Str;
}

impl IntoArg for super::types::IsoTime {
    fn into_arg(self) -> Option<Arg> {
        Some(Arg::Str(self.as_str().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{args::Args, table::Operation, table::formation::ops};
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn builders_and_plain_objects_give_the_same() {
        let built = ChatRequest::new("hi").agent_id("a").threshold_seconds(2).with("new", [1]);
        let plain = json!({"message": "hi", "agent_id": "a", "threshold_seconds": 2.0, "new": [1]});
        assert_eq!(serde_json::to_value(&built).unwrap(), plain);
        assert_eq!(ChatRequest::from(plain.as_object().unwrap().clone()), built);
    }

    #[test]
    fn a_value_that_cannot_be_json_is_an_error_of_the_call_that_names_the_field() {
        let odd = BTreeMap::from([(vec![1], 1)]);
        let mut args = Args::new(ops::chat::ENDPOINT);
        args.set("payload", ChatRequest::new("hi").with("odd", odd));
        let error = args.build().unwrap_err();
        assert!(error.message().contains("chat: payload") && error.message().contains("odd"), "{error}");
    }

    #[test]
    fn requests_do_not_show_what_they_hold() {
        let credential = NewCredential::new("github", json!({"token": "ghp_secret"}));
        assert_eq!(format!("{credential:?}"), r#"NewCredential{"service", "credential"}"#);
    }
}
