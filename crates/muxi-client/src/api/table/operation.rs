//! An operation as a type, and the form of its reply.

use super::endpoint::{Endpoint, Reply, StreamEnd};
use crate::api::events::StreamEvent;
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
        /// The end of such a stream.
        const END: StreamEnd;
    }
}
