//! An HTTP/1.1 server for tests, on raw sockets: it answers requests with prepared replies in their order, makes
//! faults on the wire, and records what arrives.

mod reply;

pub use reply::{Piece, Reply, Then};

use serde::Serialize;
use socket2::SockRef;
use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, BufRead, BufReader, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

/// Longer than any test waits.
const FOR_EVER: Duration = Duration::from_secs(600);

/// A request as it arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Headers, names in lower case; repeated ones joined by commas.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
    /// The size of the body in bytes.
    pub size: usize,
    /// The number of the connection, from 1.
    pub connection: usize,
    /// Seconds since the server started.
    pub at: f64,
}

/// The events so far.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Log {
    /// The requests in the order of their arrival.
    pub requests: Vec<Recorded>,
    /// The number of connections that were made.
    pub connections: usize,
    /// The connections that the client has closed.
    pub closed: Vec<usize>,
    /// The deviations from the script.
    pub wrong: Vec<String>,
    /// The number of replies that were not asked for.
    pub left: usize,
}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    replies: VecDeque<Reply>,
    log: Log,
    open: Vec<Weak<TcpStream>>,
    stopped: bool,
}

impl Server {
    /// Starts a server with those replies.
    pub fn start(replies: Vec<Reply>) -> io::Result<Self> {
        let replies = replies.into_iter().map(Reply::with_sample).collect::<io::Result<VecDeque<_>>>()?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Mutex::new(State { replies, ..State::default() });
        let shared = Arc::new(Shared { started: Instant::now(), state });
        let accepting = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut state = accepting.state();
                if state.stopped {
                    return;
                }
                let Ok(stream) = stream.map(Arc::new) else { continue };
                state.log.connections += 1;
                state.open.push(Arc::downgrade(&stream));
                let connection = Connection { number: state.log.connections, stream, shared: accepting.clone() };
                drop(state);
                thread::spawn(move || connection.serve());
            }
        });
        Ok(Self { url, shared })
    }

    /// The address that it listens on.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The events so far.
    pub fn log(&self) -> Log {
        let state = self.shared.state();
        Log { left: state.replies.len(), ..state.log.clone() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.stopped = true;
        state.open.iter().filter_map(Weak::upgrade).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        drop(state);
        // Wakes the listener, so that it sees the end.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of the connection after a request.
#[derive(PartialEq)]
enum Next {
    Read,
    /// This side is done.
    Done,
    /// The other side has gone.
    Gone,
}

struct Connection {
    number: usize,
    stream: Arc<TcpStream>,
    shared: Arc<Shared>,
}

impl Connection {
    fn serve(self) {
        let _ = self.stream.set_nodelay(true);
        let mut reader = BufReader::new(&*self.stream);
        loop {
            let next = match read_request(&mut reader) {
                Ok(None) => Next::Gone,
                Ok(Some(request)) => {
                    let reply = self.reply_to(request);
                    self.answer(&reply).unwrap_or(Next::Gone)
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    self.shared.state().log.wrong.push(error.to_string());
                    Next::Done
                }
                Err(_) => Next::Gone,
            };
            match next {
                Next::Read => {}
                Next::Done => return,
                Next::Gone => {
                    let mut state = self.shared.state();
                    if !state.stopped {
                        state.log.closed.push(self.number);
                    }
                    return;
                }
            }
        }
    }

    /// Records the request and takes the next reply.
    fn reply_to(&self, mut request: Recorded) -> Reply {
        request.connection = self.number;
        request.at = self.shared.started.elapsed().as_secs_f64();
        let mut state = self.shared.state();
        let number = state.log.requests.len() + 1;
        let what = format!("request {number} has no reply in the script: {} {}", request.method, request.target);
        state.log.requests.push(request);
        state.replies.pop_front().unwrap_or_else(|| {
            state.log.wrong.push(what.clone());
            Reply { status: Some(599), body: Some(what), ..Reply::default() }
        })
    }

    fn answer(&self, reply: &Reply) -> io::Result<Next> {
        if !self.wait(Duration::from_millis(reply.before_ms))? {
            return Ok(Next::Gone);
        }
        if reply.accept_only {
            self.wait(FOR_EVER)?;
            return Ok(Next::Gone);
        }
        if reply.close_before_reply || reply.reset_before_reply {
            return self.leave(reply.reset_before_reply);
        }
        let parts = reply.parts()?;
        let length = parts.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut out = &*self.stream;
        let mut head = reply.head(length).into_bytes();
        for (wait, bytes) in parts {
            if !wait.is_zero() {
                out.write_all(&std::mem::take(&mut head))?;
                if !self.wait(wait)? {
                    return Ok(Next::Gone);
                }
            }
            // The head goes with the first part, as a busy server sends it.
            let mut message = std::mem::take(&mut head);
            if reply.is_chunked() {
                message.extend(format!("{:x}\r\n", bytes.len()).into_bytes());
                message.extend(bytes);
                message.extend(b"\r\n");
            } else {
                message.extend(bytes);
            }
            out.write_all(&message)?;
        }
        if reply.is_chunked() && matches!(reply.then, Then::Keep | Then::Close) {
            head.extend(b"0\r\n\r\n");
        }
        out.write_all(&head)?;
        match reply.then {
            Then::Hang => {
                self.wait(FOR_EVER)?;
                Ok(Next::Gone)
            }
            Then::Reset => self.leave(true),
            Then::Keep if !reply.is_endless() => Ok(Next::Read),
            _ => self.leave(false),
        }
    }

    /// Waits. `false` when the other side goes meanwhile.
    fn wait(&self, limit: Duration) -> io::Result<bool> {
        let end = Instant::now() + limit;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.peek(&mut [0]) {
                Ok(0) => return Ok(false),
                // The next request already: it waits, too.
                Ok(_) => thread::sleep(left),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
        self.stream.set_read_timeout(None)?;
        Ok(true)
    }

    /// Closes the connection, or resets it.
    fn leave(&self, reset: bool) -> io::Result<Next> {
        if reset {
            // Closing it then throws away what is under way, the other side's included.
            SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO))?;
        } else {
            self.stream.shutdown(Shutdown::Both)?;
        }
        Ok(Next::Done)
    }
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// The next request; none when the other side has closed the connection.
fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Recorded>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target), Some("HTTP/1.1")) = (words.next(), words.next(), words.next()) else {
        return Err(wrong(format!("this is no request line: {line:?}")));
    };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = BTreeMap::<String, String>::new();
    loop {
        let mut bytes = Vec::new();
        reader.read_until(b'\n', &mut bytes)?;
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| wrong(format!("this is no header: {line:?}")))?;
        let value = value.trim();
        headers
            .entry(name.to_ascii_lowercase())
            .and_modify(|all| *all = format!("{all}, {value}"))
            .or_insert_with(|| value.to_owned());
    }
    if headers.contains_key("transfer-encoding") {
        return Err(wrong("a request came in chunks"));
    }
    let length = headers.get("content-length").map_or(Ok(0), |text| text.parse());
    let mut body = vec![0; length.map_err(|_| wrong("content-length is no number"))?];
    reader.read_exact(&mut body)?;
    let (size, body) = (body.len(), String::from_utf8_lossy(&body).into_owned());
    Ok(Some(Recorded { method, target, headers, body, size, connection: 0, at: 0.0 }))
}
