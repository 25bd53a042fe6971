//! A client's settings from Python, and the notes that its calls leave.

use crate::port::lock;
use muxi_client::config::Settings;
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyDict};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

/// So many log lines at most wait to be taken.
const NOTES: usize = 1000;

/// Log lines and notices that wait to be taken.
#[derive(Default)]
pub(crate) struct Notes {
    some: AtomicBool,
    lines: Mutex<Vec<(&'static str, String)>>,
}

impl Notes {
    pub(crate) fn add(&self, kind: &'static str, line: String) {
        let mut lines = lock(&self.lines);
        if lines.len() < NOTES {
            lines.push((kind, line));
        }
        self.some.store(true, Ordering::Release);
    }

    /// The lines since the last time.
    pub(crate) fn take(&self) -> Option<Vec<(&'static str, String)>> {
        self.some.swap(false, Ordering::AcqRel).then(|| std::mem::take(&mut *lock(&self.lines)))
    }
}

/// The pairs of a mapping of text; in a query numbers and bools may stand too, and `None` leaves one out.
pub(crate) fn pairs(mapping: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Vec<(String, String)>> {
    let Some(mapping) = mapping else { return Ok(Vec::new()) };
    let dict = PyDict::new(mapping.py());
    let wrong = |_| PyTypeError::new_err(format!("{name} must be a mapping of str to str"));
    dict.update(mapping.cast().map_err(|e| wrong(e.into()))?)?;
    let mut pairs = Vec::with_capacity(dict.len());
    for (key, value) in dict.iter() {
        let text = match value.extract::<String>() {
            Ok(text) => text,
            Err(_) if name == "params" && value.is_none() => continue,
            Err(_) if name == "params" && value.extract::<bool>().is_ok() => value.str()?.to_string().to_lowercase(),
            Err(_) if name == "params" => value.str()?.to_string(),
            Err(error) => return Err(wrong(error)),
        };
        pairs.push((key.extract().map_err(wrong)?, text));
    }
    Ok(pairs)
}

/// The settings that are not `None`.
pub(crate) fn read_settings(given: &Bound<'_, PyDict>, notes: &Arc<Notes>) -> PyResult<Settings> {
    let mut settings = Settings::default();
    let debug = notes.clone();
    let update = notes.clone();
    settings.on_update = Some(Arc::new(move |latest| update.add("update", latest.to_owned())));
    for (name, value) in given.iter() {
        let name: String = name.extract()?;
        if value.is_none() {
            continue;
        }
        let wrong = |e: PyErr| {
            let what = e.value(given.py()).to_string();
            PyTypeError::new_err(format!("{name}: {what}"))
        };
        match name.as_str() {
            "url" => settings.url = Some(value.extract().map_err(wrong)?),
            "base_url" => settings.base_url = Some(value.extract().map_err(wrong)?),
            "server_url" => settings.server_url = Some(value.extract().map_err(wrong)?),
            "formation_id" => settings.formation_id = Some(value.extract().map_err(wrong)?),
            "mode" => settings.mode = Some(value.extract().map_err(wrong)?),
            "key_id" => settings.key_id = Some(value.extract().map_err(wrong)?),
            "secret_key" => settings.secret_key = Some(value.extract().map_err(wrong)?),
            "admin_key" => settings.admin_key = Some(value.extract().map_err(wrong)?),
            "client_key" => settings.client_key = Some(value.extract().map_err(wrong)?),
            "max_retries" => settings.max_retries = Some(value.extract().map_err(wrong)?),
            "timeout" => settings.timeout = Some(value.extract().map_err(wrong)?),
            "connect_timeout" => settings.connect_timeout = Some(value.extract().map_err(wrong)?),
            "stream_idle_timeout" => settings.stream_idle_timeout = Some(value.extract().map_err(wrong)?),
            "headers" => settings.headers = pairs(Some(&value), "headers")?,
            "proxy" => settings.proxy = Some(value.extract().map_err(wrong)?),
            "ca_file" => settings.ca_file = Some(value.extract().map_err(wrong)?),
            "verify" => settings.verify = Some(value.extract().map_err(wrong)?),
            "app" => settings.app = Some(value.extract().map_err(wrong)?),
            "sdk" => settings.sdk = Some(value.extract().map_err(wrong)?),
            "debug" if value.is_truthy()? => {
                let debug = debug.clone();
                settings.observer = Some(Arc::new(move |attempt| debug.add("debug", attempt.to_string())));
            }
            "debug" => {}
            _ => return Err(PyTypeError::new_err(format!("there is no setting {name:?}"))),
        }
    }
    Ok(settings)
}
