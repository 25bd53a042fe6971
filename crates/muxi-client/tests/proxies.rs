//! Proxies: HTTP and SOCKS5, from a setting and from the environment.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod peer;

use muxi_client::{ErrorKind, blocking::FormationClient};
use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

const HEALTHY: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 57\r\n\r\n\
    {\"status\":\"healthy\",\"version\":\"1.0.0\",\"uptime_seconds\":1}";

/// A peer on a port of its own, and what it has noted.
struct Peer {
    address: String,
    noted: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    fn start(serve: impl Fn(TcpStream, &Mutex<Vec<String>>) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let noted = Arc::new(Mutex::default());
        let (serve, notes) = (Arc::new(serve), Arc::clone(&noted));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (serve, notes, stream) = (serve.clone(), Arc::clone(&notes), stream.unwrap());
                thread::spawn(move || drop(serve(stream, &notes)));
            }
        });
        Self { address, noted }
    }

    /// One that answers every request, and notes its first line.
    fn http() -> Self {
        Self::start(answer)
    }

    /// A SOCKS5 proxy in front of a formation. It notes user, password and the target that it is asked for.
    fn socks() -> Self {
        Self::start(|mut stream, notes| {
            let mut take = |count| -> io::Result<Vec<u8>> {
                let mut bytes = vec![0; count];
                stream.read_exact(&mut bytes)?;
                Ok(bytes)
            };
            let methods = take(2)?[1].into();
            let with_password = take(methods)?.contains(&2);
            stream.write_all(&[5, if with_password { 2 } else { 0 }])?;
            if with_password {
                let mut text = |before: usize| -> io::Result<String> {
                    let mut length = vec![0; before + 1];
                    stream.read_exact(&mut length)?;
                    let mut bytes = vec![0; length[before].into()];
                    stream.read_exact(&mut bytes)?;
                    Ok(String::from_utf8(bytes).unwrap())
                };
                let (user, password) = (text(1)?, text(0)?);
                notes.lock().unwrap().push(format!("{user} {password}"));
                stream.write_all(&[1, u8::from(password == "wrong")])?;
            }
            let mut head = [0; 4];
            stream.read_exact(&mut head)?;
            let length = match head[3] {
                1 => 4,
                4 => 16,
                _ => {
                    let mut length = [0];
                    stream.read_exact(&mut length)?;
                    length[0].into()
                }
            };
            let mut target = vec![0; length + 2];
            stream.read_exact(&mut target)?;
            let (host, port) = target.split_at(length);
            let host = if head[3] == 3 { String::from_utf8_lossy(host).into_owned() } else { format!("{host:?}") };
            notes.lock().unwrap().push(format!("{host} {}", u16::from_be_bytes([port[0], port[1]])));
            stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 1])?;
            answer(stream, notes)
        })
    }

    /// An HTTP proxy: one that answers in place of the origin, and makes tunnels.
    fn http_proxy() -> Self {
        Self::start(|mut stream, notes| {
            let mut head = Vec::new();
            // No further: what comes after the head is the tunnel's.
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte)?;
                head.extend(byte);
            }
            let head = String::from_utf8(head).unwrap();
            notes.lock().unwrap().push(head.lines().next().unwrap().replace(" HTTP/1.1", ""));
            let Some(target) = head.strip_prefix("CONNECT ") else { return stream.write_all(HEALTHY.as_bytes()) };
            let port = target.split([':', ' ']).nth(1).unwrap();
            let (mut origin, mut answers) = (TcpStream::connect(format!("127.0.0.1:{port}"))?, stream.try_clone()?);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            let mut questions = origin.try_clone()?;
            thread::spawn(move || io::copy(&mut stream, &mut questions));
            io::copy(&mut origin, &mut answers).map(drop)
        })
    }

    /// The same one, behind TLS.
    fn with_tls(&self) -> String {
        let (tls, behind) = (peer::tls::acceptor(&["h2", "http/1.1"]), self.address.clone());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let (tls, behind) = (tls.clone(), behind.clone());
                    tokio::spawn(async move {
                        let mut stream = tls.accept(stream).await?;
                        let mut behind = tokio::net::TcpStream::connect(behind).await?;
                        tokio::io::copy_bidirectional(&mut stream, &mut behind).await
                    });
                }
            });
        });
        format!("localhost:{port}")
    }

    fn noted(&self) -> Vec<String> {
        std::mem::take(&mut *self.noted.lock().unwrap())
    }
}

/// Answers requests; notes their first lines, and the header for a proxy.
fn answer(mut stream: TcpStream, notes: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(first) = lines.next() {
        let mut note = first?.replace(" HTTP/1.1", "");
        for line in lines.by_ref() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            if let Some((_, value)) = line.split_once("proxy-authorization:") {
                note.push_str(value);
            }
        }
        notes.lock().unwrap().push(note);
        stream.write_all(HEALTHY.as_bytes())?;
    }
    Ok(())
}

fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn health(url: &str, proxy: &str) -> muxi_client::Result<()> {
    FormationClient::builder().base_url(url).proxy(proxy).build()?.health().send().map(drop)
}

#[test]
fn a_socks_proxy_looks_the_name_up() {
    let proxy = Peer::socks();
    health("http://nowhere.invalid:81", &format!("socks5h://{}", proxy.address)).unwrap();
    assert_eq!(proxy.noted(), ["nowhere.invalid 81", "GET /health"]);
    health("http://nowhere.invalid", &format!("SOCKS5H://us%65r:w%6frd@{}/", proxy.address)).unwrap();
    assert_eq!(proxy.noted(), ["user word", "nowhere.invalid 80", "GET /health"]);
    health("http://[::1]:5", &format!("socks5h://{}", proxy.address)).unwrap();
    assert_eq!(
        proxy.noted(),
        [format!("{:?} 5", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), "GET /health".into()]
    );
}

#[test]
fn a_name_for_socks5_is_looked_up_here() {
    let proxy = Peer::socks();
    health("http://127.0.0.1:7", &format!("socks5://{}", proxy.address)).unwrap();
    assert_eq!(proxy.noted(), ["[127, 0, 0, 1] 7", "GET /health"]);
    health("http://localhost:7", &format!("socks5://{}", proxy.address)).unwrap();
    assert!(proxy.noted()[0].starts_with('['));
    let error = health("http://nowhere.invalid", &format!("socks5://{}", proxy.address)).unwrap_err();
    assert_eq!((error.kind(), proxy.noted().len()), (ErrorKind::Connection, 0), "{error}");
}

#[test]
fn a_proxy_that_does_not_work_is_named() {
    let socks = Peer::socks();
    let error = health("http://h:1", &format!("socks5h://user:wrong@{}", socks.address)).unwrap_err().to_string();
    let expected = format!("cannot connect to http://h:1 through the proxy {} (proxy): ", socks.address);
    assert!(error.contains(&expected) && error.contains("credentials not accepted"), "{error}");
    assert!(!error.contains("wrong"), "{error}");
    let dead = closed_port();
    for scheme in ["http", "https", "socks5", "socks5h"] {
        for origin in ["http://127.0.0.1:1", "https://127.0.0.1:1"] {
            let error = health(origin, &format!("{scheme}://u:hush@127.0.0.1:{dead}")).unwrap_err();
            let expected = format!("cannot connect to {origin} through the proxy 127.0.0.1:{dead} (proxy): ");
            assert!(error.message().contains(&expected) && error.kind() == ErrorKind::Connection, "{error}");
            assert!(error.message().contains("refused") && !error.message().contains("hush"), "{error}");
        }
    }
}

#[test]
fn a_proxy_behind_tls() {
    let (proxy, origin) = (Peer::http_proxy(), Peer::http());
    let (proxy_address, origin_address) = (proxy.with_tls(), origin.with_tls());
    let client = |url: &str, proxy: &str| {
        let builder = FormationClient::builder().base_url(url).proxy(proxy);
        builder.danger_accept_any_certificate().build().unwrap()
    };
    let through = format!("https://me:hush@{proxy_address}");
    client("http://nowhere.invalid:81", &through).health().send().unwrap();
    assert_eq!(proxy.noted(), ["GET http://nowhere.invalid:81/health"]);

    let secure = client(&format!("https://{origin_address}"), &through);
    for _ in 0..2 {
        secure.health().send().unwrap();
    }
    assert_eq!(proxy.noted(), [format!("CONNECT {origin_address}")]);
    assert_eq!(origin.noted(), ["GET /health", "GET /health"]);

    for url in ["http://h:1", "https://h:1"] {
        let error = health(url, &through).unwrap_err();
        let expected = format!("cannot connect to {url} through the proxy {proxy_address} (proxy): ");
        assert!(error.message().contains(&expected) && error.message().contains("UnknownIssuer"), "{error}");
        assert!(error.message().contains("ca_file") && !error.message().contains("hush"), "{error}");
    }
    assert!(proxy.noted().is_empty());
}

#[test]
fn a_proxy_that_breaks_off_is_named() {
    let proxy = Peer::start(|mut stream, _| stream.read(&mut [0; 10]).map(drop));
    let error = health("http://h", &format!("http://u:hush@{}", proxy.address)).unwrap_err();
    let expected = format!("the connection to http://h through the proxy {} (proxy) broke: ", proxy.address);
    assert!(error.message().contains(&expected) && !error.message().contains("hush"), "{error}");
}

/// Says to a process of `child` which URL to ask.
const URL: &str = "URL_OF_A_CHILD";

/// Does nothing unless `asked` runs it.
#[test]
fn child() {
    let Ok(url) = env::var(URL) else { return };
    let mut builder = FormationClient::builder().base_url(url);
    if env::var("WITHOUT").is_ok() {
        builder = builder.no_proxy();
    }
    if let Ok(proxy) = env::var("GIVEN") {
        builder = builder.proxy(proxy);
    }
    let outcome = builder.build().and_then(|client| client.health().send());
    let told = outcome.map_or_else(|error| format!("{:?} {error}", error.kind()), |_| "answered".to_owned());
    // The test harness catches what `eprintln!` prints.
    io::stderr().write_all(told.as_bytes()).unwrap();
}

/// The outcome of a request in a process with these variables, and no other proxy variables.
fn asked(url: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().to_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    let output = command.args(["--exact", "child"]).env(URL, url).envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn proxies_of_the_environment() {
    let (origin, http, socks) = (Peer::http(), Peer::http(), Peer::socks());
    let url = format!("http://{}", origin.address);
    let through_http = format!("http://user:word@{}", http.address);
    let through_socks = format!("socks5h://{}", socks.address);
    let (by_http, by_socks) = (&*through_http, &*through_socks);
    let port = origin.address.rsplit(':').next().unwrap();
    let (host_port, other_port) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", closed_port()));
    for (variables, expected) in [
        (&[][..], [1, 0, 0]),
        (&[("http_proxy", by_http)], [0, 1, 0]),
        (&[("HTTP_PROXY", by_http)], [0, 1, 0]),
        (&[("ALL_PROXY", by_http)], [0, 1, 0]),
        (&[("all_proxy", by_socks)], [0, 0, 2]),
        (&[("http_proxy", by_http), ("all_proxy", by_socks)], [0, 1, 0]),
        (&[("https_proxy", "nonsense://")], [1, 0, 0]),
        (&[("HTTP_PROXY", by_http), ("REQUEST_METHOD", "GET")], [1, 0, 0]),
        (&[("http_proxy", by_http), ("WITHOUT", "1")], [1, 0, 0]),
        (&[("http_proxy", "nonsense://"), ("WITHOUT", "1")], [1, 0, 0]),
        (&[("http_proxy", "nonsense://"), ("NO_PROXY", "*")], [1, 0, 0]),
        (&[("http_proxy", by_http), ("no_proxy", "a, 127.0.0.0/8")], [1, 0, 0]),
        (&[("http_proxy", by_http), ("no_proxy", &*host_port)], [1, 0, 0]),
        (&[("http_proxy", by_http), ("no_proxy", &*other_port)], [0, 1, 0]),
        (&[("http_proxy", by_http), ("NO_PROXY", "*"), ("GIVEN", by_socks)], [0, 0, 2]),
    ] {
        assert_eq!(asked(&url, variables), "answered", "{variables:?}");
        let noted = [origin.noted(), http.noted(), socks.noted()];
        assert_eq!([noted[0].len(), noted[1].len(), noted[2].len()], expected, "{variables:?}: {noted:?}");
        assert!(noted[1].iter().all(|line| *line == format!("GET {url}/health Basic dXNlcjp3b3Jk")), "{noted:?}");
    }
}

#[test]
fn what_is_wrong_in_the_environment_is_named_by_its_variable() {
    let dead = closed_port();
    let (dead_url, dead_socks) = (format!("127.0.0.1:{dead}"), format!("socks5://u:hush@127.0.0.1:{dead}"));
    let refused = |variable: &str| {
        format!("Connection CONNECTION_ERROR: cannot connect to http://h through the proxy {dead_url} ({variable}): ")
    };
    for (variable, value, expected) in [
        ("http_proxy", &*dead_url, refused("http_proxy")),
        ("ALL_PROXY", &dead_socks, String::new()),
        ("all_proxy", "socks4://me:hush@p", "all_proxy must be a URL like".to_owned()),
        ("HTTP_PROXY", "ftp://me:hush@p:1", "got \"ftp://***@p:1\": only http, https, socks5".to_owned()),
        ("http_proxy", "http://p:65536", "http_proxy must be".to_owned()),
        ("http_proxy", "http://p:hush", "got \"http://***\": the port must be".to_owned()),
        ("ALL_PROXY", "garbage value", "ALL_PROXY must be a URL like http://proxy:3128 or".to_owned()),
    ] {
        let told = asked("http://h", &[(variable, value)]);
        // Windows finds a variable by any case; it is named as it was looked for.
        let in_lower_case = |what: &str| what.replace("ALL_PROXY", "all_proxy").replace("HTTP_PROXY", "http_proxy");
        let is_told = |what: &str| told.contains(what) || cfg!(windows) && told.contains(&in_lower_case(what));
        assert!(is_told(&expected) && is_told(variable) && !told.contains("hush"), "{variable}: {told}");
    }
}
