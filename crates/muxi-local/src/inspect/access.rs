//! The rules of access: programs and people on this machine, and no page of a stranger in their browser.

use axum::response::Response;
use http::{HeaderMap, Method, Request, StatusCode, header};
use std::net::{IpAddr, SocketAddr};

/// The address of the peer of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The callers that are let in.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// True if other machines are let in.
    remote: bool,
    /// The name that the server was told to listen on.
    bound: String,
}

impl Access {
    /// `address` is what the server listens on: a host and a port.
    pub(crate) fn new(remote: bool, address: &str) -> Self {
        let bound = host_of(address).to_ascii_lowercase();
        Self { remote, bound }
    }

    /// Refuses a request from elsewhere, or one that a foreign page makes a browser send.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Box<Response>> {
        let peer = request.extensions().get::<Peer>();
        let near = peer.is_some_and(|Peer(peer)| peer.ip().to_canonical().is_loopback());
        if !near && !self.remote {
            return refuse(
                "/_local answers only requests from this machine; start muxi-local with --remote-inspection for others",
            );
        }
        let headers = request.headers();
        let host = text(headers, header::HOST.as_str()).unwrap_or_default();
        // A name that a stranger controls may point here (DNS rebinding); an address may not, nor a name without dots.
        if !self.knows(host_of(host)) {
            return refuse(
                "/_local is reached by the address or the name that the server listens on; the Host header has another",
            );
        }
        let foreign = text(headers, header::ORIGIN.as_str()).is_some_and(|origin| !is_origin_of(origin, host));
        let site = text(headers, "sec-fetch-site");
        let visit = request.method() == Method::GET && text(headers, "sec-fetch-mode") == Some("navigate");
        if foreign || site.is_some_and(|site| !matches!(site, "same-origin" | "none")) && !visit {
            return refuse("/_local answers no requests that other sites make a browser send");
        }
        Ok(())
    }

    fn knows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        host == "localhost"
            || host == self.bound && !host.is_empty()
            || address.is_some_and(|address| self.remote || address.to_canonical().is_loopback())
            || self.remote && address.is_none() && !host.is_empty() && !host.contains('.')
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // A value that is not ASCII is no valid name here.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// The host without port and brackets.
fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(host, _)| host),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    }
}

fn is_origin_of(origin: &str, host: &str) -> bool {
    origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

fn refuse<T>(message: &str) -> Result<T, Box<Response>> {
    Err(Box::new(crate::reply::error(StatusCode::FORBIDDEN, message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(access: &Access, peer: &str, method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).unwrap();
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        access.check(&request).is_ok()
    }

    #[test]
    fn only_this_machine_and_no_foreign_page() {
        let near = "127.0.0.1:5000";
        let local = Access::new(false, "127.0.0.1:7890");
        let open = |headers: &[(&str, &str)]| verdict(&local, near, "GET", headers);
        for host in ["127.0.0.1:7890", "localhost:1", "LOCALHOST", "[::1]:7890", "127.9.9.9"] {
            assert!(open(&[("host", host)]), "{host}");
        }
        for host in ["evil.example:7890", "10.0.0.1:7890", "127.0.0.1.evil.example", "", "muxi"] {
            assert!(!open(&[("host", host)]), "{host}");
        }
        assert!(!verdict(&local, "10.0.0.2:5000", "GET", &[("host", "127.0.0.1")]));
        assert!(verdict(&local, "[::ffff:127.0.0.1]:5000", "GET", &[("host", "127.0.0.1")]));
        let host = ("host", "localhost:7890");
        assert!(!verdict(&local, near, "POST", &[host, ("origin", "http://localhost:3000")]));
        assert!(!verdict(&local, near, "POST", &[host, ("origin", "null")]));
        assert!(verdict(&local, near, "POST", &[host, ("origin", "http://localhost:7890")]));
        assert!(!verdict(
            &local,
            near,
            "POST",
            &[host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]
        ));
        assert!(!open(&[host, ("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")]));
        assert!(open(&[host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]));
        assert!(open(&[host, ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")]));
    }

    #[test]
    fn others_when_told() {
        let remote = Access::new(true, "devbox.example:7890");
        let open = |host: &str| verdict(&remote, "10.0.0.2:5000", "GET", &[("host", host)]);
        assert!(open("devbox.example:7890") && open("10.0.0.1:7890") && open("muxi:7890"));
        assert!(!open("evil.example:7890"));
    }
}
