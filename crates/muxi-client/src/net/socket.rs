//! The socket under a connection. The pool keeps a handle to it: it counts what went over it, and looks at it before the
//! connection is used again.

use super::fairness::give_way;
use socket2::SockRef;
use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    net::Shutdown,
    pin::Pin,
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Bytes that are read at once, at most, before other tasks, timers and signals have their turn: a peer that sends as fast
/// as it is read, and nothing that ends a wait, would hold them all up.
const AT_ONCE: usize = 64 << 10;

/// A TCP connection, with or without TLS above it.
#[derive(Clone, Debug)]
pub(crate) struct Socket(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The lock is free whenever the connection is not being polled.
    stream: Mutex<TcpStream>,
    written: AtomicU64,
    /// Of the answers, without what TLS adds.
    answered: AtomicU64,
    /// Bytes since there was nothing to read, or others had their turn.
    at_once: AtomicUsize,
    /// The process that opened it. A forked child shares the connection with it, and must not end it.
    process: u32,
}

/// The number of bytes that a socket has taken, and of those that answers had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) written: u64,
    pub(crate) answered: u64,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(Arc::new(Inner {
            stream: Mutex::new(stream),
            written: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            at_once: AtomicUsize::new(0),
            process: process::id(),
        }))
    }

    pub(crate) fn counts(&self) -> Counts {
        let Inner { written, answered, .. } = &*self.0;
        Counts { written: written.load(Ordering::Relaxed), answered: answered.load(Ordering::Relaxed) }
    }

    /// Counts bytes of an answer.
    pub(crate) fn answers(&self, bytes: usize) {
        self.0.answered.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Tells whether the peer has neither closed the connection nor sent anything. This asks the system, and not the
    /// runtime, which may not have heard of it yet.
    pub(crate) fn is_quiet(&self) -> bool {
        self.peek().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Tells whether the peer has closed the connection, and left nothing to read. This asks the system, too.
    pub(crate) fn has_ended(&self) -> bool {
        match self.peek() {
            Ok(bytes) => bytes == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    fn peek(&self) -> io::Result<usize> {
        SockRef::from(&*self.stream()).peek(&mut [MaybeUninit::uninit()])
    }

    /// Ends the connection.
    pub(crate) fn shut_down(&self) {
        self.0.shut_down();
    }

    fn stream(&self) -> MutexGuard<'_, TcpStream> {
        self.0.stream()
    }

    fn took(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.0.written.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        written
    }
}

impl Inner {
    fn stream(&self) -> MutexGuard<'_, TcpStream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the connection, also where a forked child keeps a copy of the descriptor.
    fn shut_down(&self) {
        if self.process == process::id() {
            // One that the peer has broken off is at its end already.
            let _ = SockRef::from(&*self.stream()).shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shut_down();
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let at_once = &self.0.at_once;
        if at_once.load(Ordering::Relaxed) >= AT_ONCE {
            at_once.store(0, Ordering::Relaxed);
            return give_way(cx);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut *self.stream()).poll_read(cx, buffer);
        match read {
            Poll::Pending => at_once.store(0, Ordering::Relaxed),
            Poll::Ready(_) => drop(at_once.fetch_add(buffer.filled().len() - before, Ordering::Relaxed)),
        }
        read
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write, net::TcpListener, task::Wake};

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_have_their_turn_while_a_peer_sends_without_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut socket = Socket::new(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
        let (mut peer, _) = listener.accept().unwrap();
        std::thread::spawn(move || while peer.write_all(&[0; 64 << 10]).is_ok() {});
        let woken = Arc::new(Woken::default());
        let waker = woken.clone().into();
        let (mut turns, mut bytes) = (0, 0);
        while turns < 10 {
            let mut space = [0; 16 << 10];
            let mut buffer = ReadBuf::new(&mut space);
            let before = woken.0.load(Ordering::SeqCst);
            // If there was nothing to read, the wake-up comes later, and from the driver.
            let mut cx = Context::from_waker(&waker);
            match Pin::new(&mut socket).poll_read(&mut cx, &mut buffer) {
                Poll::Ready(read) => {
                    read.unwrap();
                    bytes += buffer.filled().len();
                    assert!(bytes < AT_ONCE + space.len(), "{bytes} at once");
                }
                Poll::Pending => {
                    turns += usize::from(bytes >= AT_ONCE && woken.0.load(Ordering::SeqCst) > before);
                    bytes = 0;
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}
