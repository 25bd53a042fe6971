//! The sender of requests: the client's own pool, or a service of the caller's.

use super::{
    connect::Connector,
    error::{Failure, Reached},
    http_service::{Body, HttpService},
    outgoing::Outgoing,
    pool::Pool,
    proxy::Proxy,
};
use crate::{
    api::{
        error::{Error, Result},
        request::header_value,
    },
    config::Network,
};
use http::{Method, Request, Response};
use std::sync::Arc;

/// The sender of requests.
#[derive(Clone)]
pub(super) enum HttpClient {
    /// The client's own, with its pool.
    Pool(Pool),
    /// The caller's.
    Service(Arc<dyn HttpService>),
}

/// The reason for which there is no response.
pub(super) enum NoResponse {
    /// The request could not be made.
    Request(Error),
    /// The request failed.
    Failure(Failure),
}

impl From<Failure> for NoResponse {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl HttpClient {
    /// A pool for the network, and the proxy in between.
    pub(super) fn pool(network: &Network<'_>) -> Result<(Self, Option<Proxy>)> {
        let connector = Connector::new(network)?;
        let proxy = connector.proxy().cloned();
        let host = header_value("url", network.base.host_header())?;
        Ok((Self::Pool(Pool::new(connector, host, network)), proxy))
    }

    /// Sends the request that `make` makes.
    pub(super) async fn send(
        &self,
        method: &Method,
        make: impl Fn() -> Result<Request<Outgoing>>,
    ) -> Result<Response<Body>, NoResponse> {
        match self {
            Self::Pool(pool) => {
                let response = pool.send(method, || make().map_err(NoResponse::Request)).await?;
                Ok(response.map(Body::pooled))
            }
            Self::Service(service) => {
                let request = make().map_err(NoResponse::Request)?.map(Body::outgoing);
                let failed = |error| Failure { error, reached: Reached::Unknown };
                Ok(service.call(request).await.map_err(failed)?)
            }
        }
    }
}
