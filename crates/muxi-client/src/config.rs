//! What a client is told: arguments first, then the environment.

use crate::{
    api::{
        auth::Signer,
        error::{Error, Result},
        request::{ENCODED, header_value},
    },
    http_service::HttpService,
};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header, uri::Scheme};
use percent_encoding::utf8_percent_encode;
use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const DEFAULT_TIMEOUT: f64 = 30.0;
const DEFAULT_CONNECT_TIMEOUT: f64 = 10.0;

/// What the caller gives. Every field is optional; [`Settings::server`] and [`Settings::formation`] check them.
#[derive(Clone, Default)]
pub struct Settings {
    /// The server's URL, or the formation's own (`/v1` is added).
    pub url: Option<String>,
    /// The formation API's URL as it is.
    pub base_url: Option<String>,
    /// The URL of the server in front of the formation.
    pub server_url: Option<String>,
    /// The formation behind `server_url`.
    pub formation_id: Option<String>,
    /// `live` (default) or `draft`, behind `server_url`.
    pub mode: Option<String>,
    /// The id of the server's HMAC key.
    pub key_id: Option<String>,
    /// The secret of the server's HMAC key.
    pub secret_key: Option<String>,
    /// The formation's admin key.
    pub admin_key: Option<String>,
    /// The formation's client key.
    pub client_key: Option<String>,
    /// How often to try again after a failure that may pass (default 0).
    pub max_retries: Option<u32>,
    /// Seconds for one attempt (default 30); infinity for no limit.
    pub timeout: Option<f64>,
    /// Seconds for making a connection (default 10); infinity for no limit.
    pub connect_timeout: Option<f64>,
    /// Seconds of silence after which a stream fails (default: no limit).
    pub stream_idle_timeout: Option<f64>,
    /// Headers for every request.
    pub headers: Vec<(String, String)>,
    /// A proxy's `http://` URL; without it the environment's proxy variables count.
    pub proxy: Option<String>,
    /// A PEM file with certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// `false` to accept any certificate.
    pub verify: Option<bool>,
    /// PEM files with the client's certificates, its own first, and with their private key.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// What sends requests instead of the client's own connections.
    pub http_service: Option<Arc<dyn HttpService>>,
    /// What this SDK calls itself: name and version, then the platform.
    pub sdk: Option<(String, String)>,
    /// The application's name, for telemetry.
    pub app: Option<String>,
    /// Called after each attempt.
    pub observer: Option<Observer>,
    /// Called once with the version, when a server knows a newer one of this SDK; by default a line on stderr says so.
    pub on_update: Option<OnUpdate>,
}

/// Called with the newest version of this SDK.
pub type OnUpdate = Arc<dyn Fn(&str) + Send + Sync>;

/// Called after each attempt.
pub type Observer = Arc<dyn Fn(&Attempt) + Send + Sync>;

/// One attempt, for a log line. It holds no key, no signature and no body.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The HTTP method.
    pub method: String,
    /// The path with the base URL's prefix, without query.
    pub path: String,
    /// The status, when there was a reply.
    pub status: Option<u16>,
    /// Seconds that it took.
    pub seconds: f64,
    /// 1 for the first attempt.
    pub number: u32,
    /// The request id of an error reply.
    pub request_id: Option<String>,
    /// What failed.
    pub error: Option<String>,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, seconds, number, .. } = self;
        write!(f, "{method} {path} -> ")?;
        match (self.status, &self.error) {
            (Some(status), None) => write!(f, "{status}")?,
            (Some(status), Some(code)) => write!(f, "{status} {code}")?,
            (None, code) => write!(f, "{}", code.as_deref().unwrap_or("no reply"))?,
        }
        write!(f, " ({seconds:.3} s, attempt {number}")?;
        if let Some(id) = &self.request_id {
            write!(f, ", request {id}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("url", &self.url)
            .field("base_url", &self.base_url)
            .field("server_url", &self.server_url)
            .field("formation_id", &self.formation_id)
            .finish_non_exhaustive()
    }
}

/// A configuration that has been checked.
#[derive(Clone)]
pub struct Config {
    pub(crate) scheme: Scheme,
    pub(crate) authority: String,
    /// The base URL's path without a slash at its end.
    pub(crate) prefix: String,
    pub(crate) signer: Option<Signer>,
    pub(crate) admin_key: Option<HeaderValue>,
    pub(crate) client_key: Option<HeaderValue>,
    pub(crate) max_retries: u32,
    pub(crate) timeout: Option<Duration>,
    /// Whether the timeout is the default, which slow operations exceed.
    pub(crate) timeout_is_default: bool,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) stream_idle_timeout: Option<Duration>,
    pub(crate) headers: HeaderMap,
    pub(crate) proxy: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) verify: bool,
    pub(crate) client_certificate: Option<(PathBuf, PathBuf)>,
    pub(crate) http_service: Option<Arc<dyn HttpService>>,
    pub(crate) observer: Option<Observer>,
    on_update: Option<OnUpdate>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}

impl Config {
    /// The URL that paths are appended to.
    pub fn base_url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority, self.prefix)
    }

    /// Tells once in a process that there is a newer version of this SDK.
    pub(crate) fn notice(&self, latest: &str) {
        static TOLD: AtomicBool = AtomicBool::new(false);
        if !is_newer(latest, env!("CARGO_PKG_VERSION")) || TOLD.swap(true, Ordering::Relaxed) {
            return;
        }
        if environment("MUXI_SDK_VERSION_NOTIFICATION").as_deref() == Some("0") {
            return;
        }
        match &self.on_update {
            Some(tell) => tell(latest),
            None => eprintln!("muxi-client {latest} is available (this is {})", env!("CARGO_PKG_VERSION")),
        }
    }

    /// The host.
    #[cfg(feature = "tracing")]
    pub(crate) fn host(&self) -> &str {
        let end = self.authority.rfind(':').filter(|at| !self.authority[*at..].ends_with(']'));
        end.map_or(self.authority.as_str(), |at| &self.authority[..at])
    }

    /// The port.
    #[cfg(feature = "tracing")]
    pub(crate) fn port(&self) -> u16 {
        let default = if self.scheme == Scheme::HTTPS { 443 } else { 80 };
        self.authority.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(default)
    }

    /// Host and port as the header `Host` has them.
    pub(crate) fn host_header(&self) -> &str {
        let default = if self.scheme == Scheme::HTTPS { ":443" } else { ":80" };
        self.authority.strip_suffix(default).unwrap_or(&self.authority)
    }

    /// Scheme, host and port, for error messages.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }
}

/// Whether `latest` is a later version than `current`, by their numbers.
fn is_newer(latest: &str, current: &str) -> bool {
    let numbers = |text: &str| -> Option<Vec<u64>> { text.trim().split('.').map(|part| part.parse().ok()).collect() };
    matches!((numbers(latest), numbers(current)), (Some(latest), Some(current)) if latest > current)
}

/// Reads an environment variable; an empty one counts as unset.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

impl Settings {
    /// The configuration of a server client.
    pub fn server(mut self) -> Result<Config> {
        fill(&mut self.key_id, "MUXI_KEY_ID");
        fill(&mut self.secret_key, "MUXI_SECRET_KEY");
        let (name, url) = match self.url.take() {
            Some(url) => ("url", url),
            None => match environment("MUXI_SERVER_URL") {
                Some(url) => ("MUXI_SERVER_URL", url),
                None => return Err(Error::invalid("ServerClient needs a URL: give url, or set MUXI_SERVER_URL")),
            },
        };
        let signer = match (secret(self.key_id.as_deref()), secret(self.secret_key.as_deref())) {
            (Some(id), Some(key)) => {
                header_value("key_id", id)?;
                if id.contains([',', ' ', '=']) {
                    return Err(Error::invalid("key_id must not have a comma, a space or an equals sign"));
                }
                Some(Signer::new(id, key))
            }
            (None, None) => None,
            (Some(_), None) => return Err(Error::invalid("key_id is given without secret_key: give both")),
            (None, Some(_)) => return Err(Error::invalid("secret_key is given without key_id: give both")),
        };
        let mut config = self.common(name, &url)?;
        config.signer = signer;
        Ok(config)
    }

    /// The configuration of a formation client.
    pub fn formation(mut self) -> Result<Config> {
        fill(&mut self.admin_key, "MUXI_ADMIN_KEY");
        fill(&mut self.client_key, "MUXI_CLIENT_KEY");
        if self.base_url.is_none() && self.url.is_none() && self.server_url.is_none() {
            fill(&mut self.url, "MUXI_FORMATION_URL");
            if self.url.is_none() {
                fill(&mut self.server_url, "MUXI_SERVER_URL");
            }
        }
        fill(&mut self.formation_id, "MUXI_FORMATION_ID");
        let (name, url) = self.formation_url()?;
        let keys = (key("admin_key", self.admin_key.as_deref())?, key("client_key", self.client_key.as_deref())?);
        let mut config = self.common(name, &url)?;
        (config.admin_key, config.client_key) = keys;
        Ok(config)
    }

    fn formation_url(&self) -> Result<(&'static str, String)> {
        if let Some(base_url) = &self.base_url {
            return Ok(("base_url", base_url.clone()));
        }
        if let Some(url) = &self.url {
            let url = url.trim_end_matches('/');
            return Ok(("url", if url.ends_with("/v1") { url.to_owned() } else { format!("{url}/v1") }));
        }
        let (Some(server_url), formation_id) = (&self.server_url, self.formation_id.as_deref()) else {
            return Err(Error::invalid(
                "FormationClient needs a URL: give server_url and formation_id (through a server), \
                 or url (the formation itself), or base_url (as it is, with /v1); \
                 or set MUXI_SERVER_URL and MUXI_FORMATION_ID, or MUXI_FORMATION_URL",
            ));
        };
        let Some(id) = formation_id.filter(|id| !id.is_empty()) else {
            return Err(Error::invalid("server_url needs formation_id: the formation behind that server"));
        };
        if matches!(id, "." | "..") {
            return Err(Error::invalid(format!("formation_id must be an identifier, got {id:?}")));
        }
        let place = match self.mode.as_deref() {
            None | Some("live") => "api",
            Some("draft") => "draft",
            Some(other) => return Err(Error::invalid(format!("mode must be \"live\" or \"draft\", got {other:?}"))),
        };
        let id = utf8_percent_encode(id, ENCODED);
        Ok(("server_url", format!("{}/{place}/{id}/v1", server_url.trim_end_matches('/'))))
    }

    fn common(self, url_name: &str, url: &str) -> Result<Config> {
        if self.http_service.is_some() {
            let connection = [
                ("proxy", self.proxy.is_some()),
                ("ca_file", self.ca_file.is_some()),
                ("client_certificate", self.client_certificate.is_some()),
                ("verify", self.verify.is_some()),
                ("connect_timeout", self.connect_timeout.is_some()),
            ];
            if let Some((name, _)) = connection.iter().find(|(_, given)| *given) {
                return Err(Error::invalid(format!(
                    "{name} has no effect with http_service, which makes connections itself"
                )));
            }
        }
        let (scheme, authority, prefix) = parse_url(url_name, url)?;
        let timeout = match self.timeout {
            None => environment("MUXI_TIMEOUT").map(|text| number("MUXI_TIMEOUT", &text)).transpose()?,
            given => given,
        };
        let max_retries = match self.max_retries {
            None => environment("MUXI_MAX_RETRIES").map(|text| number("MUXI_MAX_RETRIES", &text)).transpose()?,
            given => given,
        };
        let mut headers = HeaderMap::new();
        let (sdk, platform) = self.sdk.unwrap_or_else(|| {
            let platform = format!("{}-{}/rust", std::env::consts::OS, std::env::consts::ARCH);
            (format!("muxi-client-rust/{}", env!("CARGO_PKG_VERSION")), platform)
        });
        headers.insert(header::USER_AGENT, header_value("sdk", &sdk)?);
        headers.insert(SDK_HEADER, header_value("sdk", &sdk)?);
        headers.insert(CLIENT_HEADER, header_value("client", &platform)?);
        if let Some(app) = &self.app {
            headers.insert(APP_HEADER, header_value("app", app)?);
        }
        for (name, value) in &self.headers {
            headers.insert(header_name(name)?, header_value(name, value)?);
        }
        Ok(Config {
            scheme,
            authority,
            prefix,
            signer: None,
            admin_key: None,
            client_key: None,
            max_retries: max_retries.unwrap_or(0),
            timeout: seconds("timeout", timeout.unwrap_or(DEFAULT_TIMEOUT))?,
            timeout_is_default: timeout.is_none(),
            connect_timeout: seconds("connect_timeout", self.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT))?,
            stream_idle_timeout: seconds("stream_idle_timeout", self.stream_idle_timeout.unwrap_or(f64::INFINITY))?,
            headers,
            proxy: self.proxy,
            ca_file: self.ca_file,
            verify: self.verify.unwrap_or(true),
            client_certificate: self.client_certificate,
            http_service: self.http_service,
            observer: self.observer,
            on_update: self.on_update,
        })
    }
}

const SDK_HEADER: HeaderName = HeaderName::from_static("x-muxi-sdk");
const CLIENT_HEADER: HeaderName = HeaderName::from_static("x-muxi-client");
const APP_HEADER: HeaderName = HeaderName::from_static("x-muxi-app");

fn fill(value: &mut Option<String>, variable: &str) {
    if value.is_none() {
        *value = environment(variable);
    }
}

fn secret(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|v| !v.is_empty())
}

fn key(name: &str, value: Option<&str>) -> Result<Option<HeaderValue>> {
    let Some(text) = secret(value) else { return Ok(None) };
    // The text of a key must not be in an error, so `header_value`'s own message will not do.
    let mut value =
        header_value(name, text).map_err(|_| Error::invalid(format!("{name} must be printable ASCII text")))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T> {
    text.trim().parse().map_err(|_| Error::invalid(format!("{name} must be a number, got {text:?}")))
}

/// Checks a time limit in seconds; infinity stands for none.
pub fn seconds(name: &str, value: f64) -> Result<Option<Duration>> {
    if value == f64::INFINITY {
        return Ok(None);
    }
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if !duration.is_zero() => Ok(Some(duration)),
        _ => Err(Error::invalid(format!("{name} must be a number of seconds above 0, got {value}"))),
    }
}

/// Checks a header's name.
pub fn header_name(name: &str) -> Result<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| Error::invalid(format!("headers: {name:?} is no header name")))
}

fn parse_url(name: &str, url: &str) -> Result<(Scheme, String, String)> {
    let wrong =
        |why: &str| Error::invalid(format!("{name} must be a URL like http://localhost:7890, got {url:?}{why}"));
    let uri: Uri = url.trim().parse().map_err(|_| wrong(""))?;
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err(wrong(": it lacks http:// or https://"));
    };
    if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
        return Err(wrong(": it lacks http:// or https://"));
    }
    if uri.query().is_some() || authority.as_str().contains('@') {
        return Err(Error::invalid(format!("{name} must not have a query or a password: give keys as arguments")));
    }
    Ok((scheme.clone(), authority.to_string(), uri.path().trim_end_matches('/').to_owned()))
}
