//! From settings to a configuration.

use super::{
    checked::print_line,
    environment::{Names, fill, variable},
    setting::{Setting, SettingValue},
    table::{Config, Settings, defaults, rows},
    url::BaseUrl,
    value::not_blank,
};
use crate::api::{
    auth::Signer,
    error::{Error, Result},
    request::header_value,
    table::Api,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::{fmt, mem, sync::Arc};

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
        self.find_without_effect(&names)?;
        if let (Some(_), Some(_)) = (&self.retry, self.max_retries) {
            let (retry, number) = (rows::retry.name, rows::max_retries.name);
            return Err(Error::invalid(format!(
                "{number} and {retry} are given: give one, {retry} has the number, too"
            )));
        }
        let (base, signer) = match api {
            Api::Server => (self.server_url(&names)?, self.signer(&names)?),
            Api::Formation => (self.formation_url(&names)?, None),
        };
        let mut config = self.checked(base, signer, &|row| names.of(row))?;
        config.add_headers(&names)?;
        config.print_debug();
        Ok(config)
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
        match (not_blank(self.key_id.as_deref()), not_blank(self.secret_key.as_deref())) {
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
        let mode_name = names.of(&rows::mode);
        let place = match self.mode.as_deref().unwrap_or(defaults::mode) {
            "live" => "api",
            "draft" if self.base_url.is_some() || self.url.is_some() => {
                let message = format!("{mode_name} \"draft\" needs server_url: another URL names one version already");
                return Err(Error::invalid(message));
            }
            "draft" => "draft",
            other => {
                return Err(Error::invalid(format!("{mode_name} must be \"live\" or \"draft\", got {other:?}")));
            }
        };
        if self.base_url.is_some() || self.url.is_some() {
            self.one_formation(names)?;
        }
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
        let Some(id) = not_blank(self.formation_id.as_deref()) else {
            let variable = rows::formation_id.variable(Api::Formation).unwrap_or_default();
            return Err(Error::invalid(format!(
                "{url_name} needs {id_name}, the formation behind that server: give it, or set {variable}"
            )));
        };
        if matches!(id, "." | "..") {
            return Err(Error::invalid(format!("{id_name} must be an identifier, got {id:?}")));
        }
        Ok(BaseUrl::parse(url_name, server_url)?.formation(place, id))
    }

    /// Refuses an id beside nothing but the URL of one formation. An id from the environment gives way.
    fn one_formation(&self, names: &Names) -> Result<()> {
        let id = names.of(&rows::formation_id);
        if self.server_url.is_some() || self.formation_id.is_none() || id != rows::formation_id.name {
            return Ok(());
        }
        let url = names.of(if self.base_url.is_some() { &rows::base_url } else { &rows::url });
        let server_url = rows::server_url.name;
        let message =
            format!("{url} names one formation, so {id} has no effect: give {server_url} and {id}, or {url} alone");
        Err(Error::invalid(message))
    }

    fn find_without_effect(&self, names: &Names) -> Result<()> {
        let has_no_effect = |row: &&Setting| row.flags.connection && self.is_given(row);
        let (Some(_), Some(row)) = (&self.http_service, Setting::all().find(has_no_effect)) else { return Ok(()) };
        let name = names.of(row);
        Err(Error::invalid(format!("{name} has no effect with http_service, which makes connections itself")))
    }
}

impl Config {
    /// Adds the headers that the settings stand for. Those that are given by name take their place.
    fn add_headers(&mut self, names: &Names) -> Result<()> {
        let (sdk, platform) = self.sdk.take().unwrap_or_else(|| {
            let platform = format!("{}-{}/rust", std::env::consts::OS, std::env::consts::ARCH);
            (format!("muxi-client-rust/{}", env!("CARGO_PKG_VERSION")), platform)
        });
        let name = names.of(&rows::sdk);
        let mut headers = HeaderMap::new();
        // Without it a server may compress, which costs more than it saves where replies are small.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(header::USER_AGENT, header_value(name, &sdk)?);
        headers.insert(SDK_HEADER, header_value(name, &sdk)?);
        headers.insert(CLIENT_HEADER, header_value(name, &platform)?);
        if let Some(app) = &self.app {
            headers.insert(APP_HEADER, header_value(names.of(&rows::app), app)?);
        }
        headers.extend(mem::take(&mut self.headers));
        self.headers = headers;
        Ok(())
    }

    /// Prints the lines of `debug`, unless they are taken elsewhere.
    fn print_debug(&mut self) {
        self.debug &= self.on_attempt.is_none();
        if self.debug {
            self.on_attempt = Some(Arc::new(|attempt| print_line(&format!("muxi: {attempt}"))));
        }
    }
}

/// The error for an operation that needs keys which are not given; `join` is the word between them.
pub(crate) fn needed(operation: &str, keys: &[&Setting], join: &str) -> Error {
    let names: Vec<&str> = keys.iter().map(|row| row.name).collect();
    let variables: Vec<&str> = keys.iter().flat_map(|row| row.usages).filter_map(|usage| usage.variable).collect();
    let (names, variables) = (names.join(join), variables.join(join));
    Error::invalid(format!("{operation} needs {names}: give it to the client, or set {variables}"))
}
