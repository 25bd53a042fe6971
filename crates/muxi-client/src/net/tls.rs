//! TLS: whom to trust, and the client's own certificate.

use crate::{
    api::error::{Error, Result},
    config::Network,
};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WantsClientCert, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use std::{
    env,
    ffi::{OsStr, OsString},
    fmt::Write as _,
    fs::File,
    io,
    path::Path,
    sync::Arc,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// TLS to one host.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    fn new(config: Arc<ClientConfig>, host: &str) -> Result<Self> {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let wrong = |e| Error::invalid(format!("{host:?} cannot be the host of an https URL")).with_source(e);
        Ok(Self { connector: config.into(), name: name.map_err(wrong)? })
    }

    /// Speaks TLS over a connection.
    pub(super) async fn secure<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<Box<TlsStream<S>>> {
        Ok(Box::new(self.connector.connect(self.name.clone(), stream).await?))
    }
}

/// The TLS of connections to an `https` origin.
pub(super) fn tls(network: &Network<'_>) -> Result<Tls> {
    Tls::new(config(network)?, network.base.host())
}

/// The TLS of connections to a proxy. The client's certificate and the protocols are the origin's.
pub(super) fn hop_tls(network: &Network<'_>, host: &str) -> Result<Tls> {
    Tls::new(config(&Network { client_certificate: None, http2: false, ..*network })?, host)
}

/// Reading the system's certificates takes time.
fn config(network: &Network<'_>) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::invalid("TLS cannot be set up").with_source(e))?;
    if !network.verify {
        let any = Arc::new(insecure::AnyCertificate);
        return finish(builder.dangerous().with_custom_certificate_verifier(any), network);
    }
    // Certificates that cannot be read are left out, as every TLS client does; none at all shows at the handshake.
    #[cfg(feature = "native-roots")]
    let native = rustls_native_certs::load_native_certs().certs;
    #[cfg(not(feature = "native-roots"))]
    let native = Vec::new();
    let mut roots = roots(native, variables().next().is_some());
    let Some(path) = network.ca_file else { return finish(builder.with_root_certificates(roots), network) };
    let own = certificates("ca_file", path)?;
    for certificate in &own {
        let wrong = |e| Error::invalid(format!("ca_file {} has a wrong certificate: {e}", path.display()));
        roots.add(certificate.clone()).map_err(wrong)?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let verifier = verifier.map_err(|e| Error::invalid("TLS cannot be set up").with_source(e))?;
    finish(builder.dangerous().with_custom_certificate_verifier(Arc::new(Own { own, verifier })), network)
}

/// The authorities to trust: the system's. Those of Mozilla, compiled in, take their place where there are none, unless
/// variables say which to trust.
fn roots(native: Vec<CertificateDer<'static>>, has_variables: bool) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(native);
    #[cfg(any(feature = "native-roots", feature = "webpki-roots"))]
    if cfg!(feature = "webpki-roots") || (roots.is_empty() && !has_variables) {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    #[cfg(not(any(feature = "native-roots", feature = "webpki-roots")))]
    let _ = has_variables;
    roots
}

/// The environment variables that are set to say where the system's certificates are.
fn variables() -> impl Iterator<Item = (&'static str, OsString)> {
    let names = if cfg!(feature = "native-roots") { &["SSL_CERT_FILE", "SSL_CERT_DIR"][..] } else { &[] };
    names.iter().filter_map(|name| Some((*name, env::var_os(name)?)))
}

/// The cures for a certificate of an unknown authority.
pub(super) fn hint() -> String {
    let mut hint = String::new();
    for (name, value) in variables() {
        let _ = match why_useless(&value) {
            Some(why) => write!(hint, "{name} is {value:?}, {why}; "),
            None => write!(hint, "{name} is {value:?}, which takes the place of the system's authorities; "),
        };
    }
    hint + "give the certificate of the server or of its authority as ca_file; for tests only, verify=False, in Rust \
            danger_accept_any_certificate(), accepts any"
}

/// The reason why nothing comes of a variable.
fn why_useless(value: &OsStr) -> Option<&'static str> {
    let is_there = |path: &Path| path.is_dir() || File::open(path).is_ok();
    if !env::split_paths(value).any(|path| is_there(&path)) {
        return Some("where nothing can be read");
    }
    let has_certificate =
        |path: &Path| CertificateDer::pem_file_iter(path).is_ok_and(|mut all| all.any(|one| one.is_ok()));
    let is_empty = |path: &Path| match path.read_dir() {
        Ok(entries) => !entries.flatten().any(|entry| has_certificate(&entry.path())),
        Err(_) => !has_certificate(path),
    };
    env::split_paths(value).all(|path| is_empty(&path)).then_some("where no certificate is")
}

/// Trusts the certificates of `ca_file`: not only as authorities, but also as a server's own. The usual self-signed one is
/// an authority's by its form, which webpki takes from no server.
#[derive(Debug)]
struct Own {
    own: Vec<CertificateDer<'static>>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Own {
    /// Tells whether a certificate stands in the file, and is valid now.
    fn trusts(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> bool {
        // Without authorities all that is left are the checks of the certificate itself, of which the dates are the first.
        // The signature by which the server proves that it has the key is checked elsewhere, as that of any certificate.
        let usage = webpki::KeyUsage::server_auth();
        let verdict = webpki::EndEntityCert::try_from(certificate)
            .and_then(|parsed| parsed.verify_for_usage(&[], &[], &[], now, usage, None, None).map(drop));
        let is_valid = matches!(verdict, Err(webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity));
        is_valid && self.own.iter().any(|own| own == certificate)
    }
}

impl ServerCertVerifier for Own {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.trusts(certificate, now) {
            verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        self.verifier.verify_server_cert(certificate, chain, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Adds the client's own certificate, and which versions of HTTP it speaks.
fn finish(
    builder: rustls::ConfigBuilder<ClientConfig, WantsClientCert>,
    network: &Network<'_>,
) -> Result<Arc<ClientConfig>> {
    let mut tls = match network.client_certificate {
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
    if network.http2 {
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

#[cfg(all(test, feature = "native-roots"))]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_authorities_has_those_of_mozilla() {
        assert_eq!(roots(Vec::new(), false).len(), webpki_roots::TLS_SERVER_ROOTS.len());
        // Variables that name authorities exclude all others.
        assert!(cfg!(feature = "webpki-roots") || roots(Vec::new(), true).is_empty());
    }

    #[test]
    fn the_reason_why_a_variable_is_useless() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "no certificate").unwrap();
        let why = |path: &Path| why_useless(path.as_os_str());
        assert_eq!(why(&folder.path().join("none")), Some("where nothing can be read"));
        assert_eq!(why(Path::new("")), Some("where nothing can be read"));
        assert_eq!(why(&empty), Some("where no certificate is"));
        assert_eq!(why(folder.path()), Some("where no certificate is"));
    }
}
