//! A small HTTP client: one request per connection.

use muxi_client::api::auth::Signer;
use muxi_local::Server;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

pub(crate) type Headers<'a> = &'a [(&'a str, &'a str)];

/// An answer that has been read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The events of a stream: name and data.
    pub(crate) fn events(&self) -> Vec<(String, Value)> {
        events(self.text())
    }
}

pub(crate) fn events(text: &str) -> Vec<(String, Value)> {
    let event = |block: &str| {
        let (name, data) = block.split_once('\n').unwrap();
        let data = data.strip_prefix("data: ").unwrap();
        (name.strip_prefix("event: ").unwrap().to_owned(), serde_json::from_str(data).unwrap())
    };
    text.split("\n\n").filter(|block| !block.trim().is_empty()).map(|block| event(block.trim())).collect()
}

pub(crate) fn start() -> Server {
    Server::spawn(Server::builder().key_id("key").secret_key("secret")).unwrap()
}

pub(crate) fn start_slowly(milliseconds: u64) -> Server {
    let builder = Server::builder().key_id("key").secret_key("secret");
    Server::spawn(builder.start_time(Duration::from_millis(milliseconds))).unwrap()
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The authorization header for a request.
pub(crate) fn sign(method: &str, target: &str) -> String {
    let path = percent_decode_str(target.split('?').next().unwrap()).decode_utf8().unwrap().into_owned();
    Signer::new("key", "secret").header(now(), method, &path)
}

/// Sends a request as it is and reads the answer to its end.
pub(crate) fn send(server: &Server, method: &str, target: &str, headers: Headers<'_>, body: &[u8]) -> Answer {
    read_answer(open(server, method, target, headers, body))
}

/// Reads an answer to its end.
pub(crate) fn read_answer(mut stream: TcpStream) -> Answer {
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).unwrap();
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n").expect("a complete head");
    let (head, body) = (std::str::from_utf8(&raw[..end]).unwrap(), &raw[end + 4..]);
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked { unchunk(body) } else { body.to_vec() };
    Answer { status, headers, body }
}

/// The same with the server's signature.
pub(crate) fn signed(server: &Server, method: &str, target: &str, headers: Headers<'_>, body: &[u8]) -> Answer {
    let authorization = sign(method, target);
    let mut all = vec![("Authorization", authorization.as_str())];
    all.extend_from_slice(headers);
    send(server, method, target, &all, body)
}

/// A signed request with a JSON body.
pub(crate) fn post(server: &Server, target: &str, body: &Value) -> Answer {
    signed(server, "POST", target, &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

/// Sends a request and leaves the answer to the caller.
pub(crate) fn open(server: &Server, method: &str, target: &str, headers: Headers<'_>, body: &[u8]) -> TcpStream {
    open_at(server.url(), method, target, headers, body).unwrap()
}

/// The same for a server that is known by its URL and may be gone.
pub(crate) fn open_at(
    url: &str,
    method: &str,
    target: &str,
    headers: Headers<'_>,
    body: &[u8],
) -> io::Result<TcpStream> {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    if !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all((head + "\r\n").as_bytes())?;
    // A server that refuses early may close before it has read everything.
    let _ = stream.write_all(body);
    Ok(stream)
}

/// Reads an open stream until a line contains `what`, and gives that line.
pub(crate) fn wait_for(reader: &mut BufReader<TcpStream>, what: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the stream ended before {what:?}");
        if line.contains(what) {
            return line;
        }
    }
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|window| window == b"\r\n").expect("a chunk size");
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return whole;
        }
        let start = end + 2;
        whole.extend_from_slice(&body[start..start + size]);
        body = &body[start + size + 2..];
    }
}
