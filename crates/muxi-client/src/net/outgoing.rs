//! Request bodies on their way out.

use crate::api::{
    bundle::BundleSource,
    error::{Error, Result},
};
use bytes::Bytes;
use std::{
    io::{self, Read as _},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::{sync::mpsc, time::Instant};

/// A request body.
pub(crate) enum Outgoing {
    Whole(Option<Bytes>),
    Pieces { pieces: Pieces, source: Arc<dyn BundleSource>, left: u64, upload: Upload },
}

/// The pieces of a bundle.
pub(crate) enum Pieces {
    /// Nothing has been asked for: a thread that read ahead before there is a connection would keep the lookup of its name
    /// from running, where the runtime has but one for both.
    Unread(Option<Box<dyn io::Read + Send>>),
    Read(mpsc::Receiver<io::Result<Bytes>>),
}

/// The progress of a body that is sent in pieces. A body in one piece has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upload(Option<Arc<Mutex<Option<Instant>>>>);

impl Upload {
    /// The upload of a body in pieces.
    pub(super) fn in_pieces() -> Self {
        Self(Some(Arc::default()))
    }

    /// The moment of the last byte, if it comes after `moment`; now, where the upload is still under way.
    pub(super) fn sent_after(&self, moment: Instant) -> Option<Instant> {
        let last = *lock(self.0.as_ref()?);
        last.map_or_else(|| Some(Instant::now()), |last| Some(last).filter(|last| *last > moment))
    }

    /// Notes the moment of the last byte; `None` when the body is sent once more.
    fn note(&self, last: Option<Instant>) {
        if let Some(noted) = &self.0 {
            *lock(noted) = last;
        }
    }
}

fn lock(moment: &Mutex<Option<Instant>>) -> MutexGuard<'_, Option<Instant>> {
    moment.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Outgoing {
    /// A bundle in pieces.
    pub(super) fn read(source: &Arc<dyn BundleSource>, upload: Upload) -> Result<Self> {
        let unreadable = |e: io::Error| Error::invalid(format!("the bundle cannot be read: {e}")).with_source(e);
        let pieces = Pieces::Unread(Some(source.open().map_err(unreadable)?));
        upload.note(None);
        source.sent(0);
        Ok(Self::Pieces { pieces, source: source.clone(), left: source.size(), upload })
    }
}

impl Pieces {
    /// Reads on a thread of its own, a piece ahead of the network.
    fn begin(reader: Option<Box<dyn io::Read + Send>>) -> Self {
        const PIECE: usize = 256 << 10;
        let (send, pieces) = mpsc::channel(2);
        let Some(mut reader) = reader else { return Self::Read(pieces) };
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
        Self::Read(pieces)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            match self {
                Self::Unread(reader) => *self = Self::begin(reader.take()),
                Self::Read(pieces) => return pieces.poll_recv(cx),
            }
        }
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<http_body::Frame<Bytes>>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(http_body::Frame::data(b)))),
            Self::Pieces { pieces, source, left, upload } => pieces.poll_next(cx).map(|piece| {
                piece.map(|piece| {
                    piece.map(|bytes| {
                        *left = left.saturating_sub(bytes.len() as u64);
                        if *left == 0 {
                            upload.note(Some(Instant::now()));
                        }
                        source.sent(source.size().saturating_sub(*left));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::bundle::Bundle;
    use http_body_util::BodyExt;

    #[derive(Debug)]
    struct Zeros(u64);

    impl BundleSource for Zeros {
        fn open(&self) -> io::Result<Box<dyn io::Read + Send>> {
            Ok(Box::new(io::repeat(0).take(self.0)))
        }
        fn size(&self) -> u64 {
            self.0
        }
    }

    #[tokio::test]
    async fn a_body_that_is_sent_again_is_under_way_again() {
        let (upload, began) = (Upload::in_pieces(), Instant::now());
        let told = Arc::new(Mutex::new(Vec::new()));
        let (telling, source) = (told.clone(), Arc::new(Zeros(1 << 20)));
        let bundle = Bundle { id: String::new(), version: String::new(), source };
        let source = bundle.on_progress(move |sent, total| telling.lock().unwrap().push((sent, total))).source;
        for _ in 0..2 {
            let body = Outgoing::read(&source, upload.clone()).unwrap();
            let before = Instant::now();
            assert!(upload.sent_after(Instant::now()).is_some_and(|moment| moment >= before));
            assert_eq!(body.collect().await.unwrap().to_bytes().len(), 1 << 20);
            assert!(upload.sent_after(began).is_some_and(|last| last <= Instant::now()));
            assert_eq!(upload.sent_after(Instant::now()), None);
            let told = std::mem::take(&mut *told.lock().unwrap());
            assert_eq!((told.first(), told.last()), (Some(&(0, 1 << 20)), Some(&(1 << 20, 1 << 20))));
            assert!(told.len() == 5 && told.is_sorted());
        }
    }

    #[test]
    fn a_bundle_that_is_not_asked_for_takes_no_thread() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let source: Arc<dyn BundleSource> = Arc::new(Zeros(4 << 20));
            let bodies = [(); 2].map(|()| Outgoing::read(&source, Upload::in_pieces()).unwrap());
            assert_eq!(tokio::task::spawn_blocking(|| 1).await.unwrap(), 1);
            drop(bodies);
        });
    }
}
