//! TLS in front of the stub server: `muxi-bench-tls PORT HTTP2_PORT UPSTREAM_PORT CA_FILE`.
//!
//! At the first port bytes are passed on as they are. At the second HTTP/2 is offered too; where it is agreed on, each
//! request goes to the stub server in HTTP/1.1, and the pieces of its reply come back as they arrive.
//!
//! Makes a certificate authority and a certificate for localhost, writes the authority's to CA_FILE, and prints one
//! line for every handshake: `full` or `resumed`.

use hyper::{Request, Version, body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use std::{io::Write, rc::Rc, sync::Arc};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{HandshakeKind, ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
    server::TlsStream,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// More than any case opens: a server's usual limit of 100 to 250 would have the client open more connections.
const MAX_STREAMS: u32 = 20_000;

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

/// The settings that a connection is served with.
struct Front {
    upstream: u16,
    tls: TlsAcceptor,
    /// Of HTTP/2, each request goes on in HTTP/1.1, over connections that are kept.
    plain: Client<HttpConnector, Incoming>,
}

impl Front {
    fn new(upstream: u16, mut tls: ServerConfig, protocols: &[&[u8]]) -> Self {
        tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let plain = Client::builder(TokioExecutor::new()).build(connector);
        Self { upstream, tls: TlsAcceptor::from(Arc::new(tls)), plain }
    }

    async fn serve(self: Rc<Self>, sock: TcpStream) -> Result<(), Failure> {
        sock.set_nodelay(true)?;
        let sock = self.tls.accept(sock).await?;
        let session = sock.get_ref().1;
        let kind = match session.handshake_kind() {
            Some(HandshakeKind::Resumed) => "resumed",
            _ => "full",
        };
        writeln!(std::io::stdout().lock(), "{kind}")?;
        if session.alpn_protocol() == Some(b"h2") { self.forward(sock).await } else { self.relay(sock).await }
    }

    async fn relay(&self, mut sock: TlsStream<TcpStream>) -> Result<(), Failure> {
        let mut plain = TcpStream::connect(("127.0.0.1", self.upstream)).await?;
        plain.set_nodelay(true)?;
        tokio::io::copy_bidirectional(&mut sock, &mut plain).await?;
        Ok(())
    }

    async fn forward(&self, sock: TlsStream<TcpStream>) -> Result<(), Failure> {
        let service = service_fn(|mut request: Request<Incoming>| {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let answer = format!("http://127.0.0.1:{}{path}", self.upstream).parse().map(|uri| {
                *request.uri_mut() = uri;
                *request.version_mut() = Version::HTTP_11;
                self.plain.request(request)
            });
            async move { Ok::<_, Failure>(answer?.await?) }
        });
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2.max_concurrent_streams(MAX_STREAMS).serve_connection(TokioIo::new(sock), service).await?;
        Ok(())
    }
}

async fn listen(port: u16, front: Front) -> Result<(), Failure> {
    let front = Rc::new(front);
    let sock = TcpSocket::new_v4()?;
    sock.set_reuseaddr(true)?;
    sock.bind(([127, 0, 0, 1], port).into())?;
    let listener = sock.listen(16384)?;
    loop {
        let (sock, _) = listener.accept().await?;
        let front = front.clone();
        tokio::task::spawn_local(async move { drop(front.serve(sock).await) });
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, http2_port, upstream, ca_file] = &arguments[..] else {
        return Err("give a port, one for HTTP/2, the server's port, a file".into());
    };
    let (port, http2_port, upstream) = (port.parse()?, http2_port.parse()?, upstream.parse()?);
    let tls = certificates(ca_file)?;
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
        let plain = listen(port, Front::new(upstream, tls.clone(), &[]));
        let http2 = listen(http2_port, Front::new(upstream, tls, &[b"h2", b"http/1.1"]));
        tokio::try_join!(plain, http2).map(drop)
    })
}
