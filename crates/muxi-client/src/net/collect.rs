//! Reading a body as a whole.

use super::http_service::{Body, BoxError};
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt;
use std::fmt;
use tokio::task::coop::consume_budget;

/// Room that is made at once for a body that announces a length.
const ROOM: u64 = 1 << 20;

/// A body is longer than it may be.
#[derive(Debug)]
pub(super) struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body is too long")
    }
}

impl std::error::Error for TooLong {}

/// Reads a body of at most `most` bytes. The usual one comes in one piece, and is not copied. The pieces of others are not
/// kept: each has a share in the buffer that it came in, which may be many times as long. Other tasks and timers have their
/// turn among them, since a peer can send more than are read.
pub(super) async fn collect(mut body: Body, most: usize) -> Result<Bytes, BoxError> {
    let room = body.size_hint().lower().min(ROOM) as usize;
    let (mut first, mut all) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        if first.len() + all.len() + piece.len() > most {
            return Err(TooLong.into());
        }
        consume_budget().await;
        if first.is_empty() && all.is_empty() {
            first = piece;
            continue;
        }
        if all.is_empty() {
            all.reserve(room.max(first.len() + piece.len()));
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&piece);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}
