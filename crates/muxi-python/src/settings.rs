//! A client's settings from Python.

use muxi_client::{
    api::table::Api,
    config::{Setting, SettingKind, SettingValue, Settings},
};
use pyo3::{
    exceptions::{PyOverflowError, PyTypeError, PyValueError},
    prelude::*,
    types::{PyBool, PyDict},
};

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

/// The settings that are not `None`, by the names of their rows.
pub(crate) fn read_settings(api: Api, given: &Bound<'_, PyDict>) -> PyResult<Settings> {
    let mut settings = Settings::default();
    for (name, value) in given.iter() {
        let name: String = name.extract()?;
        let Some(setting) = Setting::all().find(|setting| setting.keyword() == name && setting.usage(api).is_some())
        else {
            return Err(PyTypeError::new_err(format!("{api:?}Client has no setting {name:?}")));
        };
        if !value.is_none() {
            let value = read(setting, &value)?;
            settings.set(setting, value).map_err(|e| PyTypeError::new_err(e.message().to_owned()))?;
        }
    }
    Ok(settings)
}

/// A setting's value in the form of its kind.
fn read(setting: &Setting, value: &Bound<'_, PyAny>) -> PyResult<SettingValue> {
    let name = setting.name;
    let (expected, read) = match setting.kind {
        SettingKind::Text => ("a str", value.extract().map(SettingValue::Text)),
        SettingKind::Count => ("an int", value.extract().map(SettingValue::Count)),
        SettingKind::Seconds => ("a number of seconds", value.extract().map(SettingValue::Seconds)),
        SettingKind::Flag => ("a bool", value.extract().map(SettingValue::Flag)),
        SettingKind::Truth => ("a bool", value.is_truthy().map(SettingValue::Flag)),
        SettingKind::Proxy if value.is_instance_of::<PyBool>() && !value.is_truthy()? => {
            return Ok(SettingValue::Flag(false));
        }
        SettingKind::Proxy => ("a str, or False for none", value.extract().map(SettingValue::Text)),
        SettingKind::Path => ("a path", value.extract().map(SettingValue::Path)),
        SettingKind::Certificate => {
            let paths = value.extract().map(|(chain, key)| SettingValue::Certificate(chain, key));
            ("a tuple of two paths, of the certificates and of the private key", paths)
        }
        SettingKind::Headers => return pairs(Some(value), name).map(SettingValue::Headers),
        SettingKind::Pair => ("two texts", value.extract().map(|(first, second)| SettingValue::Pair(first, second))),
        _ => return Err(PyTypeError::new_err(format!("{name} is not a setting of Python"))),
    };
    read.map_err(|error| {
        if error.is_instance_of::<PyOverflowError>(value.py()) {
            return PyValueError::new_err(format!("{name} must be from 0 to {}, got {value}", u32::MAX));
        }
        // The value may be a key: its type must do.
        let kind = value.get_type().name().map(|name| name.to_string()).unwrap_or_default();
        PyTypeError::new_err(format!("{name} must be {expected}, not {kind}"))
    })
}
