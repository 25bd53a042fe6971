//! The address that a server listens on.

use std::{
    fmt, io,
    net::{SocketAddr, ToSocketAddrs},
};

pub(super) fn listen(address: &str) -> io::Result<std::net::TcpListener> {
    let bound = address.to_socket_addrs().and_then(|addresses| {
        let addresses: Vec<SocketAddr> = addresses.collect();
        std::net::TcpListener::bind(addresses.as_slice())
    });
    let failed = |error: io::Error| io::Error::new(error.kind(), NotListening { address: address.to_owned(), error });
    let listener = bound.map_err(failed)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The address cannot be listened on. Other errors of a start may have the same kind.
#[derive(Debug)]
pub(crate) struct NotListening {
    address: String,
    error: io::Error,
}

impl fmt::Display for NotListening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, error } = self;
        write!(
            f,
            "cannot listen on {address}: expected an address of this machine and a free port, such as 127.0.0.1:7890: {error}"
        )
    }
}

impl std::error::Error for NotListening {}

/// The address that a client on this machine can use.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
