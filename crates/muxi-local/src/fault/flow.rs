//! Bodies that come slowly or in the smallest pieces.

use super::Fault;
use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header;
use std::time::Duration;

/// Pieces of a slow body in a second.
const TICKS: u64 = 10;

type Piece = Result<Bytes, axum::Error>;

/// The answer with the headers and the pace that a fault gives it.
pub(crate) fn shape(fault: &Fault, response: Response) -> Response {
    let mut response = with_length(response);
    response.headers_mut().extend(fault.extra_headers());
    if fault.split_utf8 {
        let (parts, body) = without_length(response).into_parts();
        response = Response::from_parts(parts, Body::from_stream(single_bytes(body.into_data_stream())));
    }
    if let Some(rate) = fault.slow_bytes_per_s {
        let (parts, body) = response.into_parts();
        response = Response::from_parts(parts, Body::from_stream(slowly(body.into_data_stream(), rate)));
    }
    response
}

/// Each byte by itself.
fn single_bytes(body: impl Stream<Item = Piece>) -> impl Stream<Item = Piece> {
    pieces(body, 1).then(|piece| async {
        // The server sends what it has while it waits for more.
        tokio::task::yield_now().await;
        piece
    })
}

fn slowly(body: impl Stream<Item = Piece>, rate: u64) -> impl Stream<Item = Piece> {
    let size = usize::try_from((rate / TICKS).max(1)).unwrap_or(usize::MAX);
    pieces(body, size).then(move |piece| async move {
        let length = piece.as_ref().map_or(0, Bytes::len) as f64;
        tokio::time::sleep(Duration::from_secs_f64(length / rate as f64)).await;
        piece
    })
}

/// The same bytes in pieces of that size at most.
fn pieces(body: impl Stream<Item = Piece>, size: usize) -> impl Stream<Item = Piece> {
    body.flat_map(move |piece| {
        let pieces = match piece {
            Ok(bytes) => {
                let starts = (0..bytes.len()).step_by(size);
                starts.map(|start| Ok(bytes.slice(start..bytes.len().min(start.saturating_add(size))))).collect()
            }
            Err(error) => vec![Err(error)],
        };
        stream::iter(pieces)
    })
}

/// The length of a body goes into its header, so that changing how the body flows does not change how it is framed.
fn with_length(mut response: Response) -> Response {
    use http_body::Body as _;
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    response
}

/// The body in chunks, whatever its length.
fn without_length(mut response: Response) -> Response<Body> {
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}
