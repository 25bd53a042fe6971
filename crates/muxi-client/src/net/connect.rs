//! Connections: direct or through a proxy, plain or TLS. One limit holds for all of it.

use super::{
    error::{BoxError, NotConnected},
    io_stream::IoStream,
    proxy::{Proxy, proxy},
    socket::Socket,
    tls::{Tls, tls},
};
use crate::{
    api::error::{Error, Result},
    config::Network,
};
use http::Uri;
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tower_service::Service;

/// Unacknowledged data for so long means that the peer is gone.
const DEAD_AFTER: Duration = Duration::from_secs(30);

/// Makes connections to one origin.
#[derive(Clone)]
pub(super) struct Connector {
    target: Uri,
    port: u16,
    http: HttpConnector,
    tls: Option<Tls>,
    proxy: Option<Proxy>,
    limit: Option<Duration>,
    limit_name: &'static str,
}

/// A connection, and the socket that it goes over, which is told of the bytes of answers.
pub(super) struct Connected {
    pub(super) stream: IoStream,
    pub(super) socket: Socket,
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
        let tls = network.base.is_secure().then(|| tls(network)).transpose()?;
        let port = network.base.port();
        let (limit, limit_name) = (network.connect_timeout, network.connect_timeout_name);
        Ok(Self { target, port, http, tls, proxy: proxy(network)?, limit, limit_name })
    }

    /// True if requests go to a proxy as they are: TLS goes through a tunnel.
    pub(super) fn sends_through_proxy(&self) -> bool {
        self.tls.is_none() && self.proxy.as_ref().is_some_and(Proxy::is_http)
    }

    /// The proxy between this machine and the origin.
    pub(super) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// Makes a connection, within the limit.
    pub(super) async fn connect(&self) -> Result<Connected, NotConnected> {
        let connected = async {
            let (socket, stream) = self.reached().await?;
            let stream = match &self.tls {
                None => stream,
                Some(tls) => stream.secured(tls).await?,
            };
            Ok(Connected { stream, socket })
        };
        match self.limit {
            None => connected.await,
            Some(limit) => match tokio::time::timeout(limit, connected).await {
                Ok(connected) => connected,
                Err(_) => Err(late(self.limit_name, limit).into()),
            },
        }
        .map_err(NotConnected)
    }

    /// A socket, and what is spoken over it with the origin, or with the proxy that sends requests on.
    async fn reached(&self) -> Result<(Socket, IoStream), BoxError> {
        let mut http = self.http.clone();
        let stream = match &self.proxy {
            None => http.call(self.target.clone()).await?,
            Some(proxy) if proxy.is_http() => http.call(proxy.uri.clone()).await?,
            Some(proxy) => self.through_socks(proxy).await?,
        };
        let socket = Socket::new(stream.into_inner());
        let mut stream = IoStream::Plain(socket.clone());
        if let Some(proxy) = self.proxy.as_ref().filter(|proxy| proxy.is_http()) {
            if let Some(tls) = &proxy.tls {
                stream = stream.secured(tls).await?;
            }
            if self.tls.is_some() {
                stream = proxy.tunnel(stream, self.target.clone()).await?;
            }
        }
        Ok((socket, stream))
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
}

impl AsyncRead for Connected {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.socket.answers(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connected {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The error for a connection that was not there in time; `name` is the setting of the limit.
fn late(name: &str, limit: Duration) -> io::Error {
    let seconds = limit.as_secs_f64();
    io::Error::new(io::ErrorKind::TimedOut, format!("not within {seconds} s ({name})"))
}
