//! TLS: a private authority, client certificates, and HTTP/2 where the other side offers it.
#![allow(clippy::unwrap_used)]

mod peer;

use bytes::Bytes;
use futures_util::{StreamExt, future::join_all, stream};
use http::{Response, Version};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{body::Frame, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use muxi_client::{ErrorKind, FormationClient, client};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig,
    server::WebPkiClientVerifier,
    sign::{CertifiedKey, SingleCertAndKey},
};
use std::{
    convert::Infallible,
    env, fs,
    io::{self, Write},
    net::SocketAddr,
    ops::Range,
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// An authority of our own, with a certificate for `localhost`.
struct Authority {
    folder: tempfile::TempDir,
    roots: Arc<RootCertStore>,
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: KeyPair,
    /// The number of handshakes that its servers have made.
    handshakes: Arc<AtomicUsize>,
    /// The number of streams that its servers allow on a connection.
    streams: u32,
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
        Self {
            folder,
            roots: Arc::new(roots),
            chain: vec![own.der().clone()],
            key,
            handshakes: Arc::default(),
            streams: 200,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::Relaxed)
    }

    /// A server that answers with the version of HTTP that it was asked in, and a chat with a stream that never ends.
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
        // Without a look at whether the two belong together.
        let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
        let certified = SingleCertAndKey::from(CertifiedKey::new(self.chain.clone(), key));
        let mut config = builder.with_cert_resolver(Arc::new(certified));
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (handshakes, streams) = (self.handshakes.clone(), self.streams);
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (acceptor, handshakes) = (acceptor.clone(), handshakes.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(socket).await else { return };
                    handshakes.fetch_add(1, Ordering::Relaxed);
                    let mut server = auto::Builder::new(TokioExecutor::new());
                    server.http2().max_concurrent_streams(streams);
                    let _ = server.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
                });
            }
        });
        address
    }
}

/// The number of requests that the servers have broken off.
static BROKEN: AtomicUsize = AtomicUsize::new(0);

async fn answer(
    request: http::Request<hyper::body::Incoming>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, &'static str> {
    if request.uri().path().ends_with("/triggers/break") {
        BROKEN.fetch_add(1, Ordering::Relaxed);
        return Err("broken off");
    }
    if request.uri().path().ends_with("/chat") {
        let event = Bytes::from(format!("data: {{\"text\":\"{}\"}}\n\n", "x".repeat(4000)));
        let flood = request.headers().get("x-muxi-user-id").is_some_and(|user| user == "flood");
        let events = stream::repeat_with(move || Ok(Frame::data(event.clone())));
        let events = events.take(if flood { usize::MAX } else { 1 }).chain(stream::pending());
        let reply = Response::builder().header("content-type", "text/event-stream");
        return Ok(reply.body(BodyExt::boxed(StreamBody::new(events))).unwrap());
    }
    let version = if request.version() == Version::HTTP_2 { "2" } else { "1.1" };
    let body = format!(r#"{{"status":"healthy","version":"{version}","uptime_seconds":1}}"#);
    Ok(Response::new(Full::new(Bytes::from(body)).boxed()))
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

/// A server with a self-signed certificate that is valid in those years, in a file of its own.
async fn self_signed(name: &str, is_authority: bool, years: Range<i32>) -> (Authority, SocketAddr) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if is_authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params.not_before = date_time_ymd(years.start, 1, 1);
    params.not_after = date_time_ymd(years.end, 1, 1);
    let key = KeyPair::generate().unwrap();
    let own = params.self_signed(&key).unwrap();
    let authority = Authority { chain: vec![own.der().clone()], key, ..Authority::new() };
    fs::write(authority.file("own.pem"), own.pem()).unwrap();
    let address = authority.serve(&["http/1.1"], false).await;
    (authority, address)
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_given_is_trusted_for_its_names_and_days() {
    for is_authority in [true, false] {
        let (known, address) = self_signed("localhost", is_authority, 2020..4000).await;
        let given = |authority: &Authority, address| builder(address).ca_file(authority.file("own.pem"));
        assert_eq!(version(given(&known, address)).await.unwrap(), "1.1", "{is_authority}");
        let (other, other_address) = self_signed("localhost", is_authority, 2020..4000).await;
        let refused = async |builder: Builder| {
            let error = version(builder).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connection);
            error.message().to_owned()
        };
        for (authority, address) in [(&known, other_address), (&other, address)] {
            let message = refused(given(authority, address)).await;
            assert!(message.contains("certificate") && message.contains("ca_file"), "{message}");
        }
        let (named, address) = self_signed("elsewhere.example", is_authority, 2020..4000).await;
        let message = refused(given(&named, address)).await;
        assert!(message.contains("not valid for name") && !message.contains("ca_file"), "{message}");
        let (expired, address) = self_signed("localhost", is_authority, 1990..2020).await;
        let message = refused(given(&expired, address)).await;
        assert!(message.contains("expired") && !message.contains("ca_file"), "{message}");
        let (early, address) = self_signed("localhost", is_authority, 3999..4000).await;
        let message = refused(given(&early, address)).await;
        assert!(message.contains("not valid yet"), "{message}");
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_that_is_given_is_trusted_itself() {
    let authority = Authority::new();
    let address = authority.serve(&["http/1.1"], false).await;
    assert_eq!(version(builder(address).ca_file(authority.file("own.pem"))).await.unwrap(), "1.1");
    let other = Authority::new();
    let error = version(builder(address).ca_file(other.file("own.pem"))).await.unwrap_err();
    assert!(error.message().contains("BadSignature") && error.message().contains("give the certificate"), "{error}");
    // The one who has the certificate, but not its key.
    let thief = Authority { chain: authority.chain.clone(), ..Authority::new() };
    let address = thief.serve(&["http/1.1"], false).await;
    assert!(version(builder(address).ca_file(authority.file("own.pem"))).await.is_err());
}

/// Says to a process of `child` which server to ask.
const PORT: &str = "PORT_OF_A_CHILD";

/// Does nothing unless `asked` runs it.
#[tokio::test]
async fn child() {
    let Ok(port) = env::var(PORT) else { return };
    let outcome = version(builder(([127, 0, 0, 1], port.parse().unwrap()).into())).await;
    // The test harness catches what `eprintln!` prints.
    io::stderr().write_all(outcome.unwrap_or_else(|error| error.to_string()).as_bytes()).unwrap();
}

/// The outcome of a request in a process whose environment says where the system's certificates are.
async fn asked(address: SocketAddr, name: &'static str, value: PathBuf) -> String {
    let run = move || {
        let mut command = Command::new(env::current_exe().unwrap());
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            command.env_remove(name);
        }
        command.args(["--exact", "child"]).env(PORT, address.port().to_string()).env(name, value).output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_variable_that_leads_nowhere_is_named() {
    let authority = Authority::new();
    let address = authority.serve(&["http/1.1"], false).await;
    assert_eq!(asked(address, "SSL_CERT_FILE", authority.file("ca.pem")).await, "1.1");
    assert_eq!(asked(address, "SSL_CERT_DIR", authority.folder.path().to_owned()).await, "1.1");
    let folder = tempfile::tempdir().unwrap();
    let (empty, other) = (folder.path().join("empty.pem"), Authority::new());
    fs::write(&empty, "").unwrap();
    for (name, value, why) in [
        ("SSL_CERT_FILE", PathBuf::from("/no/such/file.pem"), "where nothing can be read"),
        ("SSL_CERT_DIR", PathBuf::from("/no/such/folder"), "where nothing can be read"),
        ("SSL_CERT_FILE", empty, "where no certificate is"),
        ("SSL_CERT_DIR", folder.path().to_owned(), "where no certificate is"),
        ("SSL_CERT_FILE", other.file("own.pem"), "takes the place of the system's authorities"),
    ] {
        let error = asked(address, name, value.clone()).await;
        let expected = format!("{name} is {value:?}, ");
        assert!(error.contains(&expected) && error.contains(why) && error.contains("ca_file"), "{error}");
    }
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
        let trusting = || builder(address).ca_file(authority.file("ca.pem"));
        assert_eq!(version(trusting().http2(true)).await.unwrap(), spoken, "{offered:?}");
        assert_ne!(version(trusting()).await.unwrap(), "2", "it is off by default");
    }
}

fn http2_client(address: SocketAddr, authority: &Authority) -> FormationClient {
    let builder = builder(address).ca_file(authority.file("ca.pem")).client_key("ck").http2(true);
    builder.timeout(Duration::from_secs(5)).max_retries(0).build().unwrap()
}

#[tokio::test]
async fn calls_that_start_at_once_share_one_http2_connection() {
    let authority = Authority::new();
    let client = http2_client(authority.serve(&["h2", "http/1.1"], false).await, &authority);
    for reply in join_all((0..50).map(|_| client.health().into_future())).await {
        assert_eq!(reply.unwrap().version, "2");
    }
    assert_eq!(authority.handshakes(), 1);
}

#[tokio::test]
async fn calls_that_start_at_once_do_not_wait_for_each_other_without_http2() {
    let authority = Authority::new();
    let client = http2_client(authority.serve(&["http/1.1"], false).await, &authority);
    for reply in join_all((0..50).map(|_| client.health().into_future())).await {
        assert_eq!(reply.unwrap().version, "1.1");
    }
    assert!(authority.handshakes() > 1);
}

#[tokio::test]
async fn more_streams_than_a_server_allows_take_another_connection() {
    let authority = Authority { streams: 100, ..Authority::new() };
    let client = http2_client(authority.serve(&["h2"], false).await, &authority);
    client.health().await.unwrap();
    let opened = join_all((0..250).map(|_| client.chat_stream("hi").user_id("u").into_future())).await;
    let streams: Vec<_> = opened.into_iter().collect::<Result<_, _>>().unwrap();
    client.health().await.unwrap();
    assert_eq!(authority.handshakes(), 3);
    drop(streams);
    // There is room again.
    for reply in join_all((0..200).map(|_| client.health().into_future())).await {
        reply.unwrap();
    }
    assert_eq!(authority.handshakes(), 3);
}

#[tokio::test]
async fn streams_that_nobody_reads_do_not_hold_up_others() {
    let authority = Authority::new();
    let client = http2_client(authority.serve(&["h2"], false).await, &authority);
    let opened = join_all((0..5).map(|_| client.chat_stream("hi").user_id("flood").into_future())).await;
    let _streams: Vec<_> = opened.into_iter().collect::<Result<_, _>>().unwrap();
    // Until the server has sent all that it may.
    tokio::time::sleep(Duration::from_millis(500)).await;
    client.health().await.unwrap();
    assert_eq!(authority.handshakes(), 1);
}

#[tokio::test]
async fn a_request_that_a_shared_connection_breaks_off_is_not_sent_again() {
    let authority = Authority::new();
    let client = http2_client(authority.serve(&["h2"], false).await, &authority);
    client.health().await.unwrap();
    let error = client.fire_trigger("break", serde_json::json!({})).await.unwrap_err();
    assert_eq!((error.kind(), BROKEN.load(Ordering::Relaxed)), (ErrorKind::Connection, 1));
    client.health().await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_called_so() {
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = io::copy(&mut stream, &mut io::sink());
    });
    let client = FormationClient::builder().url(format!("https://localhost:{port}")).build().unwrap();
    let error = client.health().await.unwrap_err().to_string();
    assert!(error.contains("does not speak TLS: is it an http URL?"), "{error}");
}

/// A server that answers the first request on each connection, and says properly that it closes when the second comes.
async fn closes_properly() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (acceptor, requests) = (peer::tls::acceptor(&["http/1.1"]), Arc::new(AtomicUsize::new(0)));
    let counted = requests.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut stream = acceptor.accept(socket).await.unwrap();
            let mut request = [0; 4096];
            for number in 0..2 {
                if !matches!(stream.read(&mut request).await, Ok(1..)) {
                    break;
                }
                counted.fetch_add(1, Ordering::SeqCst);
                if number == 0 {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
                }
            }
            let _ = stream.shutdown().await;
        }
    });
    (port, requests)
}

#[tokio::test]
async fn a_connection_that_is_closed_properly_has_given_no_answer() {
    let (port, requests) = closes_properly().await;
    let builder = FormationClient::builder().base_url(format!("https://localhost:{port}"));
    let client = builder.danger_accept_any_certificate().pool_idle_timeout(peer::GUARD).build().unwrap();
    for _ in 0..3 {
        client.request("GET", "/x").await.unwrap();
    }
    // Each but the first was sent twice: over a connection that ended without an answer, and over a fresh one.
    assert_eq!(requests.load(Ordering::SeqCst), 5);
    let error = client.request("POST", "/x").await.unwrap_err().to_string();
    assert!(error.contains("may have been executed"), "{error}");
    assert_eq!(requests.load(Ordering::SeqCst), 6);
}
