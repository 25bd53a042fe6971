//! An operation as a type: the form of its reply, and the types of its arguments.

use super::endpoint::{Endpoint, Kind, Reply, StreamEnd};
use crate::api::events::StreamEvent;
use bytes::Bytes;
use std::marker::PhantomData;

/// An operation as a type, which the table declares for each row.
pub trait Operation: Send + Sync + 'static {
    /// The form and type of the reply.
    type Reply: ReplyForm;
    /// The row.
    const ENDPOINT: &'static Endpoint;
}

/// A form of reply, by type.
pub trait ReplyForm: Send + Sync + 'static {
    /// The same, as data.
    const REPLY: Reply;
}

/// The forms of reply, named as the table names them.
#[allow(non_camel_case_types)]
pub mod reply {
    use super::{PhantomData, Reply, ReplyForm, StreamEnd, StreamEvent};

    /// A JSON reply of type `T`.
    #[derive(Debug)]
    pub struct json<T>(PhantomData<T>);
    /// A text reply.
    #[derive(Debug)]
    pub struct text<T>(PhantomData<T>);
    /// A reply of bytes.
    #[derive(Debug)]
    pub struct bytes<T>(PhantomData<T>);
    /// A stream of events.
    #[derive(Debug)]
    pub struct sse<T>(PhantomData<T>);

    impl<T: Send + Sync + 'static> ReplyForm for json<T> {
        const REPLY: Reply = Reply::Json;
    }
    impl<T: Send + Sync + 'static> ReplyForm for text<T> {
        const REPLY: Reply = Reply::Text;
    }
    impl<T: Send + Sync + 'static> ReplyForm for bytes<T> {
        const REPLY: Reply = Reply::Bytes;
    }
    impl<T: EventsOf> ReplyForm for sse<T> {
        const REPLY: Reply = Reply::Events(T::END);
    }

    /// A kind of event stream.
    pub trait EventsOf: Send + Sync + 'static {
        /// The type of its events.
        type Event: StreamEvent;
        /// How such a stream ends.
        const END: StreamEnd;
    }
}

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
