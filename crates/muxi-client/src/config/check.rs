//! From settings to a configuration.

use super::{
    checked::{Config, print_line},
    environment::{Names, fill, variable},
    setting::{Setting, SettingValue},
    table::{Settings, defaults, rows},
    url::BaseUrl,
};
use crate::api::{
    auth::Signer,
    error::{Error, Result},
    request::header_value,
    table::Api,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::{fmt, sync::Arc, time::Duration};

const SDK_HEADER: HeaderName = HeaderName::from_static("x-muxi-sdk");
const CLIENT_HEADER: HeaderName = HeaderName::from_static("x-muxi-client");
const APP_HEADER: HeaderName = HeaderName::from_static("x-muxi-app");

impl fmt::Debug for Settings {
    /// Names the settings that are given: a value may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Settings ")?;
        f.debug_set().entries(Setting::all().filter(|row| self.is_given(row)).map(|row| row.name)).finish()
    }
}

impl Settings {
    /// Sets the value of a setting, for programs that have settings by name.
    ///
    /// # Errors
    ///
    /// An [`Error`] when the value's form is not that of the setting's kind.
    pub fn set(&mut self, setting: &Setting, value: SettingValue) -> Result<()> {
        let (name, kind) = (setting.name, setting.kind);
        if self.put(setting, value) { Ok(()) } else { Err(Error::invalid(format!("{name} must be a {kind:?}"))) }
    }

    /// Checks the settings of an API's client. Values that are not given come from the environment.
    ///
    /// # Errors
    ///
    /// An [`Error`] that names the setting, or the variable, that is missing or wrong.
    pub fn check(mut self, api: Api) -> Result<Config> {
        let names = fill(&mut self, api, variable)?;
        match api {
            Api::Server => {
                let base = self.server_url(&names)?;
                let signer = self.signer(&names)?;
                Ok(Config { signer, ..self.common(base, &names)? })
            }
            Api::Formation => {
                let base = self.formation_url(&names)?;
                let admin_key = key(names.of(&rows::admin_key), self.admin_key.as_deref())?;
                let client_key = key(names.of(&rows::client_key), self.client_key.as_deref())?;
                Ok(Config { admin_key, client_key, ..self.common(base, &names)? })
            }
        }
    }

    fn server_url(&self, names: &Names) -> Result<BaseUrl> {
        let row = &rows::url;
        let missing = || {
            let variable = row.variable(Api::Server).unwrap_or_default();
            Error::invalid(format!("ServerClient needs a URL: give {}, or set {variable}", row.name))
        };
        BaseUrl::parse(names.of(row), self.url.as_ref().ok_or_else(missing)?)
    }

    fn signer(&self, names: &Names) -> Result<Option<Signer>> {
        let name = names.of(&rows::key_id);
        let half = |given: &Setting, missing: &Setting| {
            let (given, variable) = (names.of(given), missing.variable(Api::Server).unwrap_or_default());
            Err(Error::invalid(format!("{given} is given without {}: give both, or set {variable}", missing.name)))
        };
        match (secret(self.key_id.as_deref()), secret(self.secret_key.as_deref())) {
            (Some(id), Some(key)) => {
                header_value(name, id)?;
                if id.contains([',', ' ', '=']) {
                    return Err(Error::invalid(format!("{name} must not have a comma, a space or an equals sign")));
                }
                Ok(Some(Signer::new(id, key)))
            }
            (None, None) => Ok(None),
            (Some(_), None) => half(&rows::key_id, &rows::secret_key),
            (None, Some(_)) => half(&rows::secret_key, &rows::key_id),
        }
    }

    fn formation_url(&self, names: &Names) -> Result<BaseUrl> {
        if let Some(base_url) = &self.base_url {
            return BaseUrl::parse(names.of(&rows::base_url), base_url);
        }
        if let Some(url) = &self.url {
            return Ok(BaseUrl::parse(names.of(&rows::url), url)?.versioned());
        }
        let Some(server_url) = &self.server_url else {
            let variable = |row: &Setting| row.variable(Api::Formation).unwrap_or_default();
            return Err(Error::invalid(format!(
                "FormationClient needs a URL: give server_url and formation_id (through a server), \
                 or url (the formation itself), or base_url (as it is, with /v1); or set {} and {}, or {}",
                variable(&rows::server_url),
                variable(&rows::formation_id),
                variable(&rows::url),
            )));
        };
        let (url_name, id_name) = (names.of(&rows::server_url), names.of(&rows::formation_id));
        let Some(id) = self.formation_id.as_deref().filter(|id| !id.is_empty()) else {
            let variable = rows::formation_id.variable(Api::Formation).unwrap_or_default();
            return Err(Error::invalid(format!(
                "{url_name} needs {id_name}, the formation behind that server: give it, or set {variable}"
            )));
        };
        if matches!(id, "." | "..") {
            return Err(Error::invalid(format!("{id_name} must be an identifier, got {id:?}")));
        }
        let mode_name = names.of(&rows::mode);
        let place = match self.mode.as_deref().unwrap_or(defaults::mode) {
            "live" => "api",
            "draft" => "draft",
            other => {
                return Err(Error::invalid(format!("{mode_name} must be \"live\" or \"draft\", got {other:?}")));
            }
        };
        Ok(BaseUrl::parse(url_name, server_url)?.formation(place, id))
    }

    fn common(self, base: BaseUrl, names: &Names) -> Result<Config> {
        let has_no_effect = |row: &&Setting| row.flags.connection && self.is_given(row);
        if let (Some(_), Some(row)) = (&self.http_service, Setting::all().find(has_no_effect)) {
            let name = names.of(row);
            return Err(Error::invalid(format!(
                "{name} has no effect with http_service, which makes connections itself"
            )));
        }
        let limit = |row: &Setting, given: Option<f64>, default: f64| seconds(names.of(row), given.unwrap_or(default));
        let timeout = limit(&rows::timeout, self.timeout, defaults::timeout)?;
        let connect_timeout = limit(&rows::connect_timeout, self.connect_timeout, defaults::connect_timeout)?;
        let stream_idle_timeout =
            limit(&rows::stream_idle_timeout, self.stream_idle_timeout, defaults::stream_idle_timeout)?;
        let headers = self.headers(names)?;
        let debug = self.debug.unwrap_or(defaults::debug) && self.on_attempt.is_none();
        let on_attempt = match self.on_attempt {
            None if debug => Some(Arc::new(|attempt: &_| print_line(&format!("muxi: {attempt}"))) as _),
            given => given,
        };
        Ok(Config {
            base,
            signer: None,
            admin_key: None,
            client_key: None,
            max_retries: self.max_retries.unwrap_or(defaults::max_retries),
            timeout,
            timeout_is_default: self.timeout.is_none(),
            connect_timeout,
            stream_idle_timeout,
            headers,
            proxy: self.proxy,
            ca_file: self.ca_file,
            verify: self.verify.unwrap_or(defaults::verify),
            client_certificate: self.client_certificate,
            http_service: self.http_service,
            on_attempt,
            debug,
            update_notice: self.update_notice.unwrap_or(defaults::update_notice),
            on_update: self.on_update,
        })
    }

    /// The headers of every request.
    fn headers(&self, names: &Names) -> Result<HeaderMap> {
        let own;
        let (sdk, platform) = match &self.sdk {
            Some((sdk, platform)) => (sdk, platform),
            None => {
                let platform = format!("{}-{}/rust", std::env::consts::OS, std::env::consts::ARCH);
                own = (format!("muxi-client-rust/{}", env!("CARGO_PKG_VERSION")), platform);
                (&own.0, &own.1)
            }
        };
        let mut headers = HeaderMap::new();
        let name = names.of(&rows::sdk);
        headers.insert(header::USER_AGENT, header_value(name, sdk)?);
        headers.insert(SDK_HEADER, header_value(name, sdk)?);
        headers.insert(CLIENT_HEADER, header_value(name, platform)?);
        if let Some(app) = &self.app {
            headers.insert(APP_HEADER, header_value(names.of(&rows::app), app)?);
        }
        for (name, value) in &self.headers {
            headers.insert(header_name(name)?, header_value(name, value)?);
        }
        Ok(headers)
    }
}

/// The error for an operation that needs keys which are not given; `join` is the word between them.
pub(crate) fn needed(operation: &str, keys: &[&Setting], join: &str) -> Error {
    let names: Vec<&str> = keys.iter().map(|row| row.name).collect();
    let variables: Vec<&str> = keys.iter().flat_map(|row| row.usages).filter_map(|usage| usage.variable).collect();
    let (names, variables) = (names.join(join), variables.join(join));
    Error::invalid(format!("{operation} needs {names}: give it to the client, or set {variables}"))
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
