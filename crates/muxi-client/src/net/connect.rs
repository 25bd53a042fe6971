//! Connections: direct or through a proxy, plain or TLS. One limit holds for all of it.

use super::{
    error::{BoxError, NotConnected},
    proxy::{Proxy, proxy},
    socket::Socket,
    tls::tls,
};
use crate::{
    api::error::{Error, Result},
    config::Network,
};
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{HttpConnector, proxy::Tunnel},
    rt::TokioIo,
};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower_service::Service;

/// Unacknowledged data for so long means that the other side is gone.
const DEAD_AFTER: Duration = Duration::from_secs(30);

/// Makes connections to one origin.
#[derive(Clone)]
pub(super) struct Connector {
    target: Uri,
    port: u16,
    http: HttpConnector,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    proxy: Option<Proxy>,
    limit: Option<Duration>,
    limit_name: &'static str,
}

/// A connection, and the socket that it goes over.
pub(super) struct Connected {
    pub(super) stream: Stream,
    pub(super) socket: Socket,
}

/// What HTTP is spoken over.
pub(super) enum Stream {
    Plain(TokioIo<Socket>),
    Secure(TokioIo<Box<TlsStream<Socket>>>),
}

impl Connector {
    pub(super) fn new(network: &Network<'_>) -> Result<Self> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        // Shared among the addresses of a name, so that one that does not answer leaves time for the others.
        http.set_connect_timeout(network.connect_timeout);
        http.set_keepalive(Some(DEAD_AFTER));
        #[cfg(target_os = "linux")]
        http.set_tcp_user_timeout(Some(DEAD_AFTER));
        let target: Uri = network.base.origin().parse().map_err(|_| Error::invalid("the URL is no valid URL"))?;
        let secure = |tls: Arc<ClientConfig>| {
            let host = network.base.host();
            let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
            let wrong = |e| Error::invalid(format!("{host:?} cannot be the host of an https URL")).with_source(e);
            Ok((TlsConnector::from(tls), name.map_err(wrong)?))
        };
        let tls = network.base.is_secure().then(|| tls(network).and_then(secure)).transpose()?;
        let port = network.base.port();
        let (limit, limit_name) = (network.connect_timeout, network.connect_timeout_name);
        Ok(Self { target, port, http, tls, proxy: proxy(network)?, limit, limit_name })
    }

    /// Whether requests go to a proxy as they are: TLS goes through a tunnel.
    pub(super) fn sends_through_proxy(&self) -> bool {
        self.tls.is_none() && self.proxy.as_ref().is_some_and(Proxy::is_http)
    }

    /// The proxy between this machine and the origin.
    pub(super) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// Makes a connection, within the limit.
    pub(super) async fn connect(&self) -> Result<Connected, NotConnected> {
        let connected = async { self.secured(self.reached().await?).await };
        match self.limit {
            None => connected.await,
            Some(limit) => match tokio::time::timeout(limit, connected).await {
                Ok(connected) => connected,
                Err(_) => Err(late(self.limit_name, limit).into()),
            },
        }
        .map_err(NotConnected)
    }

    /// A socket whose other end is the origin, or the proxy that sends requests on.
    async fn reached(&self) -> Result<Socket, BoxError> {
        let mut http = self.http.clone();
        let stream: TokioIo<TcpStream> = match &self.proxy {
            None => http.call(self.target.clone()).await?,
            Some(proxy) if !proxy.is_http() => self.through_socks(proxy).await?,
            Some(proxy) if self.tls.is_none() => http.call(proxy.uri.clone()).await?,
            Some(proxy) => {
                let mut tunnel = Tunnel::new(proxy.uri.clone(), http);
                if let Some(auth) = proxy.authorization() {
                    tunnel = tunnel.with_auth(auth);
                }
                tunnel.call(self.target.clone()).await?
            }
        };
        Ok(Socket::new(stream.into_inner()))
    }

    /// A connection through a SOCKS proxy to the first target that it reaches.
    async fn through_socks(&self, proxy: &Proxy) -> Result<TokioIo<TcpStream>, BoxError> {
        let mut failure = io::Error::other("the name has no address").into();
        for target in proxy.socks_targets(&self.target, self.port).await? {
            let stream = self.http.clone().call(proxy.uri.clone()).await?;
            match proxy.socks(stream, target).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    async fn secured(&self, socket: Socket) -> Result<Connected, BoxError> {
        let stream = match &self.tls {
            None => Stream::Plain(TokioIo::new(socket.clone())),
            Some((tls, name)) => {
                let stream = tls.connect(name.clone(), socket.clone()).await?;
                Stream::Secure(TokioIo::new(Box::new(stream)))
            }
        };
        Ok(Connected { stream, socket })
    }
}

/// The error for a connection that was not there in time; `name` is the setting of the limit.
fn late(name: &str, limit: Duration) -> io::Error {
    let seconds = limit.as_secs_f64();
    io::Error::new(io::ErrorKind::TimedOut, format!("not within {seconds} s ({name})"))
}

impl Stream {
    /// Whether the two sides have agreed on HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Secure(stream) => stream.inner().get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }
}

macro_rules! delegate {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Plain($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Stream::Secure($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
        }
    };
}

impl Read for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => stream.poll_read(cx, buffer))
    }
}

impl Write for Stream {
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
