//! The real server's limit for receiving a request.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body::Body as _;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// The time that a request may take to arrive, its body included.
const LIMIT: Duration = Duration::from_secs(15);

/// Set if a request took too long to arrive.
#[derive(Debug, Clone, Default)]
pub(crate) struct Late(Arc<AtomicBool>);

impl Late {
    /// True if its body was cut off by now.
    pub(crate) fn is_late(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The same body, which fails where it has not arrived in time.
pub(crate) fn limited(body: Body) -> (Body, Late) {
    let late = Late::default();
    if body.is_end_stream() {
        return (body, late);
    }
    let (end, mark) = (Instant::now() + LIMIT, late.clone());
    let chunks = stream::unfold(Some(body.into_data_stream()), move |chunks| {
        let mark = mark.clone();
        async move {
            let mut chunks = chunks?;
            match timeout_at(end, chunks.next()).await {
                Ok(chunk) => chunk.map(|chunk| (chunk.map_err(io::Error::other), Some(chunks))),
                Err(_) => {
                    mark.0.store(true, Ordering::Relaxed);
                    Some((Err::<Bytes, _>(io::ErrorKind::TimedOut.into()), None))
                }
            }
        }
    });
    (Body::from_stream(chunks), late)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_fails_after_the_limit() {
        let chunk = stream::once(async { Ok::<_, io::Error>(Bytes::from("a")) });
        let (body, late) = limited(Body::from_stream(chunk.chain(stream::pending())));
        let started = Instant::now();
        assert!(axum::body::to_bytes(body, 10).await.is_err());
        assert!(late.is_late() && started.elapsed() >= LIMIT);
    }

    #[tokio::test]
    async fn a_body_in_time_passes() {
        let (body, late) = limited(Body::from("whole"));
        assert_eq!(axum::body::to_bytes(body, 10).await.unwrap(), "whole");
        assert!(!late.is_late());
    }
}
