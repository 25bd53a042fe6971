//! The socket under a connection. The pool keeps a handle to it: it counts what went over it, and looks at it before the
//! connection is used again.

use socket2::SockRef;
use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    net::Shutdown,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A TCP connection, with or without TLS above it.
#[derive(Clone, Debug)]
pub(crate) struct Socket(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The lock is free whenever the connection is not being polled.
    stream: Mutex<TcpStream>,
    written: AtomicU64,
    read: AtomicU64,
}

/// The number of bytes that a socket has taken and given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) written: u64,
    pub(crate) read: u64,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(Arc::new(Inner { stream: Mutex::new(stream), written: AtomicU64::new(0), read: AtomicU64::new(0) }))
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts { written: self.0.written.load(Ordering::Relaxed), read: self.0.read.load(Ordering::Relaxed) }
    }

    /// Tells whether the other side has neither closed the connection nor sent anything. This asks the system, and not the
    /// runtime, which may not have heard of it yet.
    pub(crate) fn is_quiet(&self) -> bool {
        self.peek().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Tells whether the other side has closed the connection, and left nothing to read. This asks the system, too.
    pub(crate) fn has_ended(&self) -> bool {
        match self.peek() {
            Ok(bytes) => bytes == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    fn peek(&self) -> io::Result<usize> {
        SockRef::from(&*self.stream()).peek(&mut [MaybeUninit::uninit()])
    }

    /// Ends the connection for both sides. What is left of it goes with the last handle.
    pub(crate) fn shut_down(&self) {
        // One that the other side has broken off is at its end already.
        let _ = SockRef::from(&*self.stream()).shutdown(Shutdown::Both);
    }

    fn stream(&self) -> MutexGuard<'_, TcpStream> {
        self.0.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn took(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.0.written.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        written
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut *self.stream()).poll_read(cx, buffer))?;
        self.0.read.fetch_add((buffer.filled().len() - before) as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.stream()).poll_write(cx, bytes);
        self.took(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.stream()).poll_write_vectored(cx, slices);
        self.took(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_shutdown(cx)
    }
}
