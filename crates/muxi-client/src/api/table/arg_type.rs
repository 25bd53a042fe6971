//! The types of arguments.

use super::endpoint::Kind;
use bytes::Bytes;

/// A type that the table may give to an argument.
pub trait ArgType {
    /// The kind of value that it holds.
    const KIND: Kind;
    /// Whether it may be null.
    const NULLABLE: bool = false;
    /// Whether it is an object with declared fields, or a list of such objects.
    const HAS_FIELDS: bool = false;
}

macro_rules! arg_types {
    ($($ty:ty => $kind:ident),* $(,)?) => {
        $(impl ArgType for $ty { const KIND: Kind = Kind::$kind; })*
    };
}

arg_types! {
    String => Str,
    u32 => Int,
    bool => Bool,
    serde_json::Value => Json,
    crate::api::types::Object => Object,
    Bytes => Bytes,
    crate::api::bundle::Bundle => Bundle,
}

impl<T: ArgType> ArgType for [T] {
    const KIND: Kind = Kind::List;
    const HAS_FIELDS: bool = T::HAS_FIELDS;
}
