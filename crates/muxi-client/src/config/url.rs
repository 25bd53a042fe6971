//! The base URL.

use crate::api::{
    error::{Error, Result},
    request::ENCODED,
};
use http::{
    Uri,
    uri::{Authority, PathAndQuery, Scheme},
};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use std::{borrow::Cow, sync::Arc};

/// The version of the formation's API, which ends its base URL.
const VERSION: &str = "/v1";

/// Marks that a shell takes away, but not a file of variables, such as that of `docker --env-file`.
const QUOTES: [char; 2] = ['"', '\''];

/// The URL that paths are appended to.
#[derive(Clone)]
pub(crate) struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    /// Scheme, host and port.
    origin: Arc<str>,
    /// The path without a slash at its end.
    prefix: String,
}

impl BaseUrl {
    /// Checks a URL; `name` is the setting or the variable that it comes from.
    pub(crate) fn parse(name: &str, url: &str) -> Result<Self> {
        let url = url.trim();
        if url.starts_with(QUOTES) || url.ends_with(QUOTES) {
            return Err(Error::invalid(format!("{name} must be a URL without quotation marks around it")));
        }
        // None of these may be shown: they may hold a password or a key. An @ in the path is refused, too, since a password
        // with a slash puts it there.
        if url.contains('@') {
            return Err(Error::invalid(format!(
                "{name} must not have a user or a password: give keys as arguments of their own (an @ in a path is %40)"
            )));
        }
        if url.contains(['?', '#']) {
            return Err(Error::invalid(format!("{name} must not have a query or a fragment")));
        }
        let wrong = |why: &str| {
            Error::invalid(format!("{name} must be a URL like http://localhost:7890, got {:?}{why}", redacted(url)))
        };
        let uri: Uri = url.parse().map_err(|_| wrong(""))?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(wrong(": it lacks http:// or https://"));
        };
        if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
            return Err(wrong(": it lacks http:// or https://"));
        }
        if !has_valid_port(authority) {
            return Err(wrong(": the port must be a number from 1 to 65535"));
        }
        if authority.host().is_empty() {
            return Err(wrong(": it has no host"));
        }
        // Characters that are not ASCII are encoded, as browsers do.
        let prefix = utf8_percent_encode(uri.path().trim_end_matches('/'), CONTROLS).to_string();
        let origin = format!("{scheme}://{authority}").into();
        Ok(Self { scheme: scheme.clone(), authority: authority.clone(), origin, prefix })
    }

    /// The formation API below the formation's own URL.
    pub(super) fn versioned(mut self) -> Self {
        if !self.prefix.ends_with(VERSION) {
            self.prefix.push_str(VERSION);
        }
        self
    }

    /// The API of a formation behind the server that this is the URL of; `place` is the server's route to it.
    pub(super) fn formation(mut self, place: &str, id: &str) -> Self {
        self.prefix = format!("{}/{place}/{}{VERSION}", self.prefix, utf8_percent_encode(id, ENCODED));
        self
    }

    /// The whole URL.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.origin(), self.prefix)
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> &Arc<str> {
        &self.origin
    }

    /// The URL of a path and a query below it.
    pub(crate) fn join(&self, target: &str) -> Result<Uri, http::Error> {
        let path = PathAndQuery::try_from([&*self.prefix, target].concat())?;
        let uri = Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone());
        uri.path_and_query(path).build()
    }

    fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// Tells whether connections are made with TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Host and port as the header `Host` has them.
    pub(crate) fn host_header(&self) -> &str {
        let default = if self.is_secure() { ":443" } else { ":80" };
        self.authority().strip_suffix(default).unwrap_or(self.authority())
    }

    /// The host.
    pub(crate) fn host(&self) -> &str {
        let authority = self.authority();
        let end = authority.rfind(':').filter(|at| !authority[*at..].ends_with(']'));
        end.map_or(authority, |at| &authority[..at])
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        let default = if self.is_secure() { 443 } else { 80 };
        self.authority().rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(default)
    }
}

/// Tells whether the port is absent, or a number from 1 to 65535.
pub(crate) fn has_valid_port(authority: &Authority) -> bool {
    let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    let is_number = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && matches!(port.parse::<u16>(), Ok(1..));
    port.is_empty() || port.strip_prefix(':').is_some_and(is_number)
}

/// A URL as errors show it. `***` takes the place of a user and a password, and of all where they cannot be told from the
/// rest: a URL in an error is a wrong one, and may have them anywhere.
pub(crate) fn redacted(url: &str) -> Cow<'_, str> {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => (Some(scheme), rest),
        _ => (None, url),
    };
    let (has_user, shown) = rest.rsplit_once('@').map_or((false, rest), |(_, host)| (true, host));
    if !has_user && is_harmless(shown) {
        return url.into();
    }
    let scheme = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
    if is_harmless(shown) { format!("{scheme}***@{shown}") } else { format!("{scheme}***") }.into()
}

/// Tells whether no password can be in it: a colon begins a port there, or is a part of an IPv6 address.
fn is_harmless(text: &str) -> bool {
    const PORT: usize = 5;
    let encoded = text.to_ascii_lowercase();
    let outside = match text.split_once(']') {
        Some((address, rest)) if address.starts_with('[') && address[1..].bytes().all(is_of_address) => rest,
        _ => text,
    };
    let is_port = |part: &str| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        digits <= PORT && matches!(part[digits..].chars().next(), None | Some('/'))
    };
    !text.contains('@')
        && !["%40", "%3a"].iter().any(|code| encoded.contains(code))
        && outside.split(':').skip(1).all(is_port)
}

fn is_of_address(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_an_origin_and_a_prefix() -> Result<()> {
        let url = |text| BaseUrl::parse("url", text);
        assert_eq!(url(" http://h:1/any/where/ ")?.text(), "http://h:1/any/where");
        assert_eq!(url("http://h/stätte/\u{85}/")?.text(), "http://h/st%C3%A4tte/%C2%85");
        assert_eq!(url("http://h/v1/")?.versioned().text(), "http://h/v1");
        assert_eq!(url("\thttps://[::1]\n")?.versioned().text(), "https://[::1]/v1");
        assert_eq!(url("http://h/p/")?.formation("draft", "a/b ?").text(), "http://h/p/draft/a%2Fb%20%3F/v1");
        assert_eq!((url("https://h:443")?.host_header(), url("http://h:443")?.host_header()), ("h", "h:443"));
        Ok(())
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for (url, why) in [
            ("", "got \"\""),
            ("localhost:7890", "it lacks http://"),
            ("ftp://h", "it lacks http://"),
            ("http://", "got \"http://\""),
            ("http://h:", "from 1 to 65535"),
            ("http://h:0", "from 1 to 65535"),
            ("http://h:+80", "from 1 to 65535"),
            ("http://:80", "no host"),
            ("http://me:sec/ret@h", "a user or a password"),
            ("http://me:1/secret@h", "a user or a password"),
            ("http://me:secret", "got \"http://***\""),
            ("http://me%3asecret%40h/ ", "a URL like"),
            ("http:/me:secret@h", "a user or a password"),
            ("//me:secret@h", "a user or a password"),
            ("http://h:65536", "from 1 to 65535"),
            ("http://[::1]:0/", "from 1 to 65535"),
            ("http://h/a b", "got \"http://h/a b\""),
            ("http://h#secret", "a query or a fragment"),
            ("http://h/?key=secret", "a query or a fragment"),
            ("http://me:secret@h", "a user or a password"),
            ("http://me:sec ret@h", "a user or a password"),
            ("me:secret@h", "a user or a password"),
        ] {
            let error = BaseUrl::parse("MUXI_SERVER_URL", url).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains("MUXI_SERVER_URL must") && error.contains(why), "{url}: {error}");
            assert!(!error.contains("sec"), "{error}");
        }
    }
}
