//! Replies as a caller gets them.

use crate::{
    api::{error::Result, response::Metadata, types::ChatResult},
    net::reply::Reply,
};
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
    /// The id of the request in the server's logs.
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

impl Response<ChatResult> {
    /// Returns the answer, or an error where the turn failed, so that its text is not taken for an answer.
    ///
    /// ```no_run
    /// # async fn ask(formation: muxi_client::FormationClient) -> muxi_client::Result<()> {
    /// let answer = formation.chat("Hello!").user_id("ada").await?.error_for_status()?;
    /// println!("{}", answer.text());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ChatResult::error_for_status`], with the ids of the call.
    pub fn error_for_status(self) -> Result<Self> {
        match self.data.error_for_status_ref() {
            Ok(_) => Ok(self),
            Err(error) => Err(self.reply.explain(error)),
        }
    }
}

impl<T> Deref for Response<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.data
    }
}
