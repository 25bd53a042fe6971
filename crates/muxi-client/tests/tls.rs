//! TLS: a private authority, client certificates, and HTTP/2 where the other side offers it.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use http::{Response, Version};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use muxi_client::{ErrorKind, FormationClient, client};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use std::{convert::Infallible, fs, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// An authority of our own, with a certificate for `localhost`.
struct Authority {
    folder: tempfile::TempDir,
    roots: Arc<RootCertStore>,
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_key = KeyPair::generate().unwrap();
        let ca = params.self_signed(&ca_key).unwrap();
        let issuer = Issuer::new(params, ca_key);
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("ca.pem", ca.pem()), ("own.pem", own.pem()), ("own.key", key.serialize_pem())] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).unwrap();
        Self { folder, roots: Arc::new(roots), chain: vec![own.der().clone()], key }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A server that answers with the version of HTTP that it was asked in.
    async fn serve(&self, protocols: &[&str], asks_for_certificate: bool) -> SocketAddr {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let builder = if asks_for_certificate {
            let verifier = WebPkiClientVerifier::builder_with_provider(self.roots.clone(), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = rustls::pki_types::PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let mut config = builder.with_single_cert(self.chain.clone(), key).unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(socket).await else { return };
                    let service = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                        let version = if request.version() == Version::HTTP_2 { "2" } else { "1.1" };
                        let body = format!(r#"{{"status":"healthy","version":"{version}","uptime_seconds":1}}"#);
                        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(body))))
                    });
                    let _ =
                        auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        address
    }
}

type Builder = client::Builder<client::Formation, client::Async>;

fn builder(address: SocketAddr) -> Builder {
    FormationClient::builder().url(format!("https://localhost:{}", address.port()))
}

async fn version(builder: Builder) -> muxi_client::Result<String> {
    Ok(builder.build()?.health().await?.into_inner().version)
}

#[tokio::test]
async fn only_a_known_authority_is_trusted() {
    let authority = Authority::new();
    let address = authority.serve(&["http/1.1"], false).await;
    assert_eq!(version(builder(address)).await.unwrap_err().kind(), ErrorKind::Connection);
    assert_eq!(version(builder(address).ca_file(authority.file("ca.pem"))).await.unwrap(), "1.1");
    let missing = version(builder(address).ca_file(authority.file("none.pem"))).await.unwrap_err();
    assert!(missing.message().contains("ca_file"), "{missing}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_asks() {
    let authority = Authority::new();
    let address = authority.serve(&["http/1.1"], true).await;
    let trusting = || builder(address).ca_file(authority.file("ca.pem"));
    assert!(version(trusting()).await.is_err());
    let (own, key) = (authority.file("own.pem"), authority.file("own.key"));
    assert_eq!(version(trusting().client_certificate(&own, &key)).await.unwrap(), "1.1");
    let swapped = version(trusting().client_certificate(&key, &own)).await.unwrap_err();
    assert!(
        swapped.kind() == ErrorKind::InvalidArgument && swapped.message().contains("client_certificate"),
        "{swapped}"
    );
}

#[tokio::test]
async fn http2_is_spoken_where_it_is_offered() {
    let authority = Authority::new();
    for (offered, spoken) in [(&["h2", "http/1.1"][..], "2"), (&["http/1.1"], "1.1"), (&[], "1.1")] {
        let address = authority.serve(offered, false).await;
        let found = version(builder(address).ca_file(authority.file("ca.pem"))).await.unwrap();
        assert_eq!(found, spoken, "{offered:?}");
    }
}
