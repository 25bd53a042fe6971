//! The layers that HTTP is spoken over.

use super::{socket::Socket, tls::Tls};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

/// A socket, with TLS above it or without.
pub(super) enum IoStream {
    Plain(Socket),
    Secure(Box<TlsStream<Socket>>),
    /// TLS to the origin over that to a proxy.
    Tunnelled(Box<TlsStream<IoStream>>),
}

impl IoStream {
    /// TLS over this stream.
    pub(super) async fn secured(self, tls: &Tls) -> io::Result<Self> {
        Ok(match self {
            Self::Plain(socket) => Self::Secure(tls.secure(socket).await?),
            other => Self::Tunnelled(tls.secure(other).await?),
        })
    }

    /// Tells whether the two sides have agreed on HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        let protocol = match self {
            Self::Plain(_) => None,
            Self::Secure(stream) => stream.get_ref().1.alpn_protocol(),
            Self::Tunnelled(stream) => stream.get_ref().1.alpn_protocol(),
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

impl AsyncRead for IoStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => stream.poll_read(cx, buffer))
    }
}

impl AsyncWrite for IoStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self, stream => stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, stream => stream.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
            Self::Tunnelled(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => stream.poll_shutdown(cx))
    }
}
