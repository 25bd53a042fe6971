//! TLS: whom to trust, and the client's own certificate.

use crate::{
    api::error::{Error, Result},
    config::Config,
};
use rustls::{
    ClientConfig,
    client::WantsClientCert,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{path::Path, sync::Arc};

/// The TLS of connections to an `https` origin. Reading the system's certificates takes time.
pub(super) fn tls(config: &Config) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
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
fn finish(builder: rustls::ConfigBuilder<ClientConfig, WantsClientCert>, config: &Config) -> Result<Arc<ClientConfig>> {
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
    if config.http2 {
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
