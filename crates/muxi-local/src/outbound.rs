//! The server's own requests: webhooks and language models.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri, uri::InvalidUri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::{io, sync::OnceLock, time::Duration};

/// The time that a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The time for which an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A call that brought no response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboundError {
    /// The URL cannot be called.
    #[error("not a URL: {0}")]
    Url(#[from] InvalidUri),
    /// The URL is of a scheme that is not spoken here.
    #[error("a URL must begin with http:// or https://")]
    Scheme,
    /// The system's certificates cannot be read.
    #[error("cannot read the system's certificates: {0}")]
    Certificates(io::Error),
    /// The connection failed, or broke before a response.
    #[error("{}", chain(.0))]
    Failed(#[from] hyper_util::client::legacy::Error),
}

/// An error with its causes: its own text alone says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A client for calls of the server's own. Follows no redirect and has no time limit but that for connecting.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    plain: OnceLock<Client<HttpConnector, Full<Bytes>>>,
    /// Made when first needed: reading the system's certificates takes longer than a server's start may.
    secure: OnceLock<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>,
}

impl Outbound {
    /// Posts `body` to an absolute URL. Gives the response as soon as its head is there, whatever its status; its
    /// body streams, and dropping it closes the connection.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, OutboundError> {
        let uri: Uri = url.parse()?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(OutboundError::Scheme),
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        if secure {
            return Ok(self.secure()?.request(request).await?);
        }
        Ok(self.plain.get_or_init(|| client(connector())).request(request).await?)
    }

    fn secure(&self) -> Result<&Client<HttpsConnector<HttpConnector>, Full<Bytes>>, OutboundError> {
        if let Some(client) = self.secure.get() {
            return Ok(client);
        }
        let mut http = connector();
        http.enforce_http(false);
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(OutboundError::Certificates)?
            .https_only()
            .enable_http1()
            .wrap_connector(http);
        Ok(self.secure.get_or_init(|| client(tls)))
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    connector
}

fn client<C>(connector: C) -> Client<C, Full<Bytes>>
where
    C: hyper_util::client::legacy::connect::Connect + Clone,
{
    Client::builder(TokioExecutor::new())
        // As the runtime writes them: a receiver may look a name up as it stands.
        .http1_title_case_headers(true)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_timer(TokioTimer::new())
        .build(connector)
}
