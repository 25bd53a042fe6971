//! Replies and event payloads, one file per area.
//!
//! A field that is always on the wire is plain, or [`Nullable`]; one that may be absent is an `Option`, or empty where
//! the list or map may be absent. States and kinds are open sets: a word that this version does not know is kept in their
//! variant `Other`. Times keep the wire's own value. Fields that this version does not know are kept in `extra`. What the envelope adds (request id, idempotency key, timestamp) is not part of these types.

/// Declares replies: adds the derives and the field `extra` to each.
macro_rules! replies {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$attr:meta])* pub $field:ident: $ty:ty,)*
        }
    )*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, serde::Serialize)]
            #[non_exhaustive]
            pub struct $name {
                $($(#[$attr])* pub $field: $ty,)*
                /// Fields that this version does not know.
                #[serde(flatten)]
                pub extra: $crate::api::types::Object,
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(inner: D) -> Result<Self, D::Error> {
                    #[derive(serde::Deserialize)]
                    struct Known {
                        $($(#[$attr])* $field: $ty,)*
                    }
                    let mut extra = $crate::api::types::Object::new();
                    let collecting = $crate::api::types::extra::Collecting { inner, extra: &mut extra };
                    let Known { $($field),* } = Known::deserialize(collecting)?;
                    Ok(Self { $($field,)* extra })
                }
            }

            #[cfg(any(test, feature = "strict"))]
            impl $crate::api::types::strict::Strict for $name {
                fn unknown(&self, at: &str, found: &mut Vec<String>) {
                    $(self.$field.unknown(&format!("{at}.{}", stringify!($field)), found);)*
                    found.extend(self.extra.keys().map(|key| format!("{at}.{key}")));
                }
            }
        )*

        #[cfg(any(test, feature = "strict"))]
        pub(super) const CHECKS: &[$crate::api::types::strict::Check] =
            &[$((stringify!($name), $crate::api::types::strict::problems::<$name>)),*];
    };
}

mod admin;
mod artifacts;
mod chat;
mod events;
mod extra;
mod formation;
mod memory;
mod memory_admin;
mod requests;
mod scheduler;
mod server;
mod sessions;
#[cfg(any(test, feature = "strict"))]
pub mod strict;
#[cfg(test)]
mod tests;
mod time;
mod triggers;
mod users;
mod words;

pub use admin::*;
pub use artifacts::*;
pub use chat::*;
pub use events::*;
pub use formation::*;
pub use memory::*;
pub use memory_admin::*;
pub use requests::*;
pub use scheduler::*;
pub use server::*;
pub use sessions::*;
pub use time::*;
pub use triggers::*;
pub use users::*;
pub use words::*;

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
        /// What was done, for people.
        pub message: String,
    }
}
