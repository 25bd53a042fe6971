//! The layers that HTTP is spoken over.

use super::{socket::Socket, tls::Tls};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};
use tokio_rustls::client::TlsStream;

/// What HTTP is spoken over.
pub(super) enum IoStream {
    Plain(TokioIo<Socket>),
    Secure(TokioIo<Box<TlsStream<Socket>>>),
    /// TLS to the origin over that to a proxy.
    Tunnelled(TokioIo<Box<TlsStream<TokioIo<IoStream>>>>),
}

impl IoStream {
    /// TLS over this stream.
    pub(super) async fn secured(self, tls: &Tls) -> io::Result<Self> {
        Ok(match self {
            Self::Plain(socket) => Self::Secure(TokioIo::new(tls.secure(socket.into_inner()).await?)),
            other => Self::Tunnelled(TokioIo::new(tls.secure(TokioIo::new(other)).await?)),
        })
    }

    /// Whether the two sides have agreed on HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        let protocol = match self {
            Self::Plain(_) => None,
            Self::Secure(stream) => stream.inner().get_ref().1.alpn_protocol(),
            Self::Tunnelled(stream) => stream.inner().get_ref().1.alpn_protocol(),
        };
        protocol == Some(b"h2")
    }
}

macro_rules! delegate {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            IoStream::Plain($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            IoStream::Secure($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            IoStream::Tunnelled($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
        }
    };
}

impl Read for IoStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => stream.poll_read(cx, buffer))
    }
}

impl Write for IoStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self, stream => stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => stream.poll_shutdown(cx))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
            Self::Tunnelled(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, stream => stream.poll_write_vectored(cx, slices))
    }
}
