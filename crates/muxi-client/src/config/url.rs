//! The base URL.

use crate::api::{
    error::{Error, Result},
    request::ENCODED,
};
use http::{Uri, uri::Scheme};
use percent_encoding::utf8_percent_encode;

/// The version of the formation's API, which ends its base URL.
const VERSION: &str = "/v1";

/// The URL that paths are appended to.
#[derive(Clone)]
pub(crate) struct BaseUrl {
    scheme: Scheme,
    authority: String,
    /// The path without a slash at its end.
    prefix: String,
}

impl BaseUrl {
    /// Checks a URL; `name` is the setting or the variable that it comes from.
    pub(super) fn parse(name: &str, url: &str) -> Result<Self> {
        let url = url.trim();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        // None of these may be shown: they may hold a password or a key.
        if rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@')) {
            return Err(Error::invalid(format!(
                "{name} must not have a user or a password: give keys as arguments of their own"
            )));
        }
        if url.contains(['?', '#']) {
            return Err(Error::invalid(format!("{name} must not have a query or a fragment")));
        }
        let wrong = |why: &str| {
            let got = if url.contains('@') { String::new() } else { format!(", got {url:?}") };
            Error::invalid(format!("{name} must be a URL like http://localhost:7890{got}{why}"))
        };
        let uri: Uri = url.parse().map_err(|_| wrong(""))?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(wrong(": it lacks http:// or https://"));
        };
        if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
            return Err(wrong(": it lacks http:// or https://"));
        }
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        let is_number = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && matches!(port.parse::<u16>(), Ok(1..));
        if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_number) {
            return Err(wrong(": the port must be a number from 1 to 65535"));
        }
        if authority.host().is_empty() {
            return Err(wrong(": it has no host"));
        }
        let prefix = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { scheme: scheme.clone(), authority: authority.to_string(), prefix })
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
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Tells whether connections are made with TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Host and port as the header `Host` has them.
    pub(crate) fn host_header(&self) -> &str {
        let default = if self.is_secure() { ":443" } else { ":80" };
        self.authority.strip_suffix(default).unwrap_or(&self.authority)
    }

    /// The host.
    pub(crate) fn host(&self) -> &str {
        let end = self.authority.rfind(':').filter(|at| !self.authority[*at..].ends_with(']'));
        end.map_or(self.authority.as_str(), |at| &self.authority[..at])
    }

    /// The port.
    #[cfg(feature = "tracing")]
    pub(crate) fn port(&self) -> u16 {
        let default = if self.is_secure() { 443 } else { 80 };
        self.authority.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_an_origin_and_a_prefix() -> Result<()> {
        let url = |text| BaseUrl::parse("url", text);
        assert_eq!(url(" http://h:1/any/where/ ")?.text(), "http://h:1/any/where");
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
            ("http://me:sec/ret@h", "from 1 to 65535"),
            ("http:/me:secret@h", "a URL like"),
            ("//me:secret@h", "a URL like"),
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
