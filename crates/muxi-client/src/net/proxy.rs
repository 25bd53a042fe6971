//! The proxy between this machine and an origin: a setting, or what the environment says.

use super::{
    error::{BoxError, ThroughProxy},
    io_stream::IoStream,
    no_proxy,
    tls::{Tls, hop_tls},
};
use crate::{
    api::error::{Error, Result},
    config::{BaseUrl, Network, ProxySetting, has_valid_port, redacted},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderValue, Uri,
    uri::{Authority, Scheme},
};
use hyper_util::{
    client::legacy::connect::proxy::{SocksV5, Tunnel},
    rt::TokioIo,
};
use percent_encoding::percent_decode_str;
use std::{
    env::{self, VarError},
    future::{Ready, ready},
    io,
    task::{Context, Poll},
};
use tokio::net::TcpStream;
use tower_service::Service;

/// A proxy, and what it asks for.
#[derive(Clone)]
pub(super) struct Proxy {
    /// Its address, port included.
    pub(super) uri: Uri,
    kind: Kind,
    /// The TLS between this machine and the proxy.
    pub(super) tls: Option<Tls>,
    credentials: Option<(String, String)>,
    /// The setting, or the environment variable, that names it.
    name: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS5 with addresses: this machine looks names up.
    Socks5,
    /// SOCKS5 with names.
    Socks5h,
}

/// The kinds by the scheme of their URL, each with its usual port.
const KINDS: [(&str, Kind, u16); 4] = [
    ("http", Kind::Http, 80),
    ("https", Kind::Https, 443),
    ("socks5", Kind::Socks5, 1080),
    ("socks5h", Kind::Socks5h, 1080),
];

/// The proxy that the settings or the environment name.
pub(super) fn proxy(network: &Network<'_>) -> Result<Option<Proxy>> {
    let mut found = match network.proxy {
        Some((_, ProxySetting::Off)) => None,
        Some((name, ProxySetting::Url(url))) => Some(Proxy::parse(name, url)?),
        None => from_environment(network.base, variable)?,
    };
    for proxy in found.iter_mut().filter(|proxy| proxy.kind == Kind::Https) {
        proxy.tls = Some(hop_tls(network, proxy.uri.host().unwrap_or_default())?);
    }
    Ok(found)
}

fn variable(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::invalid(format!("{name} must be UTF-8 text"))),
    }
}

/// The proxy for an origin, by the rules of curl: the first variable that is set counts, also an empty one, which stands
/// for none. One that does not count is not checked. `read` reads a variable.
fn from_environment(base: &BaseUrl, read: impl Fn(&str) -> Result<Option<String>>) -> Result<Option<Proxy>> {
    // A CGI program has the header `Proxy` of its request in the variable HTTP_PROXY, which Windows finds by any case.
    let is_cgi = read("REQUEST_METHOD")?.is_some();
    let names: &[&'static str] = match (base.is_secure(), is_cgi) {
        (true, _) => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        (false, false) => &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
        (false, true) if cfg!(windows) => &["all_proxy", "ALL_PROXY"],
        (false, true) => &["http_proxy", "all_proxy", "ALL_PROXY"],
    };
    for name in names {
        let Some(url) = read(name)? else { continue };
        if url.is_empty() {
            return Ok(None);
        }
        let list = match read("no_proxy")? {
            Some(list) => Some(list),
            None => read("NO_PROXY")?,
        };
        if list.is_some_and(|list| no_proxy::contains(&list, base.host(), base.port())) {
            return Ok(None);
        }
        return Proxy::parse(name, &url).map(Some);
    }
    Ok(None)
}

impl Proxy {
    /// Checks a URL; `name` is the setting or the variable that it comes from.
    fn parse(name: &'static str, url: &str) -> Result<Self> {
        let url = url.trim();
        let wrong = |why: &str| {
            Error::invalid(format!(
                "{name} must be a URL like http://proxy:3128 or socks5h://proxy:1080, got {:?}: {why}; without a proxy: \
                 proxy=False, in Rust no_proxy()",
                redacted(url)
            ))
        };
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let scheme = scheme.to_ascii_lowercase();
        let Some((_, kind, port)) = KINDS.iter().find(|(known, ..)| *known == scheme) else {
            return Err(wrong(match &*scheme {
                "socks" => "it does not say which version of SOCKS: only socks5 and socks5h are supported",
                scheme if scheme.starts_with("socks4") => "SOCKS4 is not supported, only socks5 and socks5h",
                _ => "only http, https, socks5 and socks5h are supported",
            }));
        };
        if rest.contains(['?', '#']) {
            return Err(wrong("it must not have a query or a fragment, and in a password both are percent-encoded"));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if path.contains('@') {
            return Err(wrong("a slash in a password must be percent-encoded"));
        }
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, authority),
        };
        let address: Authority = address.parse().map_err(|_| wrong("it has no valid host"))?;
        if address.host().is_empty() {
            return Err(wrong("it has no host"));
        }
        if !has_valid_port(&address) {
            return Err(wrong("the port must be a number from 1 to 65535"));
        }
        let port = address.port_u16().unwrap_or(*port);
        let uri =
            Uri::builder().scheme(Scheme::HTTP).authority(format!("{}:{port}", address.host())).path_and_query("/");
        let uri = uri.build().map_err(|_| wrong("it has no valid host"))?;
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = user.map(|user| {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            (decoded(user), decoded(password))
        });
        Ok(Self { uri, kind: *kind, tls: None, credentials, name })
    }

    /// True if plain requests go to it as they are.
    pub(super) fn is_http(&self) -> bool {
        matches!(self.kind, Kind::Http | Kind::Https)
    }

    /// The value of `Proxy-Authorization`.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.credentials.as_ref().filter(|_| self.is_http())?;
        let mut value =
            HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Adds to an error which proxy is in between.
    pub(super) fn explain(&self, error: BoxError) -> BoxError {
        let address = self.uri.authority().map_or("", Authority::as_str);
        Box::new(ThroughProxy { proxy: format!("{address} ({})", self.name), error })
    }

    /// Asks an HTTP proxy at the other end of `stream` for a tunnel to `target`.
    pub(super) async fn tunnel(&self, stream: IoStream, target: Uri) -> Result<IoStream, BoxError> {
        let mut tunnel = Tunnel::new(self.uri.clone(), Connected(Some(TokioIo::new(stream))));
        if let Some(authorization) = self.authorization() {
            tunnel = tunnel.with_auth(authorization);
        }
        Ok(tunnel.call(target).await?.into_inner())
    }

    /// Asks a SOCKS proxy at the other end of `stream` for a connection to `target`, whose port is given.
    pub(super) async fn socks(&self, stream: TokioIo<TcpStream>, target: Uri) -> Result<TokioIo<TcpStream>, BoxError> {
        let mut socks = SocksV5::new(self.uri.clone(), Connected(Some(stream)));
        if let Some((user, password)) = &self.credentials {
            socks = socks.with_auth(user.clone(), password.clone());
        }
        socks.call(target).await.map_err(|e| io::Error::other(e.to_string()).into())
    }

    /// The targets to ask a SOCKS proxy for, one after another: the name, or the addresses that it has here.
    pub(super) async fn socks_targets(&self, base: &Uri, port: u16) -> io::Result<Vec<Uri>> {
        let host = base.host().unwrap_or_default();
        let target = |authority: String| {
            let uri = Uri::builder().scheme(Scheme::HTTP).authority(authority).path_and_query("/").build();
            uri.map_err(io::Error::other)
        };
        if self.kind == Kind::Socks5h {
            return Ok(vec![target(format!("{host}:{port}"))?]);
        }
        let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await?;
        found.map(|address| target(address.to_string())).collect()
    }
}

/// The connection to a proxy, as a connector that has it already: that of hyper-util hides why it has none.
struct Connected<T>(Option<T>);

impl<T> Service<Uri> for Connected<T> {
    type Response = T;
    type Error = io::Error;
    type Future = Ready<io::Result<T>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The proxy for a URL in an environment with these variables, as `host:port variable`.
    fn found(url: &str, variables: &[(&str, &str)]) -> Result<String> {
        let base = BaseUrl::parse("url", url)?;
        let read =
            |name: &str| Ok(variables.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()));
        let proxy = from_environment(&base, read)?;
        Ok(proxy.map_or("none".to_owned(), |proxy| format!("{} {}", proxy.uri.authority().unwrap(), proxy.name)))
    }

    #[test]
    fn the_first_variable_for_the_scheme_counts() {
        let all = [
            ("http_proxy", "a:1"),
            ("HTTP_PROXY", "b:1"),
            ("https_proxy", "c:1"),
            ("HTTPS_PROXY", "d:1"),
            ("all_proxy", "e:1"),
            ("ALL_PROXY", "f:1"),
        ];
        for (url, from, expected) in [
            ("http://h", 0, "a:1 http_proxy"),
            ("http://h", 1, "b:1 HTTP_PROXY"),
            ("http://h", 2, "e:1 all_proxy"),
            ("http://h", 5, "f:1 ALL_PROXY"),
            ("http://h", 6, "none"),
            ("https://h", 0, "c:1 https_proxy"),
            ("https://h", 3, "d:1 HTTPS_PROXY"),
            ("https://h", 4, "e:1 all_proxy"),
        ] {
            assert_eq!(found(url, &all[from..]).unwrap(), expected, "{url} {:?}", &all[from..]);
        }
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "b:1"), ("ALL_PROXY", "f:1")];
        assert_eq!(found("http://h", &cgi[..2]).unwrap(), "none");
        assert_eq!(found("http://h", &cgi).unwrap(), "f:1 ALL_PROXY");
        assert_eq!(found("http://h", &[("http_proxy", ""), ("ALL_PROXY", "f:1")]).unwrap(), "none");
    }

    #[test]
    fn only_what_counts_is_checked() {
        let wrong = [("http_proxy", "nonsense://x"), ("NO_PROXY", "h, .local")];
        assert!(found("http://other", &wrong).is_err());
        assert_eq!(found("http://h", &wrong).unwrap(), "none");
        assert_eq!(found("http://a.local", &wrong).unwrap(), "none");
        assert_eq!(found("https://other", &wrong).unwrap(), "none");
        assert_eq!(found("http://h", &[("no_proxy", "x"), wrong[1], ("http_proxy", "p:1")]).unwrap(), "p:1 http_proxy");
    }

    #[test]
    fn urls_of_proxies() {
        for (url, address, kind, authorization) in [
            ("http://p:3128", "p:3128", Kind::Http, None),
            (" HTTP://p:3128/any ", "p:3128", Kind::Http, None),
            ("p", "p:80", Kind::Http, None),
            ("10.0.0.1:8080", "10.0.0.1:8080", Kind::Http, None),
            ("http://[::1]", "[::1]:80", Kind::Http, None),
            ("https://user:word@p", "p:443", Kind::Https, Some("Basic dXNlcjp3b3Jk")),
            ("socks5://p", "p:1080", Kind::Socks5, None),
            ("socks5h://u:w@[::1]:1", "[::1]:1", Kind::Socks5h, None),
            ("http://user:word@p", "p:80", Kind::Http, Some("Basic dXNlcjp3b3Jk")),
            ("user:word@p:1", "p:1", Kind::Http, Some("Basic dXNlcjp3b3Jk")),
            ("http://us%65r:w%6frd@p", "p:80", Kind::Http, Some("Basic dXNlcjp3b3Jk")),
        ] {
            let proxy = Proxy::parse("proxy", url).unwrap();
            assert_eq!((proxy.uri.authority().unwrap().as_str(), proxy.kind), (address, kind), "{url}");
            assert_eq!(proxy.authorization().as_ref().map(|a| a.to_str().unwrap()), authorization, "{url}");
        }
        for (url, why) in [
            ("", "no valid host"),
            ("http://", "no valid host"),
            ("http://:80", "no host"),
            ("http://[::1", "no valid host"),
            ("garbage value", "no valid host"),
            ("http://p:0", "from 1 to 65535"),
            ("http://p:", "from 1 to 65535"),
            ("http://p:65536", "from 1 to 65535"),
            ("http://p#x", "a query or a fragment"),
            ("http://u:hu/sh@p", "a slash in a password"),
            ("socks://p", "which version"),
            ("socks4://p", "SOCKS4"),
            ("socks4a://u:hush@p", "SOCKS4"),
            ("ftp://p", "only http"),
        ] {
            let error = Proxy::parse("all_proxy", url).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains("all_proxy must be") && error.contains(why), "{url}: {error}");
            assert!(!error.contains("hu"), "{error}");
        }
    }
}
