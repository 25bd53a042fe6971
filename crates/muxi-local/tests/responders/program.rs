//! The program with a script and a language model, which is reached over TLS.

use crate::endpoint::{Endpoint, Play};
use crate::local::Local;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, rustls};

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A TLS port in front of an address: its number, and the certificate that must be trusted.
async fn secure(address: String) -> (u16, String) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, address) = (acceptor.clone(), address.clone());
            tokio::spawn(async move {
                // A caller that does not trust the certificate leaves during the handshake.
                let Ok(mut near) = acceptor.accept(stream).await else { return };
                let mut far = TcpStream::connect(address).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (port, own.cert.pem())
}

fn start(arguments: &[&str], certificates: &std::path::Path) -> (Running, Local) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muxi-local"));
    command.args(["--port", "0", "--json"]).args(arguments).stdout(Stdio::piped());
    command.env("MUXI_LOCAL_LLM_KEY", "sk-secret").env("SSL_CERT_FILE", certificates).env_remove("SSL_CERT_DIR");
    let mut child = Running(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(!line.contains("sk-secret"), "{line}");
    (child, Local::announced(&line))
}

#[tokio::test]
async fn a_script_and_a_model_over_tls() {
    let endpoint = Endpoint::start([Play::Pieces(&["over ", "TLS"])]).await;
    let address = endpoint.url.strip_prefix("http://").and_then(|url| url.strip_suffix("/v1")).unwrap();
    let (port, certificate) = secure(address.to_owned()).await;
    let (mut script, mut trusted) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    script.write_all(b"- {when: {text: hello}, reply: scripted}").unwrap();
    trusted.write_all(certificate.as_bytes()).unwrap();
    let (script, url) = (script.path().to_str().unwrap(), format!("https://localhost:{port}/v1/"));
    let arguments = ["--script", script, "--llm-url", &url, "--llm-model", "tiny"];
    let (_running, local) = start(&arguments, trusted.path());
    assert_eq!(local.say("hello").await, "scripted");
    assert_eq!(local.say("else").await, "over TLS");
    let seen = endpoint.seen().remove(0);
    assert_eq!(
        (seen.headers["authorization"].to_str().unwrap(), &seen.json()["model"]),
        ("Bearer sk-secret", &"tiny".into())
    );

    // Another certificate than the one that is trusted.
    let (port, _) = secure(address.to_owned()).await;
    let url = format!("https://localhost:{port}/v1");
    let (_running, local) = start(&["--llm-url", &url], trusted.path());
    assert!(local.say("else").await.starts_with("I wasn't able"));
    assert_eq!(endpoint.seen().len(), 1);
}
