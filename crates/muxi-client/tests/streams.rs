//! Streams that are interrupted, closed, cut or left unread.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod peer;

use futures_util::FutureExt;
use muxi_client::{
    ChatStream, CloseHandle, ErrorKind, FormationClient, Result,
    blocking::{self, FormationClient as BlockingClient},
};
use peer::{DONE, GUARD, STREAM, completed, formation, slice, wait_for_close, within_guard};
use socket2::SockRef;
use std::{
    future::{Future, IntoFuture},
    io::Write,
    net::TcpStream,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::{runtime, task::block_in_place, time::timeout};

/// Long enough for a reader to wait in most runs; what is tested holds also where it does not wait yet.
const A_MOMENT: Duration = Duration::from_millis(20);

async fn open(url: &str) -> ChatStream {
    FormationClient::builder().url(url).client_key("k").build().unwrap().chat_stream("x").await.unwrap()
}

fn open_blocking(url: &str) -> blocking::ChatStream {
    BlockingClient::builder().url(url).client_key("k").build().unwrap().chat_stream("x").send().unwrap()
}

fn write(mut stream: &TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
}

async fn soon<F: IntoFuture>(work: F) -> F::Output {
    timeout(GUARD, work.into_future()).await.expect("it hangs")
}

/// Runs it in a runtime of each kind.
fn in_each_runtime<F: Future<Output = ()>>(test: impl Fn() -> F) {
    runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test());
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test());
}

fn text_of(event: Option<Result<muxi_client::ChatEvent>>) -> String {
    event.unwrap().unwrap().text().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_read_that_is_dropped_loses_nothing() {
    let (url, streams) = formation(STREAM);
    let mut stream = open(&url).await;
    let server = streams.recv().unwrap();
    let event = slice("one");
    // Any place of an event is as good as another.
    for at in 0..event.len() {
        write(&server, &event[..at]);
        assert!(timeout(Duration::from_millis(1), stream.next()).await.is_err());
        assert!(stream.next().now_or_never().is_none());
        assert!(timeout(Duration::from_millis(1), stream.text_deltas().next()).await.is_err());
        write(&server, &event[at..]);
        assert_eq!(text_of(soon(stream.next()).await), "one");
    }
    assert!(timeout(Duration::from_millis(1), stream.final_text()).await.is_err());
    write(&server, DONE);
    assert_eq!(soon(stream.final_text()).await.unwrap(), "one".repeat(event.len()));
}

#[test]
fn closing_elsewhere_ends_a_waiting_read() {
    in_each_runtime(|| async {
        for reads_text in [false, true] {
            let (url, streams) = formation(format!("{STREAM}{}", slice("a")));
            let mut stream = open(&url).await;
            let server = streams.recv().unwrap();
            assert_eq!(text_of(soon(stream.next()).await), "a");
            let close = stream.close_handle();
            let reader = tokio::spawn(async move {
                let is_over = if reads_text {
                    stream.text_deltas().next().await.is_none()
                } else {
                    stream.next().await.is_none()
                };
                (is_over, stream)
            });
            tokio::time::sleep(A_MOMENT).await;
            assert!(!reader.is_finished());
            let closer = tokio::spawn(async move { close.close() });
            let (is_over, mut stream) = soon(reader).await.unwrap();
            soon(closer).await.unwrap();
            assert!(is_over);
            assert!(soon(stream.next()).await.is_none());
            assert!(soon(stream.text_deltas().next()).await.is_none());
            assert_eq!(soon(stream.final_text()).await.unwrap_err().kind(), ErrorKind::Closed);
            assert_eq!(soon(stream.collect_turn()).await.unwrap_err().kind(), ErrorKind::Closed);
            // The stream is still there; its connection is not.
            block_in_place_or_not(|| wait_for_close(&server));
            assert!(stream.close_handle().is_closed());
        }
    });
}

/// Waits for another thread, which no runtime's work is needed for.
fn block_in_place_or_not<T>(wait: impl FnOnce() -> T) -> T {
    match runtime::Handle::current().runtime_flavor() {
        runtime::RuntimeFlavor::MultiThread => block_in_place(wait),
        _ => wait(),
    }
}

#[test]
fn closing_elsewhere_closes_the_connection_though_nobody_reads() {
    in_each_runtime(|| async {
        let (url, streams) = formation(format!("{STREAM}{}", slice("a")));
        let mut stream = open(&url).await;
        let server = streams.recv().unwrap();
        assert_eq!(text_of(soon(stream.next()).await), "a");
        let close = stream.close_handle();
        thread::spawn(move || close.close());
        // This task is busy, and so is its runtime where it has no other thread.
        wait_for_close(&server);
        assert!(soon(stream.next()).await.is_none());
        assert_eq!(soon(stream.final_text()).await.unwrap_err().kind(), ErrorKind::Closed);
    });
    within_guard(|| {
        let (url, streams) = formation(format!("{STREAM}{}", slice("a")));
        let mut stream = open_blocking(&url);
        let server = streams.recv().unwrap();
        stream.next().unwrap().unwrap();
        let close = stream.close_handle();
        thread::spawn(move || close.close());
        wait_for_close(&server);
        assert!(stream.next().is_none());
        assert_eq!(stream.final_text().unwrap_err().kind(), ErrorKind::Closed);
    });
}

#[tokio::test]
async fn a_close_handle_keeps_nothing_open() {
    let (url, streams) = formation(STREAM);
    let stream = open(&url).await;
    let server = streams.recv().unwrap();
    let close = stream.close_handle();
    drop(stream);
    wait_for_close(&server);
    assert!(!close.is_closed());
    close.close();
}

#[tokio::test]
async fn events_that_wait_for_a_slow_reader_are_no_silence() {
    const IDLE: Duration = Duration::from_secs(2);
    // The length of the last read depends on the network.
    let reads = [1, 513, 600, 700, 800, 900, 1000, 1500, 2000, 3000].map(|kib| async move {
        let (url, streams) = formation(STREAM);
        let builder = FormationClient::builder().url(&*url).client_key("k").stream_idle_timeout(IDLE);
        let mut stream = builder.build().unwrap().chat_stream("x").await.unwrap();
        let server = streams.recv().unwrap();
        let long = slice(&"x".repeat(kib << 10));
        let writer = thread::spawn(move || {
            write(&server, &long);
            server
        });
        assert_eq!(text_of(stream.next().await).len(), kib << 10);
        let server = writer.join().unwrap();
        write(&server, &slice("small"));
        tokio::time::sleep(IDLE + A_MOMENT).await;
        assert_eq!(text_of(stream.next().await), "small", "after {kib} KiB");
        assert_eq!(soon(stream.next()).await.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
    });
    soon(futures_util::future::join_all(reads)).await;
}

#[tokio::test]
async fn closing_elsewhere_ends_the_wait_for_a_result() {
    let (url, streams) = formation(STREAM);
    let mut stream = open(&url).await;
    let server = streams.recv().unwrap();
    let close = stream.close_handle();
    let reader = tokio::spawn(async move { stream.final_text().await });
    tokio::time::sleep(A_MOMENT).await;
    thread::spawn(move || close.close());
    assert_eq!(soon(reader).await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
    wait_for_close(&server);
}

#[test]
fn closing_elsewhere_ends_a_read_that_blocks() {
    within_guard(|| {
        type Read = fn(&mut blocking::ChatStream) -> bool;
        let reads: [Read; 3] = [
            |stream| stream.next().is_none(),
            |stream| stream.text_deltas().next().is_none(),
            |stream| stream.final_text().unwrap_err().kind() == ErrorKind::Closed,
        ];
        for read in reads {
            let (url, streams) = formation(format!("{STREAM}{}", slice("a")));
            let mut stream = open_blocking(&url);
            let server = streams.recv().unwrap();
            assert_eq!(text_of(stream.next()), "a");
            let close = stream.close_handle();
            let reader = thread::spawn(move || (read(&mut stream), stream));
            thread::sleep(A_MOMENT);
            assert!(!reader.is_finished());
            close.close();
            let (is_over, mut stream) = reader.join().unwrap();
            assert!(is_over);
            assert!(stream.next().is_none() && stream.text_deltas().next().is_none());
            assert_eq!(stream.final_text().unwrap_err().kind(), ErrorKind::Closed);
            assert_eq!(stream.collect_turn().unwrap_err().kind(), ErrorKind::Closed);
            wait_for_close(&server);
        }
    });
}

#[tokio::test]
async fn what_was_read_ahead_goes_with_a_close() {
    let (url, streams) = formation(format!("{STREAM}{}{}{DONE}", slice("a"), slice("b")));
    let mut stream = open(&url).await;
    let _server = streams.recv().unwrap();
    assert_eq!(text_of(soon(stream.next()).await), "a");
    stream.close_handle().close();
    assert!(soon(stream.next()).await.is_none());
    assert_eq!(soon(stream.final_text()).await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_stream_that_is_over_is_not_changed_by_a_close() {
    let (url, _streams) = formation(format!("{STREAM}{}{DONE}", slice("a")));
    let mut stream = open(&url).await;
    assert_eq!(soon(stream.final_text()).await.unwrap(), "a");
    stream.close();
    assert_eq!(soon(stream.final_text()).await.unwrap(), "a");
}

/// The ends of a stream that are failures, each with its code.
fn failures() -> Vec<(String, &'static str)> {
    let (first, rest) = (slice("a"), "data: {\"token\":{\"type\":\"con");
    vec![
        (first.clone(), "STREAM_CUT"),
        (format!("{first}{rest}"), "STREAM_CUT"),
        (format!("{first}{}", completed("ab")), "STREAM_CUT"),
        (format!("{first}event: error\ndata: {{\"error\":\"boom\",\"type\":\"ValueError\"}}\n\n"), "INTERNAL_ERROR"),
    ]
}

#[tokio::test]
async fn a_failure_is_told_once_by_a_read_and_always_by_a_result() {
    for (written, code) in failures() {
        let (url, streams) = formation(format!("{STREAM}{written}"));
        let mut stream = open(&url).await;
        drop(streams.recv().unwrap());
        assert_eq!(text_of(soon(stream.next()).await), "a");
        let mut told = Vec::new();
        while let Some(event) = soon(stream.next()).await {
            told.extend(event.err());
        }
        assert_eq!(told.len(), 1, "{written}");
        assert_eq!(told[0].code(), code, "{written}");
        for _ in 0..3 {
            assert!(soon(stream.next()).await.is_none());
            assert!(soon(stream.text_deltas().next()).await.is_none(), "a turn that broke off has no rest");
            let error = soon(stream.final_text()).await.unwrap_err();
            assert_eq!((error.code(), error.message()), (code, told[0].message()));
            assert_eq!(soon(stream.collect_turn()).await.unwrap_err().code(), code);
        }
        stream.close();
        assert_eq!(soon(stream.final_text()).await.unwrap_err().code(), code, "a close changes no failure");
        let mut raw = stream.into_raw();
        assert!(soon(raw.next()).await.is_none());
        for _ in 0..2 {
            assert_eq!(soon(raw.next_batch()).await.unwrap_err().code(), code);
        }
    }
}

#[test]
fn a_failure_is_told_once_by_a_read_that_blocks_and_always_by_a_result() {
    within_guard(|| {
        for (written, code) in failures() {
            let (url, streams) = formation(format!("{STREAM}{written}"));
            let mut stream = open_blocking(&url);
            drop(streams.recv().unwrap());
            assert_eq!(text_of(stream.next()), "a");
            let told: Vec<_> = stream.by_ref().filter_map(|event| event.err()).collect();
            assert_eq!(told.len(), 1, "{written}");
            assert_eq!(told[0].code(), code, "{written}");
            for _ in 0..3 {
                assert!(stream.next().is_none());
                assert!(stream.text_deltas().next().is_none());
                let error = stream.final_text().unwrap_err();
                assert_eq!((error.code(), error.message()), (code, told[0].message()));
                assert_eq!(stream.collect_turn().unwrap_err().code(), code);
            }
        }
    });
}

#[tokio::test]
async fn the_first_result_tells_a_failure_that_no_read_has_told() {
    let (url, streams) = formation(format!("{STREAM}{}", slice("a")));
    let mut stream = open(&url).await;
    drop(streams.recv().unwrap());
    for _ in 0..3 {
        assert_eq!(soon(stream.final_text()).await.unwrap_err().code(), "STREAM_CUT");
    }
    assert!(soon(stream.next()).await.is_none());
}

#[tokio::test]
async fn slices_that_are_read_anew_are_not_repeated() {
    let (url, streams) = formation(STREAM);
    let mut stream = open(&url).await;
    let server = streams.recv().unwrap();
    let texts = ["one ", "two ", "three ", "four"];
    let mut read = Vec::new();
    for text in texts {
        let event = slice(text);
        write(&server, &event[..20]);
        assert!(timeout(Duration::from_millis(1), stream.text_deltas().next()).await.is_err());
        write(&server, &event[20..]);
        read.push(soon(stream.text_deltas().next()).await.unwrap().unwrap());
    }
    assert_eq!(read, texts);
    write(&server, &format!("{}{DONE}", completed(&texts.concat())));
    assert!(soon(stream.text_deltas().next()).await.is_none());
    assert!(soon(stream.text_deltas().next()).await.is_none());
    assert_eq!(soon(stream.final_text()).await.unwrap(), texts.concat());
}

#[test]
fn an_answer_without_slices_comes_once() {
    let written = format!("{STREAM}{}{DONE}", completed("all"));
    in_each_runtime(|| async {
        let (url, streams) = formation(written.clone());
        let mut stream = open(&url).await;
        let _server = streams.recv().unwrap();
        assert_eq!(soon(stream.text_deltas().next()).await.unwrap().unwrap(), "all");
        assert!(soon(stream.text_deltas().next()).await.is_none());
        assert_eq!(soon(stream.final_text()).await.unwrap(), "all");
    });
    let (url, streams) = formation(written);
    within_guard(move || {
        let mut stream = open_blocking(&url);
        let _server = streams.recv().unwrap();
        assert_eq!(stream.text_deltas().next().unwrap().unwrap(), "all");
        assert!(stream.text_deltas().next().is_none());
        assert_eq!(stream.final_text().unwrap(), "all");
    });
}

#[tokio::test]
async fn a_result_has_what_was_read_before() {
    let texts = ["a", "b", "c", "d"];
    let written = format!("{STREAM}{}{DONE}", texts.map(slice).concat());
    for (events, slices) in [(0, 0), (1, 0), (0, 1), (2, 1), (1, 2), (0, 4), (4, 0), (5, 0), (2, 3)] {
        let (url, streams) = formation(written.clone());
        let mut stream = open(&url).await;
        let _server = streams.recv().unwrap();
        for _ in 0..events {
            soon(stream.next()).await.unwrap().unwrap();
        }
        for _ in 0..slices {
            let _ = soon(stream.text_deltas().next()).await;
        }
        assert_eq!(soon(stream.final_text()).await.unwrap(), "abcd", "{events} {slices}");
        assert_eq!(soon(stream.collect_turn()).await.unwrap().text, "abcd", "{events} {slices}");
        let (blocking_url, url_streams) = formation(written.clone());
        within_guard(move || {
            let mut stream = open_blocking(&blocking_url);
            let _server = url_streams.recv().unwrap();
            stream.by_ref().take(events).for_each(|event| drop(event.unwrap()));
            stream.text_deltas().take(slices).for_each(|slice| drop(slice.unwrap()));
            assert_eq!(stream.final_text().unwrap(), "abcd", "{events} {slices}");
        });
    }
}

/// Writes events of 100 KB for as long as the client takes them, at least until it reads no more; the number of bytes that
/// it took.
fn flood(server: &TcpStream, reads: &AtomicBool) -> usize {
    const MOST: usize = 256 << 20;
    SockRef::from(server).set_send_buffer_size(64 << 10).unwrap();
    server.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let event = slice(&"x".repeat(100_000));
    let mut taken = 0;
    while taken < MOST {
        let mut server = server;
        match server.write(&event.as_bytes()[taken % event.len()..]) {
            Ok(bytes) => taken += bytes,
            Err(_) if reads.load(Ordering::SeqCst) => {}
            Err(_) => break,
        }
    }
    taken
}

/// The bytes that the system accepts for a client that does not read: its buffer begins at 128 KB, and grows when it is
/// read.
const SYSTEM_BUFFERS: usize = 8 << 20;
/// The bytes that are read ahead: 1 MiB, an event, and what is on its way.
const READ_AHEAD: usize = 4 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_nobody_reads_takes_few_bytes() {
    for read in [0, 1, 20] {
        let (url, streams) = formation(STREAM);
        let mut stream = open(&url).await;
        let server = streams.recv().unwrap();
        let reads = Arc::new(AtomicBool::new(true));
        let still_reads = reads.clone();
        let flooding = tokio::task::spawn_blocking(move || (flood(&server, &still_reads), server));
        for _ in 0..read {
            soon(stream.next()).await.unwrap().unwrap();
        }
        reads.store(false, Ordering::SeqCst);
        let (taken, _server) = flooding.await.unwrap();
        let most = read * 100_100 + READ_AHEAD + SYSTEM_BUFFERS;
        assert!(taken < most, "{taken} bytes after {read} events");
    }
}

#[test]
fn a_blocking_stream_that_nobody_reads_takes_few_bytes() {
    within_guard(|| {
        let (url, streams) = formation(STREAM);
        let mut stream = open_blocking(&url);
        let server = streams.recv().unwrap();
        let reads = Arc::new(AtomicBool::new(true));
        let still_reads = reads.clone();
        let flooding = thread::spawn(move || (flood(&server, &still_reads), server));
        stream.next().unwrap().unwrap();
        reads.store(false, Ordering::SeqCst);
        let (taken, _server) = flooding.join().unwrap();
        assert!(taken < READ_AHEAD + SYSTEM_BUFFERS, "{taken} bytes");
    });
}

/// Slices with halves of surrogate pairs, and the text that they make.
const HALVES: (&[&str], &str) = (
    &["a\\ud83d", "\\ude00 b", "\\ud83d", "\\ude01", "\\ude02c", "d\\ud83dx", "\\u00e9\\ud83d"],
    "a\u{1f600} b\u{1f601}\u{fffd}cd\u{fffd}xé\u{fffd}",
);

#[tokio::test]
async fn halves_of_pairs_in_slices_are_joined_or_replaced() {
    let (slices, whole) = HALVES;
    let written: String = slices.iter().map(|text| slice(text)).collect();
    let written = format!("{STREAM}{written}{DONE}");
    let (url, streams) = formation(written.clone());
    let mut stream = open(&url).await;
    let _server = streams.recv().unwrap();
    let mut read = String::new();
    let mut deltas = stream.text_deltas();
    while let Some(text) = soon(deltas.next()).await {
        read.push_str(&text.unwrap());
    }
    assert_eq!(read, whole);
    assert_eq!(soon(stream.final_text()).await.unwrap(), whole);
    let (url, streams) = formation(written);
    within_guard(move || {
        let mut stream = open_blocking(&url);
        let _server = streams.recv().unwrap();
        let read: String = stream.by_ref().filter_map(|event| event.unwrap().text().map(str::to_owned)).collect();
        assert_eq!((read.as_str(), stream.final_text().unwrap().as_str()), (whole, whole));
    });
}

/// A reply of `chat`, whose answer is written as JSON has it.
fn reply(text: &str) -> String {
    let body = format!(
        "{{\"success\":true,\"request\":{{\"id\":\"req_{text}\"}},\"data\":{{\"user_id\":\"0\",\"message\":\
         {{\"role\":\"assistant\",\"content\":\"{text}\"}}}}}}"
    );
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_lone_half_in_a_reply_is_replaced() {
    for (text, expected) in
        [("a\\ud83d", "a\u{fffd}"), ("\\ude00b", "\u{fffd}b"), ("\\ud83d\\ude00\\\\ud83d", "\u{1f600}\\ud83d")]
    {
        let (url, _streams) = formation(reply(text));
        let client = FormationClient::builder().url(&*url).client_key("k").build().unwrap();
        let answer = soon(client.chat("x")).await.unwrap();
        assert_eq!(answer.text(), expected);
        assert_eq!(answer.request_id().unwrap(), format!("req_{expected}"));
        let value = soon(client.request("POST", "/chat").reply_as::<serde_json::Value>()).await.unwrap().into_inner();
        assert_eq!(value["message"]["content"], expected);
        let expected = expected.to_owned();
        let answer = within_guard(move || {
            let client = BlockingClient::builder().url(url).client_key("k").build().unwrap();
            client.chat("x").send().unwrap().text()
        });
        assert_eq!(answer, expected);
    }
}

/// A stream of either face.
enum Face {
    Async(ChatStream),
    Blocking(blocking::ChatStream),
}

impl Face {
    /// The text of the next event.
    async fn next(&mut self) -> Option<Result<String>> {
        let event = match self {
            Self::Async(stream) => soon(stream.next()).await,
            Self::Blocking(stream) => block_in_place(|| stream.next()),
        };
        event.map(|event| event.map(|event| event.text().unwrap_or_default().to_owned()))
    }

    async fn slice(&mut self) -> Option<Result<String>> {
        match self {
            Self::Async(stream) => soon(stream.text_deltas().next()).await,
            Self::Blocking(stream) => block_in_place(|| stream.text_deltas().next()),
        }
    }

    async fn either(&mut self, slices: bool) -> Option<Result<String>> {
        if slices { self.slice().await } else { self.next().await }
    }

    async fn final_text(&mut self) -> Result<String> {
        match self {
            Self::Async(stream) => soon(stream.final_text()).await,
            Self::Blocking(stream) => block_in_place(|| stream.final_text()),
        }
    }

    fn close_handle(&self) -> CloseHandle {
        match self {
            Self::Async(stream) => stream.close_handle(),
            Self::Blocking(stream) => stream.close_handle(),
        }
    }
}

/// The output of a server for a random answer.
struct Script {
    bytes: Vec<u8>,
    text: String,
    /// After so many bytes, so much of the text can be read.
    marks: Vec<(usize, usize)>,
}

impl Script {
    fn of(random: &mut fastrand::Rng) -> Self {
        const WORDS: [&str; 6] = ["a", "two words ", "\"quoted\\\" ", "é\u{2028}", "line\nline", "\u{1f600}"];
        let mut script = Self { bytes: Vec::new(), text: String::new(), marks: vec![(0, 0)] };
        for _ in 0..random.usize(..20) {
            match random.u8(..8) {
                0 => {
                    script.write(&slice("x\\ud83d"), "x");
                    script.write(&slice("\\ude00y"), "\u{1f600}y");
                }
                1 => script.write(": keepalive\n\n", ""),
                2 => script.write("data: {\"token\":{\"type\":\"thinking\",\"content\":\"hm\"}}\n\n", ""),
                _ => {
                    let word = WORDS[random.usize(..WORDS.len())];
                    let json = serde_json::to_string(word).unwrap();
                    script.write(&slice(json.trim_start_matches('"').strip_suffix('"').unwrap()), word);
                }
            }
        }
        script
    }

    fn write(&mut self, event: &str, text: &str) {
        self.bytes.extend(event.as_bytes());
        self.text.push_str(text);
        self.marks.push((self.bytes.len(), self.text.len()));
    }

    /// The bytes of the text that can be read after so many bytes of the body.
    fn readable(&self, written: usize) -> usize {
        self.marks.iter().rev().find(|(bytes, _)| *bytes <= written).unwrap().1
    }
}

/// Reads, interrupts and ends a stream at random, and compares what is read with what was written.
async fn run(seed: u64, mut stream: Face, mut server: TcpStream) {
    let mut random = fastrand::Rng::with_seed(seed);
    let script = Script::of(&mut random);
    let (mut written, mut read) = (0, String::new());
    for _ in 0..random.usize(..40) {
        let readable = script.readable(written);
        match random.u8(..6) {
            0 | 1 => {
                let until = (written + random.usize(1..200)).min(script.bytes.len());
                server.write_all(&script.bytes[written..until]).unwrap();
                written = until;
            }
            2 | 3 => {
                let (goal, slices) = (random.usize(read.len()..=readable), random.bool());
                while read.len() < goal {
                    read.push_str(&stream.either(slices).await.unwrap().unwrap());
                }
            }
            way => {
                let Face::Async(stream) = &mut stream else { continue };
                let wait = Duration::from_micros(random.u64(..300));
                let came = match (way, random.bool()) {
                    (4, true) => timeout(wait, stream.next()).await.ok().map(text_of),
                    (4, false) => {
                        timeout(wait, stream.text_deltas().next()).await.ok().map(|text| text.unwrap().unwrap())
                    }
                    (_, true) => stream.next().now_or_never().map(text_of),
                    (_, false) => stream.text_deltas().next().now_or_never().map(|text| text.unwrap().unwrap()),
                };
                read.extend(came);
            }
        }
        assert_eq!(read, script.text[..read.len()]);
    }
    let slices = random.bool();
    match random.u8(..7) {
        // Closed from another thread, before the reader has begun to wait, or while it waits.
        0 => {
            let close = stream.close_handle();
            let pause = Duration::from_micros(random.u64(..1000));
            let closer = thread::spawn(move || {
                thread::sleep(pause);
                close.close();
            });
            while let Some(text) = stream.either(slices).await {
                read.push_str(&text.unwrap());
            }
            closer.join().unwrap();
            assert_eq!(read, script.text[..read.len()]);
            assert!(stream.either(!slices).await.is_none());
            assert_eq!(stream.final_text().await.unwrap_err().kind(), ErrorKind::Closed);
            wait_for_close(&server);
        }
        1 => {
            drop(stream);
            wait_for_close(&server);
        }
        end @ 2..=4 => {
            // Inside an event, the lines of the error would be part of it.
            let is_between = script.marks.iter().any(|(bytes, _)| *bytes == written);
            let code = match end {
                2 if is_between => {
                    let error = "event: error\ndata: {\"error\":{\"code\":\"BUSY\",\"message\":\"m\"}}\n\n";
                    server.write_all(error.as_bytes()).unwrap();
                    "BUSY"
                }
                4 => {
                    SockRef::from(&server).set_linger(Some(Duration::ZERO)).unwrap();
                    "STREAM_CUT"
                }
                _ => "STREAM_CUT",
            };
            drop(server);
            let error = loop {
                match stream.either(slices).await.unwrap() {
                    Ok(text) => read.push_str(&text),
                    Err(error) => break error,
                }
            };
            // A half that waited for the other one.
            let read = read.trim_end_matches('\u{fffd}');
            assert_eq!(read, &script.text[..read.len()]);
            // A reset may drop what has arrived.
            if end != 4 {
                assert_eq!((read.len(), error.code()), (script.readable(written), code));
            }
            assert!(stream.either(!slices).await.is_none() && stream.either(slices).await.is_none());
            for _ in 0..2 {
                assert_eq!(stream.final_text().await.unwrap_err().code(), error.code());
            }
        }
        end => {
            server.write_all(&script.bytes[written..]).unwrap();
            if random.bool() {
                let json = serde_json::to_string(&script.text).unwrap();
                server.write_all(completed(&json[1..json.len() - 1]).as_bytes()).unwrap();
            }
            server.write_all(DONE.as_bytes()).unwrap();
            if end == 5 {
                while let Some(text) = stream.either(slices).await {
                    read.push_str(&text.unwrap());
                }
                assert_eq!(read, script.text);
            }
            for _ in 0..2 {
                assert_eq!(stream.final_text().await.unwrap(), script.text);
            }
            assert!(stream.either(slices).await.is_none());
        }
    }
}

#[test]
fn streams_that_are_used_at_random_lose_and_repeat_nothing() {
    const RUNS: u64 = 800;
    let (url, streams) = formation(STREAM);
    let async_client = FormationClient::builder().url(&*url).client_key("k").build().unwrap();
    let blocking_client = BlockingClient::builder().url(&*url).client_key("k").build().unwrap();
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for seed in 0..RUNS {
        let opened = if seed % 3 == 0 {
            blocking_client.chat_stream("x").send().map(Face::Blocking)
        } else {
            runtime.block_on(async { async_client.chat_stream("x").await }).map(Face::Async)
        };
        let (stream, server) = (opened.unwrap(), streams.recv_timeout(GUARD).unwrap());
        let run = AssertUnwindSafe(run(seed, stream, server)).catch_unwind();
        let ran = runtime.block_on(async { timeout(GUARD, run).await });
        assert!(matches!(ran, Ok(Ok(()))), "seed {seed}: {}", if ran.is_err() { "hangs" } else { "wrong" });
    }
}

#[tokio::test]
async fn a_lone_half_in_an_error_is_replaced() {
    for (status, body) in [(200, "\"success\":false,"), (409, "")] {
        let body = format!("{{{body}\"error\":{{\"code\":\"BUSY\",\"message\":\"a\\ud83d\"}}}}");
        let head = "content-type: application/json\r\nconnection: close";
        let (url, _streams) =
            formation(format!("HTTP/1.1 {status} X\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
        let client = FormationClient::builder().url(url).client_key("k").build().unwrap();
        let error = soon(client.chat("x")).await.unwrap_err();
        assert_eq!((error.code(), error.message()), ("BUSY", "a\u{fffd}"), "{status}");
    }
}

/// The texts of a turn by each way of reading it.
async fn texts(events: &str) -> [String; 3] {
    let (url, _streams) = formation(format!("{STREAM}{events}{DONE}"));
    let mut deltas = String::new();
    let mut stream = open(&url).await;
    while let Some(delta) = soon(stream.text_deltas().next()).await {
        deltas.push_str(&delta.unwrap());
    }
    let mut stream = open(&url).await;
    while soon(stream.next()).await.is_some() {}
    let after_events = soon(stream.final_text()).await.unwrap();
    [deltas, soon(open(&url).await.final_text()).await.unwrap(), after_events]
}

#[tokio::test]
async fn no_slice_is_lost_whatever_else_its_event_has() {
    for more in [
        r#""confidence":NaN"#,
        r#""confidence":-Infinity,"note":"NaN""#,
        r#""status":5"#,
        r#""artifacts":"none""#,
        r#""clarification":"yes""#,
        r#""agent_used":{}"#,
    ] {
        let odd = format!("data: {{\"token\":{{\"type\":\"content\",\"content\":\"lo \",{more}}}}}\n\n");
        let expected = "hello world";
        assert_eq!(texts(&format!("{}{odd}{}", slice("hel"), slice("world"))).await, [expected; 3], "{more}");
    }
}

#[tokio::test]
async fn an_answer_that_takes_the_place_of_its_slices_is_told_by_all_ways_of_reading() {
    let void = r#"data: {"token":{"type":"completed","content":"the answer","stream_discontinuity":true}}"#;
    let [deltas, whole, after] = texts(&format!("{}{void}\n\n", slice("a try"))).await;
    assert_eq!([&*deltas, &*whole, &*after], ["a try\n\nthe answer", "the answer", "the answer"]);
    let empty = r#"data: {"token":{"type":"completed","content":"","stream_discontinuity":true}}"#;
    assert_eq!(texts(&format!("{}{empty}\n\n", slice("a try"))).await[0], "a try");
    // The rest of the answer that the slices lack comes at the end; slices that differ without a word have been the
    // answer.
    assert_eq!(texts(&format!("{}{}", slice("the "), completed("the answer"))).await, ["the answer"; 3]);
    assert_eq!(texts(&format!("{}{}", slice("the answer\\n"), completed("the answer"))).await[0], "the answer\n");
}
