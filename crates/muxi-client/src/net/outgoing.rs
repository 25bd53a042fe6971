//! Request bodies on their way out.

use crate::api::{
    bundle::BundleSource,
    error::{Error, Result},
};
use bytes::Bytes;
use std::{
    io::{self, Read as _},
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};
use tokio::{sync::mpsc, time::Instant};

/// A request body.
pub(crate) enum Outgoing {
    Whole(Option<Bytes>),
    Pieces { pieces: mpsc::Receiver<io::Result<Bytes>>, left: u64, upload: Upload },
}

/// The progress of a body that is sent in pieces. A body in one piece has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upload(Option<Arc<OnceLock<Instant>>>);

impl Upload {
    /// The upload of a body in pieces.
    pub(super) fn in_pieces() -> Self {
        Self(Some(Arc::default()))
    }

    /// The moment of the last byte, if it comes after `moment`; now, where the upload is still under way.
    pub(super) fn sent_after(&self, moment: Instant) -> Option<Instant> {
        let last = self.0.as_ref()?.get();
        last.map_or_else(|| Some(Instant::now()), |last| Some(*last).filter(|last| *last > moment))
    }

    fn finish(&self) {
        if let Some(last) = &self.0 {
            let _ = last.set(Instant::now());
        }
    }
}

impl Outgoing {
    /// Reads the bundle on a thread of its own, a piece ahead of the network.
    pub(super) fn read(source: &dyn BundleSource, upload: Upload) -> Result<Self> {
        const PIECE: usize = 256 << 10;
        let unreadable = |e: io::Error| Error::invalid(format!("the bundle cannot be read: {e}")).with_source(e);
        let mut reader = source.open().map_err(unreadable)?;
        let (send, pieces) = mpsc::channel(2);
        tokio::task::spawn_blocking(move || {
            loop {
                let mut piece = Vec::with_capacity(PIECE);
                let read = reader.by_ref().take(PIECE as u64).read_to_end(&mut piece);
                let last = !matches!(read, Ok(1..));
                let piece = read.map(|_| Bytes::from(piece));
                if matches!(&piece, Ok(p) if p.is_empty()) || send.blocking_send(piece).is_err() || last {
                    break;
                }
            }
        });
        Ok(Self::Pieces { pieces, left: source.size(), upload })
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<http_body::Frame<Bytes>>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(http_body::Frame::data(b)))),
            Self::Pieces { pieces, left, upload } => pieces.poll_recv(cx).map(|piece| {
                piece.map(|piece| {
                    piece.map(|bytes| {
                        *left = left.saturating_sub(bytes.len() as u64);
                        if *left == 0 {
                            upload.finish();
                        }
                        http_body::Frame::data(bytes)
                    })
                })
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None) | Self::Pieces { left: 0, .. })
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(match self {
            Self::Whole(bytes) => bytes.as_ref().map_or(0, |b| b.len() as u64),
            Self::Pieces { left, .. } => *left,
        })
    }
}
