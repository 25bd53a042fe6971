//! The types of arguments.

use super::endpoint::{Field, Kind};
use bytes::Bytes;

/// A type that the table may give to an argument.
pub trait ArgType {
    /// The kind of value that it holds.
    const KIND: Kind;
    /// True if it may be null.
    const NULLABLE: bool = false;
    /// Its declared fields, or those of its entries.
    const FIELDS: &'static [Field] = &[];
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
    const FIELDS: &'static [Field] = T::FIELDS;
}
