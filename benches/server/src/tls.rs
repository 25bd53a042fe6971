//! TLS in front of the stub server: `muxi-bench-tls PORT UPSTREAM_PORT CA_FILE`.
//!
//! Makes a certificate authority and a certificate for localhost, writes the authority's to CA_FILE, and prints one
//! line for every handshake: `full` or `resumed`.

use std::{io::Write, sync::Arc};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{HandshakeKind, ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
};

type Failure = Box<dyn std::error::Error>;

fn certificates(ca_file: &str) -> Result<ServerConfig, Failure> {
    let mut params = rcgen::CertificateParams::new(Vec::new())?;
    // Their names must differ, or the one looks signed by itself.
    params.distinguished_name.push(rcgen::DnType::CommonName, "muxi-bench authority");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
    let ca_key = rcgen::KeyPair::generate()?;
    let ca = params.self_signed(&ca_key)?;
    std::fs::write(ca_file, ca.pem())?;
    let issuer = rcgen::Issuer::from_params(&params, ca_key);
    let key = rcgen::KeyPair::generate()?;
    let mut own = rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    own.distinguished_name = rcgen::DistinguishedName::new();
    own.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
    own.use_authority_key_identifier_extension = true;
    let own = own.signed_by(&key, &issuer)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    Ok(ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], key.into())?)
}

async fn serve(sock: TcpStream, tls: TlsAcceptor, upstream: u16) -> Result<(), Failure> {
    sock.set_nodelay(true)?;
    let mut sock = tls.accept(sock).await?;
    let kind = match sock.get_ref().1.handshake_kind() {
        Some(HandshakeKind::Resumed) => "resumed",
        _ => "full",
    };
    writeln!(std::io::stdout().lock(), "{kind}")?;
    let mut plain = TcpStream::connect(("127.0.0.1", upstream)).await?;
    plain.set_nodelay(true)?;
    tokio::io::copy_bidirectional(&mut sock, &mut plain).await?;
    Ok(())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, upstream, ca_file] = &arguments[..] else { return Err("give a port, the server's port, a file".into()) };
    let (port, upstream) = (port.parse::<u16>()?, upstream.parse()?);
    let tls = TlsAcceptor::from(Arc::new(certificates(ca_file)?));
    // SAFETY: plain resource-limit calls on this process.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let sock = TcpSocket::new_v4()?;
        sock.set_reuseaddr(true)?;
        sock.bind(([127, 0, 0, 1], port).into())?;
        let listener = sock.listen(16384)?;
        loop {
            let (sock, _) = listener.accept().await?;
            let tls = tls.clone();
            tokio::task::spawn_local(async move { drop(serve(sock, tls, upstream).await) });
        }
    })
}
