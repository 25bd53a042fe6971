//! Replies as a caller gets them.

use crate::{api::response::Metadata, net::reply::Reply};
use bytes::Bytes;
use http::HeaderMap;
use std::{
    ops::Deref,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A typed reply: the data, and what goes with it.
///
/// It derefs to the data, so its fields are used directly: `response.sessions`.
#[derive(Clone, Debug)]
pub struct Response<T> {
    pub(crate) data: T,
    pub(crate) metadata: Metadata,
    pub(crate) reply: Reply,
}

impl<T> Response<T> {
    /// The data alone.
    pub fn into_inner(self) -> T {
        self.data
    }
    /// The id of the request in the other side's logs.
    pub fn request_id(&self) -> Option<&str> {
        self.metadata.request_id.as_deref()
    }
    /// The idempotency key that was sent.
    pub fn idempotency_key(&self) -> &str {
        &self.reply.idempotency_key
    }
    /// When the reply was made, in Unix milliseconds.
    pub fn timestamp(&self) -> Option<i64> {
        self.metadata.timestamp
    }
    /// The same as [`timestamp`](Self::timestamp), as a time.
    pub fn time(&self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::from_millis(self.timestamp()?.try_into().ok()?))
    }
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.reply.status
    }
    /// The HTTP headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.reply.headers
    }
    /// The body as it came.
    pub fn body(&self) -> &Bytes {
        &self.reply.body
    }
}

impl<T> Deref for Response<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.data
    }
}
