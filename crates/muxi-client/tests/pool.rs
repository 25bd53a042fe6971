//! The life of connections: which call uses which, in which runtime, and the end of unused ones.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod peer;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use muxi_client::{CallOptions, ErrorKind, FormationClient, Result, blocking};
use peer::{DONE, GUARD, STREAM, formation, request, slice, wait_for_close, within_guard};
use std::{
    convert::Infallible,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{Notify, watch},
    task::{LocalSet, block_in_place, spawn_blocking},
    time::timeout,
};

const HEALTHY: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 57\r\n\r\n\
    {\"status\":\"healthy\",\"version\":\"1.0.0\",\"uptime_seconds\":1}";

fn client(address: SocketAddr) -> FormationClient {
    FormationClient::builder().url(format!("http://{address}")).max_retries(0).build().unwrap()
}

#[test]
fn idle_connections_close_by_themselves_whatever_became_of_their_runtime() {
    let (echo, address) = Echo::start(|| Then::Answers);
    let builder = FormationClient::builder().base_url(format!("http://{address}"));
    let client = builder.pool_idle_timeout(SHORT).build().unwrap();
    let goes_on = multi_thread();
    goes_on.block_on(connection_of(&client));
    echo.wait_until_all_are_closed();
    // Each of these has a connection, and ends with its call.
    for _ in 0..20 {
        current_thread().block_on(connection_of(&client));
    }
    assert_eq!(echo.accepted.load(Ordering::SeqCst), 21);
    echo.wait_until_all_are_closed();
    // This one stands still, and the body is read to its end outside of any runtime.
    let stands_still = current_thread();
    let call = async { client.stream("GET", "/x").await };
    drop(stands_still.block_on(call));
    echo.wait_until_all_are_closed();
}

/// Answers on each connection until it closes; tells of each.
fn serve(listener: TcpListener, accepted: mpsc::Sender<()>) {
    for connection in listener.incoming() {
        let mut connection: TcpStream = connection.unwrap();
        accepted.send(()).unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while matches!(connection.read(&mut buffer), Ok(1..)) {
                connection.write_all(HEALTHY.as_bytes()).unwrap();
            }
        });
    }
}

#[test]
fn a_client_outlives_the_runtime_of_its_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(listener.local_addr().unwrap());
    let (accepted, connections) = mpsc::channel();
    thread::spawn(move || serve(listener, accepted));
    for _ in 0..3 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..2 {
            let reply = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), client.health()).await });
            assert_eq!(reply.unwrap().unwrap().version, "1.0.0");
        }
    }
    assert_eq!(connections.try_iter().count(), 3, "one for each runtime");
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A short life of idle connections.
const SHORT: Duration = Duration::from_millis(200);

/// The behaviour of a connection after a request.
#[derive(Clone, Copy, Debug)]
enum Then {
    Answers,
    AnswersLate,
    AnswersInChunks,
    AnswersAndSaysThatItCloses,
    AnswersAndCloses,
    AnswersAndClosesHalf,
    /// With an answer that was not asked for.
    AnswersTwice,
    Closes,
    ClosesInTheMiddle,
}

impl Then {
    fn random(random: &Mutex<fastrand::Rng>) -> Self {
        use Then::{
            Answers, AnswersAndCloses, AnswersAndClosesHalf, AnswersAndSaysThatItCloses, AnswersInChunks, AnswersLate,
            AnswersTwice, Closes, ClosesInTheMiddle,
        };
        let ways = [
            AnswersLate,
            AnswersInChunks,
            AnswersAndSaysThatItCloses,
            AnswersAndCloses,
            AnswersAndClosesHalf,
            AnswersTwice,
            Closes,
            ClosesInTheMiddle,
        ];
        let mut random = random.lock().unwrap();
        if random.bool() { Answers } else { ways[random.usize(..ways.len())] }
    }
}

/// A server that answers with the last part of the path, and counts its connections.
#[derive(Default)]
struct Echo {
    accepted: AtomicUsize,
    open: AtomicUsize,
}

impl Echo {
    fn start(then: impl Fn() -> Then + Send + Sync + 'static) -> (Arc<Self>, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let echo = Arc::new(Self::default());
        let (counting, then) = (echo.clone(), Arc::new(then));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (echo, then) = (counting.clone(), then.clone());
                let number = echo.accepted.fetch_add(1, Ordering::SeqCst) + 1;
                echo.open.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    let _ = Self::serve(stream.unwrap(), number, &*then);
                    echo.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        (echo, address)
    }

    fn serve(mut stream: TcpStream, number: usize, then: &dyn Fn() -> Then) -> io::Result<()> {
        stream.set_nodelay(true)?;
        while let Some(asked) = request(&mut stream)? {
            let id = asked.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
            let answer = |id: &str, header: &str| {
                let body = format!("{{\"id\":\"{id}\",\"connection\":{number}}}");
                format!("HTTP/1.1 200 OK\r\n{header}content-length: {}\r\n\r\n{body}", body.len())
            };
            let whole = answer(id, "");
            let then = then();
            match then {
                Then::AnswersLate => thread::sleep(Duration::from_millis(3)),
                Then::Closes => return Ok(()),
                Then::ClosesInTheMiddle => return stream.write_all(&whole.as_bytes()[..whole.len() / 2]),
                Then::AnswersInChunks => {
                    let (head, body) = whole.split_once("\r\n\r\n").unwrap();
                    let head = head.split("content-length").next().unwrap();
                    let (one, two) = body.split_at(5);
                    stream.write_all(format!("{head}transfer-encoding: chunked\r\n\r\n5\r\n{one}\r\n").as_bytes())?;
                    thread::yield_now();
                    stream.write_all(format!("{:x}\r\n{two}\r\n0\r\n\r\n", two.len()).as_bytes())?;
                    continue;
                }
                Then::AnswersAndSaysThatItCloses => {
                    return stream.write_all(answer(id, "connection: close\r\n").as_bytes());
                }
                Then::AnswersTwice => {
                    stream.write_all(format!("{whole}{}", answer("of nobody", "")).as_bytes())?;
                    continue;
                }
                _ => {}
            }
            stream.write_all(whole.as_bytes())?;
            match then {
                Then::AnswersAndCloses => return Ok(()),
                Then::AnswersAndClosesHalf => stream.shutdown(Shutdown::Write)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn wait_until_all_are_closed(&self) {
        let began = std::time::Instant::now();
        while self.open.load(Ordering::SeqCst) > 0 {
            assert!(began.elapsed() < GUARD, "{} stay open", self.open.load(Ordering::SeqCst));
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The number of the connection that a call went over.
async fn connection_of(client: &FormationClient) -> u64 {
    let call = async { client.request("GET", "/x").await };
    timeout(GUARD, call).await.expect("it hangs").unwrap()["connection"].as_u64().unwrap()
}

#[test]
fn a_connection_is_used_in_its_runtime_only() {
    let (echo, address) = Echo::start(|| Then::Answers);
    let client =
        FormationClient::builder().base_url(format!("http://{address}")).pool_idle_timeout(GUARD).build().unwrap();
    let runtimes = [current_thread(), multi_thread(), current_thread()];
    for _ in 0..5 {
        for (number, runtime) in (1..).zip(&runtimes) {
            assert_eq!(runtime.block_on(connection_of(&client)), number);
        }
    }
    assert_eq!(echo.accepted.load(Ordering::SeqCst), runtimes.len());
}

/// Has a runtime make a call, and then blocks it while `others` runs.
fn while_another_runtime_is_blocked(client: &FormationClient, others: impl FnOnce()) {
    let (blocked, is_blocked) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let client = client.clone();
    let blocking = thread::spawn(move || {
        current_thread().block_on(async {
            let reply = client.request("GET", "/x").await;
            blocked.send(()).unwrap();
            // The wrong thing to do in a task.
            let _ = released.recv();
            drop(reply.unwrap());
        });
    });
    is_blocked.recv_timeout(GUARD).unwrap();
    others();
    drop(release);
    blocking.join().unwrap();
}

#[test]
fn no_call_waits_for_another_runtime() {
    let (_echo, address) = Echo::start(|| Then::Answers);
    let client = client(address);
    while_another_runtime_is_blocked(&client, || {
        for runtime in [current_thread(), multi_thread()] {
            for _ in 0..20 {
                runtime.block_on(connection_of(&client));
            }
        }
    });
}

/// A server that speaks HTTP/2 only, in a runtime of its own. It answers after that time.
struct Http2Server {
    _runtime: Runtime,
    url: String,
    accepted: Arc<AtomicUsize>,
    break_off: Arc<Notify>,
    /// Silences the connections that stand, also to what is asked later.
    is_mute: Arc<AtomicBool>,
    /// Has a message for each connection that has ended.
    ended: mpsc::Receiver<()>,
}

impl Http2Server {
    fn start(answers_after: Duration) -> Self {
        let runtime = multi_thread();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let (tls, accepted) = (peer::tls::acceptor(&["h2"]), Arc::new(AtomicUsize::new(0)));
        let (break_off, (end, ended)) = (Arc::new(Notify::new()), mpsc::channel());
        let (count, broken_off) = (accepted.clone(), break_off.clone());
        let is_mute = Arc::new(AtomicBool::new(false));
        let mute = is_mute.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (tls, end, broken_off, mute) = (tls.clone(), end.clone(), broken_off.clone(), mute.clone());
                tokio::spawn(async move {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let has_died = Arc::new(AtomicBool::new(false));
                    let answer = move |_| {
                        has_died.fetch_or(mute.load(Ordering::SeqCst), Ordering::SeqCst);
                        let has_died = has_died.load(Ordering::SeqCst);
                        async move {
                            if has_died {
                                std::future::pending::<()>().await;
                            }
                            tokio::time::sleep(answers_after).await;
                            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("{\"connection\":1}"))))
                        }
                    };
                    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    tokio::select! {
                        _ = server.serve_connection(TokioIo::new(stream), service_fn(answer)) => {}
                        () = broken_off.notified() => {}
                    }
                    let _ = end.send(());
                });
            }
        });
        Self { _runtime: runtime, url, accepted, break_off, is_mute, ended }
    }

    fn wait_until_all_are_closed(&self) {
        for _ in 0..self.accepted.swap(0, Ordering::SeqCst) {
            self.ended.recv_timeout(GUARD).expect("the client keeps an idle connection");
        }
    }
}

#[test]
fn no_call_over_http2_waits_for_another_runtime() {
    let server = Http2Server::start(Duration::ZERO);
    let builder = FormationClient::builder().base_url(&*server.url).http2(true);
    let client = builder.timeout(GUARD / 2).danger_accept_any_certificate().build().unwrap();
    while_another_runtime_is_blocked(&client, || {
        for runtime in [current_thread(), multi_thread()] {
            for _ in 0..20 {
                runtime.block_on(connection_of(&client));
            }
        }
    });
}

#[test]
fn idle_http2_connections_close_by_themselves() {
    // The first one is never idle while it waits for its answer.
    let server = Http2Server::start(SHORT * 2);
    let builder = FormationClient::builder().base_url(&*server.url).http2(true).danger_accept_any_certificate();
    let client = builder.pool_idle_timeout(SHORT).build().unwrap();
    let runtime = multi_thread();
    for _ in 0..2 {
        runtime.block_on(join_all((0..4).map(|_| connection_of(&client))));
        assert_eq!(server.accepted.load(Ordering::SeqCst), 1);
        server.wait_until_all_are_closed();
    }
}

#[test]
fn idle_http2_connections_of_a_blocking_client_close_by_themselves() {
    let server = Http2Server::start(SHORT * 2);
    let builder = blocking::FormationClient::builder().base_url(&*server.url).http2(true);
    let client = builder.danger_accept_any_certificate().pool_idle_timeout(SHORT).build().unwrap();
    for _ in 0..2 {
        client.request("GET", "/x").send().unwrap();
        server.wait_until_all_are_closed();
    }
}

#[test]
fn idle_connections_close_while_another_runtime_is_blocked() {
    let (url, streams) = formation("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    let client = FormationClient::builder().base_url(url).pool_idle_timeout(SHORT).build().unwrap();
    while_another_runtime_is_blocked(&client, || {
        let _first = streams.recv_timeout(GUARD).unwrap();
        let runtime = multi_thread();
        runtime.block_on(async { client.request("GET", "/x").await }).unwrap();
        wait_for_close(&streams.recv_timeout(GUARD).unwrap());
    });
}

#[test]
fn idle_connections_of_a_blocking_client_close_by_themselves() {
    const THREADS: usize = 4;
    let (echo, address) = Echo::start(|| Then::AnswersLate);
    let builder = blocking::FormationClient::builder().base_url(format!("http://{address}"));
    let client = builder.pool_idle_timeout(SHORT).build().unwrap();
    // A second time, after it has fallen silent.
    for turn in 1..=2 {
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| client.request("GET", "/x").send().unwrap());
            }
        });
        assert!(echo.accepted.load(Ordering::SeqCst) >= turn);
        echo.wait_until_all_are_closed();
    }
    // They are closed by the peer alone.
    client.request("GET", "/x").send().unwrap();
}

#[test]
fn an_http2_connection_that_ended_between_two_calls_is_not_used() {
    let server = Http2Server::start(Duration::ZERO);
    let builder = blocking::FormationClient::builder().base_url(&*server.url).http2(true);
    let client = builder.danger_accept_any_certificate().pool_idle_timeout(GUARD).build().unwrap();
    for _ in 0..10 {
        // This client's runtime stands still between two calls, so that only the system knows.
        client.request("POST", "/x").send().unwrap();
        server.break_off.notify_waiters();
        server.wait_until_all_are_closed();
    }
}

#[test]
fn a_connection_that_is_given_back_in_another_runtime_stays_with_its_own() {
    let answer =
        format!("{STREAM}{}{DONE}", slice("a")).replace("connection: close\r\n", "transfer-encoding: chunked\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let answer = format!("{head}\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = FormationClient::builder().url(format!("http://{}", listener.local_addr().unwrap())).client_key("k");
    let client = client.pool_idle_timeout(GUARD).build().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            thread::spawn(move || {
                while matches!(request(&mut stream), Ok(Some(_))) {
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    let (opening, reading) = (current_thread(), multi_thread());
    for _ in 0..3 {
        let mut stream = opening.block_on(async { client.chat_stream("x").await }).unwrap();
        let text = async { timeout(GUARD, stream.final_text()).await.expect("it hangs") };
        assert_eq!(reading.block_on(text).unwrap(), "a");
        drop(stream);
        // The runtime that opened it stands still now.
        let another = async { timeout(GUARD, async { client.chat_stream("x").await }).await.expect("it hangs") };
        reading.block_on(another).unwrap();
    }
}

#[test]
fn an_http2_connection_that_has_died_is_not_used_again() {
    let server = Http2Server::start(Duration::ZERO);
    let builder = FormationClient::builder().base_url(&*server.url).http2(true).timeout(SHORT);
    let client = builder.danger_accept_any_certificate().pool_idle_timeout(GUARD).build().unwrap();
    let runtime = multi_thread();
    let call = |client: &FormationClient| {
        let client = client.clone();
        runtime.block_on(async move { client.request("GET", "/x").await.map(drop) })
    };
    call(&client).unwrap();
    server.is_mute.store(true, Ordering::SeqCst);
    assert_eq!(call(&client).unwrap_err().kind(), ErrorKind::Timeout);
    server.is_mute.store(false, Ordering::SeqCst);
    let again = client.with_options(CallOptions::default().with_timeout(GUARD));
    call(&again).unwrap();
    assert_eq!(server.accepted.load(Ordering::SeqCst), 2);
}

/// Has something done when the thread's own values are destroyed.
#[cfg(unix)]
struct AtTheEnd(Box<dyn FnOnce() + Send>);

#[cfg(unix)]
impl Drop for AtTheEnd {
    fn drop(&mut self) {
        std::mem::replace(&mut self.0, Box::new(|| {}))();
    }
}

#[cfg(unix)]
thread_local!(static AT_THE_END: std::cell::RefCell<Option<AtTheEnd>> = const { std::cell::RefCell::new(None) });

// Not on Windows: there, destructors run in an order of all threads, and no thread starts meanwhile.
#[cfg(unix)]
#[test]
fn a_blocking_client_in_a_destructor_of_a_thread_is_an_error_and_no_abort() {
    let (url, streams) = formation(format!("{STREAM}{}", slice("a")));
    let (told, errors) = mpsc::channel();
    thread::spawn(move || {
        // Before the runtime's own values, so that those are gone when it runs.
        AT_THE_END.with(|last| last.borrow_mut().take());
        let client = blocking::FormationClient::builder().url(url).client_key("k").build().unwrap();
        let stream = client.chat_stream("x").send().unwrap();
        let last = AtTheEnd(Box::new(move || {
            drop(stream);
            let _ = told.send(client.health().send().map(drop));
        }));
        AT_THE_END.with(|place| place.borrow_mut().replace(last));
    });
    let error = errors.recv_timeout(GUARD).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidArgument, "THREAD_IS_ENDING"));
    wait_for_close(&streams.recv().unwrap());
}

/// A server, and a blocking client of it.
fn blocking_client() -> blocking::FormationClient {
    let (_, address) = Echo::start(|| Then::Answers);
    blocking::FormationClient::builder().base_url(format!("http://{address}")).timeout(GUARD).build().unwrap()
}

fn call(client: &blocking::FormationClient) -> Result<String> {
    Ok(client.request("GET", "/it").send()?["id"].as_str().unwrap().to_owned())
}

#[test]
fn a_blocking_client_works_where_blocking_is_expected() {
    let client = blocking_client();
    let works = |client: &blocking::FormationClient| assert_eq!(call(client).unwrap(), "it");
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            let client = client.clone();
            spawn_blocking(move || works(&client)).await.unwrap();
        });
        let _entered = runtime.enter();
        works(&client);
        let local = LocalSet::new();
        let client = client.clone();
        local.block_on(&runtime, async {
            tokio::task::spawn_local(async move { spawn_blocking(move || works(&client)).await })
                .await
                .unwrap()
                .unwrap();
        });
    }
    let runtime = multi_thread();
    runtime.block_on(async { block_in_place(|| works(&client)) });
    let in_task = client.clone();
    runtime.block_on(async { tokio::spawn(async move { block_in_place(|| works(&in_task)) }).await.unwrap() });
    runtime.block_on(async {
        let client = client.clone();
        let nested = move || block_in_place(|| works(&client));
        spawn_blocking(nested).await.unwrap();
    });
    works(&client);
}

fn refused(client: &blocking::FormationClient) {
    let error = call(client).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidArgument, "BLOCKING_IN_ASYNC"));
}

#[test]
fn a_blocking_client_is_refused_where_it_would_stall_a_runtime() {
    let client = blocking_client();
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async { refused(&client) });
        runtime.block_on(async {
            let client = client.clone();
            tokio::spawn(async move {
                refused(&client);
                tokio::task::yield_now().await;
                refused(&client);
            })
            .await
            .unwrap();
        });
        let local = LocalSet::new();
        local.block_on(&runtime, async {
            refused(&client);
            let client = client.clone();
            tokio::task::spawn_local(async move { refused(&client) }).await.unwrap();
        });
        runtime.block_on(local.run_until(async { refused(&client) }));
        runtime.block_on(async { join_all([1, 2].map(|_| async { refused(&client) })).await });
    }
    let runtime = multi_thread();
    runtime.block_on(async {
        let client = client.clone();
        let task = async move {
            block_in_place(|| call(&client)).unwrap();
            refused(&client);
        };
        tokio::spawn(task).await.unwrap();
    });
    assert_eq!(call(&client).unwrap(), "it", "a refusal breaks nothing");
}

#[test]
fn a_blocking_client_does_not_panic_after_block_in_place() {
    let client = blocking_client();
    multi_thread().block_on(async {
        block_in_place(|| call(&client)).unwrap();
        // The outcome there is open: a refused call stalls only this future.
        if let Err(error) = call(&client) {
            assert_eq!(error.code(), "BLOCKING_IN_ASYNC");
        }
    });
}

#[test]
fn a_blocking_stream_in_an_async_task_is_refused_and_stays_as_it_is() {
    for runtime in [current_thread(), multi_thread()] {
        let (url, streams) = formation(STREAM);
        let client = blocking::FormationClient::builder().url(url).client_key("k").build().unwrap();
        within_guard(move || {
            let mut stream = client.chat_stream("x").send().unwrap();
            let mut server = streams.recv().unwrap();
            let mut stream = runtime.block_on(async {
                assert_eq!(stream.next().unwrap().unwrap_err().code(), "BLOCKING_IN_ASYNC");
                assert_eq!(stream.text_deltas().next().unwrap().unwrap_err().code(), "BLOCKING_IN_ASYNC");
                assert_eq!(stream.final_text().unwrap_err().code(), "BLOCKING_IN_ASYNC");
                stream
            });
            server.write_all(slice("a").as_bytes()).unwrap();
            assert_eq!(stream.next().unwrap().unwrap().text(), Some("a"));
            runtime.block_on(async { drop(stream) });
            wait_for_close(&server);
        });
    }
}

#[test]
fn a_healthy_server_gets_no_more_connections_than_calls_at_once() {
    let (echo, address) = Echo::start(|| Then::AnswersInChunks);
    let client =
        FormationClient::builder().base_url(format!("http://{address}")).pool_idle_timeout(GUARD * 10).build().unwrap();
    let mut random = fastrand::Rng::with_seed(1);
    let runtimes = [current_thread(), multi_thread(), current_thread()];
    let mut most = [0; 3];
    for _ in 0..200 {
        let (which, at_once) = (random.usize(..3), random.usize(1..9));
        most[which] = at_once.max(most[which]);
        runtimes[which].block_on(join_all((0..at_once).map(|_| connection_of(&client))));
        let (accepted, allowed) = (echo.accepted.load(Ordering::SeqCst), most.iter().sum());
        assert!(accepted <= allowed, "{accepted} connections for {allowed} calls at once");
    }
}

/// The ids of all calls: no two have the same.
static IDS: AtomicUsize = AtomicUsize::new(0);

fn new_id() -> String {
    IDS.fetch_add(1, Ordering::SeqCst).to_string()
}

fn check(id: &str, outcome: Result<muxi_client::Response<serde_json::Value>>) {
    match outcome {
        Ok(reply) => assert_eq!(reply["id"], id, "the answer to another request"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Connection, "{error}"),
    }
}

async fn one_call(client: &FormationClient, method: &str) {
    let id = new_id();
    check(&id, client.request(method, format!("/{id}")).await);
}

/// Calls at random; then keeps its runtime going until it is told to stop.
async fn calls_at_random(client: FormationClient, seed: u64, mut stop: watch::Receiver<bool>) {
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..60 {
        let method = ["GET", "POST"][random.usize(..2)];
        match random.u8(..6) {
            0 | 1 => one_call(&client, method).await,
            2 => drop(join_all((0..random.usize(2..8)).map(|_| one_call(&client, method))).await),
            3 => drop(timeout(Duration::from_micros(random.u64(..3000)), one_call(&client, method)).await),
            4 => {
                let client = client.clone();
                let task = tokio::spawn(async move { one_call(&client, method).await });
                tokio::time::sleep(Duration::from_micros(random.u64(..1000))).await;
                task.abort();
                if let Err(error) = task.await {
                    assert!(error.is_cancelled(), "{error}");
                }
            }
            _ => tokio::time::sleep(Duration::from_millis(random.u64(..40))).await,
        }
    }
    let _ = stop.wait_for(|stops| *stops).await;
}

fn blocking_calls_at_random(client: &blocking::FormationClient, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..60 {
        let id = new_id();
        match random.u8(..4) {
            0 => thread::sleep(Duration::from_millis(random.u64(..40))),
            _ => check(&id, client.request(["GET", "POST"][random.usize(..2)], format!("/{id}")).send()),
        }
    }
}

/// A life of a pool: calls and cancelled calls in several runtimes, to a server whose connections die in every way.
fn life(seed: u64) {
    let random = Mutex::new(fastrand::Rng::with_seed(seed));
    let (echo, address) = Echo::start(move || Then::random(&random));
    let idle = Duration::from_millis(30);
    let url = format!("http://{address}");
    let client = FormationClient::builder().base_url(&*url).pool_idle_timeout(idle).timeout(GUARD).build().unwrap();
    let builder = blocking::FormationClient::builder().base_url(url).pool_idle_timeout(idle).timeout(GUARD);
    let blocking_client = builder.build().unwrap();
    let (stop, stopped) = watch::channel(false);
    let mut workers: Vec<_> = [current_thread(), current_thread(), multi_thread()]
        .into_iter()
        .zip(seed * 10..)
        .map(|(runtime, seed)| {
            let calls = calls_at_random(client.clone(), seed, stopped.clone());
            thread::spawn(move || runtime.block_on(calls))
        })
        .collect();
    drop(stopped);
    let blocking: Vec<_> = (seed * 10 + 5..)
        .take(2)
        .map(|seed| {
            let client = blocking_client.clone();
            thread::spawn(move || blocking_calls_at_random(&client, seed))
        })
        .collect();
    blocking.into_iter().for_each(|worker| worker.join().unwrap());
    // The clients still stand, and the runtimes go on, which is all that the idle connections need to close.
    echo.wait_until_all_are_closed();
    stop.send_replace(true);
    workers.drain(..).for_each(|worker| worker.join().unwrap());
}

#[test]
fn a_pool_whose_calls_and_connections_break_off_at_random_mixes_nothing_up() {
    for seed in 0..12 {
        within_guard(move || life(seed));
    }
}
