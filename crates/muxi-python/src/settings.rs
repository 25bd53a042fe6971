//! A client's settings from Python.

use crate::convert::type_name;
use muxi_client::{
    Retry,
    api::table::Api,
    config::{Setting, SettingKind, SettingValue, Settings},
};
use pyo3::{
    exceptions::{PyOverflowError, PyTypeError, PyValueError},
    prelude::*,
    types::{PyBool, PyDict},
};
use std::time::Duration;

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
        SettingKind::Count => return count(value, name).map(SettingValue::Count),
        SettingKind::Seconds => return seconds(value, name).map(SettingValue::Seconds),
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
        SettingKind::Retry => return retry(value).map(SettingValue::Retry),
        SettingKind::Pair => ("two texts", value.extract().map(|(first, second)| SettingValue::Pair(first, second))),
        _ => return Err(PyTypeError::new_err(format!("{name} is not a setting of Python"))),
    };
    read.map_err(|_| wrong(name, expected, value))
}

/// A number of seconds; infinite where it is too large for a float. A bool is an integer in Python, but none here.
pub(crate) fn seconds(value: &Bound<'_, PyAny>, name: &str) -> PyResult<f64> {
    let expected = "a number of seconds";
    match value.extract() {
        _ if value.is_instance_of::<PyBool>() => Err(wrong(name, expected, value)),
        Err(error) if PyErr::is_instance_of::<PyOverflowError>(&error, value.py()) => {
            Ok(if value.lt(0)? { f64::NEG_INFINITY } else { f64::INFINITY })
        }
        read => read.map_err(|_| wrong(name, expected, value)),
    }
}

/// A whole number from 0.
pub(crate) fn count(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u32> {
    match value.extract() {
        _ if value.is_instance_of::<PyBool>() => Err(wrong(name, "an int", value)),
        Err(error) if PyErr::is_instance_of::<PyOverflowError>(&error, value.py()) => {
            Err(PyValueError::new_err(format!("{name} must be from 0 to {}, got {value}", u32::MAX)))
        }
        read => read.map_err(|_| wrong(name, "an int", value)),
    }
}

/// A rule for further attempts: an object with the attributes of `muxi.Retry`.
pub(crate) fn retry(value: &Bound<'_, PyAny>) -> PyResult<Retry> {
    let part = |name: &str| value.getattr(name).map_err(|_| wrong("retry", "a Retry", value));
    let pause = |name: &str| match seconds(&part(name)?, name)? {
        limit if limit >= Duration::MAX.as_secs_f64() => Ok(Duration::MAX),
        limit => Duration::try_from_secs_f64(limit)
            .map_err(|_| PyValueError::new_err(format!("{name} must be a number of seconds from 0, got {limit}"))),
    };
    let status = |status: PyResult<Bound<'_, PyAny>>| {
        let number = count(&status?, "statuses")?;
        let wrong = |_| PyValueError::new_err(format!("retry: statuses must be from 100 to 599, got {number}"));
        u16::try_from(number).map_err(wrong)
    };
    let rule = Retry::new(count(&part("max_retries")?, "max_retries")?).base(pause("base")?).cap(pause("cap")?);
    let statuses = part("statuses")?;
    let each = statuses.try_iter().map_err(|_| wrong("statuses", "ints", &statuses))?;
    let rule = rule.statuses(each.map(status).collect::<PyResult<Vec<_>>>()?);
    rule.check("retry").map_err(|e| PyValueError::new_err(e.message().to_owned()))?;
    Ok(rule)
}

/// Checks a rule for further attempts.
#[pyfunction]
pub(crate) fn check_retry(retry: &Bound<'_, PyAny>) -> PyResult<()> {
    self::retry(retry).map(drop)
}

/// The error for a value of another type. The value may be a key: its type must do.
pub(crate) fn wrong(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("{name} must be {expected}, not {}", type_name(value)))
}
