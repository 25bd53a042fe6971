//! The first stage of every request: the log of arrivals, and the faults on request.

mod answer;

use crate::{
    arrivals::Entry,
    cors,
    fault::{Fault, Raw, shape},
    host::Host,
    inspect::{self, Access, Peer},
    target::{Target, told_apart},
    unread::Received,
};
use answer::{made, refuse};
use axum::{Router, body::Body, extract::Request, response::Response};
use bytes::Bytes;
use futures_util::stream;
use http::{StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use muxi_client::api::table::Api;
use serde_json::Value;
use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower_service::Service;

/// Bytes of a body that is read before it is known which fault the request meets.
const LONGEST: u64 = 16 << 20;

/// The outermost layer of a server.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) app: Router,
    pub(crate) host: Arc<Host>,
    /// The rules of access below `/_local`.
    pub(crate) access: Arc<Access>,
}

impl Front {
    /// Answers a request. An error is an answer that must be written to the connection by hand.
    pub(crate) async fn answer(
        mut self,
        mut request: http::Request<Received>,
        peer: SocketAddr,
    ) -> Result<Response, Box<Raw>> {
        if inspect::is_own(request.uri().path()) {
            request.extensions_mut().insert(Peer(peer));
            // A chat turn of the page is a call like any other, and so can be seen and go wrong.
            match inspect::as_call(&self.access, &mut request) {
                Ok(false) => return Ok(call(&mut self.app, request.map(Body::new)).await),
                Ok(true) => {}
                Err(response) => return Ok(*response),
            }
        }
        let origin = cors::origin(request.headers());
        let target = Target::of(request.uri().path());
        let entry = self.host.log.arrive(self.host.clock.now(), &request, &target);
        let mut operations: Vec<_> = target.operations(request.method().as_str()).collect();
        let count = entry.incoming();
        let seen = move |piece: &Bytes| count.add(piece);
        let mut request = if operations.len() > 1 && self.host.faults.may_meet(request.headers()) {
            let (request, body) = with_body(request).await;
            operations = told_apart(&operations, &body);
            request.map(|body| Body::new(Counted { body, seen }))
        } else {
            request.map(|body| Body::new(Counted { body, seen }))
        };
        let met = self.host.faults.take(request.method().as_str(), &target, &operations, request.headers());
        let (api, operation) = (target.api(), operations.first().map(|endpoint| endpoint.name));
        request.extensions_mut().insert(target);
        let readable = |mut response: Response| {
            if api == Api::Formation {
                cors::allow(origin, &mut response);
            }
            response
        };
        let mut met = match met {
            Ok(None) => {
                let response = call(&mut self.app, request).await;
                return Ok(logged(entry, readable(response)));
            }
            Ok(Some(met)) => met,
            Err(invalid) => {
                let response = refuse(api, operation, StatusCode::BAD_REQUEST, &invalid.to_string());
                return Ok(logged(entry, readable(response)));
            }
        };
        entry.meets(met.fault.to_string());
        let mut response = self.carry_out(&met.fault, api, operation, request).await;
        // The page of a proxy is no answer of the runtime.
        if met.fault.html.is_none() {
            response = readable(response);
        }
        let mut response = shape(&met.fault, response);
        if met.fault.spares(response.headers()) {
            met.give_back();
            entry.spared();
            return Ok(logged(entry, response));
        }
        if !met.fault.breaks_the_wire() {
            return Ok(logged(entry, response));
        }
        // A hand-written answer ends its connection.
        response.headers_mut().remove(header::CONNECTION);
        if !met.fault.ends_before() {
            entry.answered(response.status());
        }
        Err(Box::new(Raw { met, response, entry }))
    }

    /// The answer to a call that meets a fault.
    async fn carry_out(&mut self, fault: &Fault, api: Api, operation: Option<&str>, request: Request) -> Response {
        if let Some(time) = fault.wait() {
            tokio::time::sleep(time).await;
        }
        let made = made(fault, api, operation).or_else(|| fault.ends_before().then(Response::default));
        let Some(response) = made else { return call(&mut self.app, request).await };
        // A connection that is closed with unread bytes is reset, and the peer then loses the answer.
        let mut body = request.into_body();
        while let Some(Ok(_)) = body.frame().await {}
        response
    }
}

/// The request with a body that has come, and that body as JSON. One that is too long to be a turn, or of a length that is
/// not told, stays on its way.
async fn with_body(request: http::Request<Received>) -> (http::Request<Body>, Value) {
    let (parts, body) = request.into_parts();
    if body.size_hint().upper().is_none_or(|length| length > LONGEST) {
        return (http::Request::from_parts(parts, Body::new(body)), Value::Null);
    }
    let (body, json) = match body.collect().await {
        Ok(all) => {
            let bytes = all.to_bytes();
            let json = serde_json::from_slice(&bytes).unwrap_or_default();
            (Body::from(bytes), json)
        }
        Err(error) => (Body::from_stream(stream::iter([Err::<Bytes, _>(error)])), Value::Null),
    };
    (http::Request::from_parts(parts, body), json)
}

async fn call(app: &mut Router, request: Request) -> Response {
    match app.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The response with a body that reports its bytes, and its end.
fn logged(entry: Entry, response: Response) -> Response {
    entry.answered(response.status());
    response.map(|body| Body::new(Counted { body, seen: move |piece: &Bytes| entry.sent(piece.len()) }))
}

/// A body that tells of the pieces that pass.
struct Counted<B, F> {
    body: B,
    seen: F,
}

impl<B: HttpBody<Data = Bytes> + Unpin, F: Fn(&Bytes) + Unpin> HttpBody for Counted<B, F> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            (self.seen)(data);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
