//! The accept loop.
//!
//! Own connections instead of `axum::serve`: an open event stream must not hold up a stop, and dropping the loop
//! must end every connection.

use crate::{
    fault::{Leave, Raw},
    front::Front,
    quirks::Quirk,
    unread,
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// The time for which a stop waits for requests in flight; event streams end earlier by themselves.
const GRACE: Duration = Duration::from_millis(600);
/// The real server's idle limit.
const IDLE: Duration = Duration::from_secs(60);
/// The real runtime's idle limit.
const SHORT_IDLE: Duration = Duration::from_secs(5);
/// The time for which a closed connection may still receive: the real server's limit for a whole request.
const LINGER: Duration = Duration::from_secs(15);

/// Accepts connections until `stop` resolves, then lets requests in flight finish within [`GRACE`].
pub(crate) async fn serve(listener: TcpListener, front: Front, stop: impl Future<Output = ()>) {
    let (closing, closed) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // Small answers must not wait for the peer's acknowledgement.
                    let _ = stream.set_nodelay(true);
                    let idle = if front.host.quirks.on(Quirk::IdleClose5S) { SHORT_IDLE } else { IDLE };
                    connections.spawn(connection(stream, peer, front.clone(), closed.clone(), idle));
                }
                // Out of descriptors, or a peer that left at once: the listener itself lives on.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
    drop(listener);
    let _ = closing.send(true);
    let _ = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    front: Front,
    mut closing: watch::Receiver<bool>,
    idle: Duration,
) {
    // The place for an answer that HTTP cannot express. The service then fails, which ends hyper's part.
    let raw = Mutex::<Option<Box<Raw>>>::new(None);
    let service = service_fn(|request| {
        let (request, unread) = unread::watch(request);
        let answer = front.clone().answer(request, peer);
        Box::pin(async {
            match answer.await {
                Ok(response) => Ok(unread.clear(response).await),
                Err(taken) => {
                    *raw.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
                    Err(io::Error::other("the connection is taken over"))
                }
            }
        })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .serve_connection(TokioIo::new(stream), service);
    let served = tokio::select! {
        served = poll_fn(|context| connection.poll_without_shutdown(context)) => served,
        () = async { drop(closing.wait_for(|closing| *closing).await) } => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|context| connection.poll_without_shutdown(context)).await
        }
    };
    let mut stream = connection.into_parts().io.into_inner();
    let taken = raw.lock().unwrap_or_else(PoisonError::into_inner).take();
    let left = match taken {
        Some(raw) => tokio::select! {
            leave = raw.send(&mut stream) => Some(leave),
            () = async { drop(closing.wait_for(|closing| *closing).await) } => None,
        },
        // A broken connection is the peer's affair. A head that is too long or makes no sense was answered.
        None => {
            let refused = |error: &hyper::Error| error.is_parse() || error.is_parse_too_large();
            served.as_ref().err().is_none_or(refused).then_some(Leave::Close)
        }
    };
    match left {
        // Fails only where the peer has left already.
        Some(Leave::Reset) => drop(stream.set_zero_linger()),
        // A server that stops waits for no client.
        Some(Leave::Close) if !*closing.borrow() => linger(stream).await,
        _ => {}
    }
}

/// Reads on after the last answer. A caller whose upload was refused half-way may still be sending; closing with
/// unread bytes would reset the connection and take the answer away from it.
async fn linger(mut stream: TcpStream) {
    let drained = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(LINGER, drained).await;
}
