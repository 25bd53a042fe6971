//! Replies and event payloads, one file per area.
//!
//! A field that is always on the wire is plain, or [`Nullable`]; one that may be absent is an `Option`, or empty where
//! the list or map may be absent. States and kinds are open sets: a word that this version does not know is kept in their
//! variant `Other`. Times keep the wire's own value. Fields that this version does not know are kept in `extra`. The
//! fields of the envelope (request id, idempotency key, timestamp) are not part of these types.

/// Declares replies: adds the derives and the field `extra` to each.
macro_rules! replies {
    (@declare $derives:tt $(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$attr:meta])* pub $field:ident: $ty:ty,)*
        }
    )*) => {
        $(
            $(#[$meta])*
            #[derive $derives]
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

            #[cfg(any(test, feature = "__strict"))]
            impl $crate::api::types::strict::Strict for $name {
                fn unknown(&self, at: &str, found: &mut Vec<String>) {
                    $(self.$field.unknown(&format!("{at}.{}", stringify!($field)), found);)*
                    found.extend(self.extra.keys().map(|key| format!("{at}.{key}")));
                }
            }
        )*

        #[cfg(any(test, feature = "__strict"))]
        pub(super) const CHECKS: &[$crate::api::types::strict::Check] =
            &[$((stringify!($name), $crate::api::types::strict::problems::<$name>)),*];
    };
    ($($structs:tt)*) => { replies! { @declare (Clone, Debug, serde::Serialize) $($structs)* } };
}

/// Declares replies whose `Debug` form shows no field.
macro_rules! secret_replies {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident $fields:tt
    )*) => {
        replies! { @declare (Clone, serde::Serialize) $($(#[$meta])* pub struct $name $fields)* }

        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })*
    };
}

mod admin;
mod artifacts;
mod chat;
#[cfg(any(test, feature = "__strict"))]
mod checks;
mod common;
mod events;
mod extra;
mod formation;
mod memory;
mod memory_admin;
mod requests;
mod scheduler;
mod secrets;
mod server;
mod sessions;
mod streams;
#[cfg(any(test, feature = "__strict"))]
mod strict;
#[cfg(test)]
mod tests;
mod time;
mod triggers;
mod users;
mod words;

pub use admin::*;
pub use artifacts::*;
pub use chat::*;
#[cfg(any(test, feature = "__strict"))]
pub use checks::check;
pub use common::*;
pub use events::*;
pub use formation::*;
pub use memory::*;
pub use memory_admin::*;
pub use requests::*;
pub use scheduler::*;
pub use secrets::*;
pub use server::*;
pub use sessions::*;
pub use streams::*;
pub use time::*;
pub use triggers::*;
pub use users::*;
pub use words::*;
