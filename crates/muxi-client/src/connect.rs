//! Connections: direct or through a proxy, plain or TLS.

use crate::{
    api::error::{Error, Result},
    config::Config,
    http_service::BoxError,
};
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::{
    legacy::connect::{HttpConnector, proxy::Tunnel},
    proxy::matcher::Matcher,
};
use rustls::{
    client::WantsClientCert,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    future::Future,
    io,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tower_service::Service;

/// Unacknowledged data for so long means that the other side is gone.
const DEAD_AFTER: Duration = Duration::from_secs(30);

type Tls = Arc<rustls::ClientConfig>;

/// Makes connections to one origin.
#[derive(Clone)]
pub(crate) struct Connector {
    http: HttpConnector,
    /// Only an `https` origin has it: reading the system's certificates takes time.
    tls: Option<Tls>,
    proxy: Option<Proxy>,
}

#[derive(Clone)]
struct Proxy {
    uri: Uri,
    auth: Option<HeaderValue>,
}

impl Connector {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(config.connect_timeout);
        http.set_keepalive(Some(DEAD_AFTER));
        #[cfg(target_os = "linux")]
        http.set_tcp_user_timeout(Some(DEAD_AFTER));
        let tls = config.base.is_secure().then(|| tls(config)).transpose()?;
        Ok(Self { http, tls, proxy: proxy(config)? })
    }

    /// Whether requests go to a proxy as they are: TLS goes through a tunnel.
    pub(crate) fn sends_through_proxy(&self) -> bool {
        self.proxy.is_some() && self.tls.is_none()
    }

    /// The header that a plain request through the proxy needs.
    pub(crate) fn proxy_authorization(&self) -> Option<&HeaderValue> {
        self.proxy.as_ref().filter(|_| self.tls.is_none()).and_then(|p| p.auth.as_ref())
    }
}

fn proxy(config: &Config) -> Result<Option<Proxy>> {
    let matcher = match &config.proxy {
        Some(url) => Matcher::builder().all(url.clone()).build(),
        None => Matcher::from_env(),
    };
    let target: Uri = config.base.origin().parse().map_err(|_| Error::invalid("the URL is no valid URL"))?;
    let Some(found) = matcher.intercept(&target) else {
        return match &config.proxy {
            Some(_) => Err(Error::invalid("proxy must be a URL like http://proxy:3128")),
            None => Ok(None),
        };
    };
    if found.uri().scheme_str() != Some("http") {
        return Err(Error::invalid("proxy must be an http:// URL; other kinds of proxy are not supported"));
    }
    Ok(Some(Proxy { uri: found.uri().clone(), auth: found.basic_auth().cloned() }))
}

fn tls(config: &Config) -> Result<Tls> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::invalid("TLS cannot be set up").with_source(e))?;
    if !config.verify {
        let any = Arc::new(insecure::AnyCertificate);
        return finish(builder.dangerous().with_custom_certificate_verifier(any), config);
    }
    let mut roots = rustls::RootCertStore::empty();
    // Certificates that cannot be read are left out, as every TLS client does; none at all shows at the handshake.
    #[cfg(feature = "native-roots")]
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    #[cfg(feature = "webpki-roots")]
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = &config.ca_file {
        for certificate in certificates("ca_file", path)? {
            let wrong = |e| Error::invalid(format!("ca_file {} has a wrong certificate: {e}", path.display()));
            roots.add(certificate).map_err(wrong)?;
        }
    }
    finish(builder.with_root_certificates(roots), config)
}

/// Adds the client's own certificate, and which versions of HTTP it speaks.
fn finish(builder: rustls::ConfigBuilder<rustls::ClientConfig, WantsClientCert>, config: &Config) -> Result<Tls> {
    let mut tls = match &config.client_certificate {
        None => builder.with_no_client_auth(),
        Some((path, key)) => {
            let wrong = |path: &Path, e: &dyn std::fmt::Display| {
                Error::invalid(format!("client_certificate {} cannot be used: {e}", path.display()))
            };
            let chain = certificates("client_certificate", path)?;
            let key_der = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong(key, &e))?;
            builder.with_client_auth_cert(chain, key_der).map_err(|e| wrong(path, &e))?
        }
    };
    if cfg!(feature = "http2") {
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    Ok(Arc::new(tls))
}

/// The certificates in a PEM file.
fn certificates(name: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let wrong = |why: String| Error::invalid(format!("{name} {} {why}", path.display()));
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|e| wrong(format!("cannot be read as PEM: {e}")))?;
    if found.is_empty() { Err(wrong("has no certificate".to_owned())) } else { Ok(found) }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let mut http = self.http.clone();
        match (self.proxy.clone(), self.tls.clone()) {
            (None, None) => Box::pin(async move { Ok(Stream::plain(http.call(uri).await?)) }),
            (None, Some(tls)) => {
                let mut https = HttpsConnector::from((http, tls));
                Box::pin(async move { Ok(Stream::secure(https.call(uri).await?)) })
            }
            (Some(proxy), None) => Box::pin(async move { Ok(Stream::plain(http.call(proxy.uri).await?)) }),
            (Some(proxy), Some(tls)) => {
                let mut tunnel = Tunnel::new(proxy.uri, http);
                if let Some(auth) = proxy.auth {
                    tunnel = tunnel.with_auth(auth);
                }
                let mut https = HttpsConnector::from((tunnel, tls));
                Box::pin(async move { Ok(Stream::secure(https.call(uri).await?)) })
            }
        }
    }
}

trait Io: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> Io for T {}

/// One connection.
pub(crate) struct Stream {
    /// Boxed: the task of a connection has room for several copies of it, and that of TLS is large.
    inner: Box<dyn Io>,
    #[cfg(feature = "http2")]
    http2: bool,
}

impl Stream {
    fn plain(inner: impl Io + 'static) -> Self {
        Self {
            inner: Box::new(inner),
            #[cfg(feature = "http2")]
            http2: false,
        }
    }

    fn secure<T: Read + Write + Send + Unpin + 'static>(inner: MaybeHttpsStream<T>) -> Self {
        #[cfg(feature = "http2")]
        let http2 = match &inner {
            MaybeHttpsStream::Https(stream) => stream.inner().get_ref().1.alpn_protocol() == Some(b"h2"),
            MaybeHttpsStream::Http(_) => false,
        };
        Self {
            inner: Box::new(inner),
            #[cfg(feature = "http2")]
            http2,
        }
    }

    /// Whether the two sides have agreed on HTTP/2.
    #[cfg(feature = "http2")]
    pub(crate) fn is_http2(&self) -> bool {
        self.http2
    }
}

impl Read for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }
}

/// `verify=False`: any certificate will do.
mod insecure {
    use rustls::{
        DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        pki_types::{CertificateDer, ServerName, UnixTime},
    };

    #[derive(Debug)]
    pub(super) struct AnyCertificate;

    impl ServerCertVerifier for AnyCertificate {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }
}
