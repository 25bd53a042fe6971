//! The declared fields of requests: of the right type, and not misspelt. Fields that are not declared are sent as they are.

use crate::{
    convert::{is_binary, type_name},
    once::interned,
    process::lock,
};
use muxi_client::api::table::{Endpoint, Field, Kind, Param};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PySequence, PyString, PyTuple},
};
use std::{collections::BTreeSet, sync::Mutex};

/// As many undeclared fields are told, each once.
const TOLD_AT_MOST: usize = 100;

/// Refuses a declared field of a wrong type, and a required one that is missing beside a near one, in the values of an
/// operation's arguments.
pub(crate) fn check(endpoint: &Endpoint, values: &Bound<'_, PyTuple>, logger: Option<&Py<PyAny>>) -> PyResult<()> {
    let params = endpoint.params.iter().zip(values.iter_borrowed());
    for (param, value) in params.filter(|(param, _)| !param.fields.is_empty()) {
        let at = |step: &str| format!("{}: {}{step}", endpoint.name, param.name);
        match (param.kind, value.cast::<PyList>()) {
            (Kind::List, Ok(rows)) => {
                for (number, row) in rows.iter().enumerate() {
                    check_one(&|| at(&format!("[{number}]")), param, &row, logger)?;
                }
            }
            (Kind::List, Err(_)) => {}
            _ => check_one(&|| at(""), param, &value, logger)?,
        }
    }
    Ok(())
}

fn check_one(
    at: &dyn Fn() -> String,
    param: &Param,
    value: &Bound<'_, PyAny>,
    logger: Option<&Py<PyAny>>,
) -> PyResult<()> {
    let Ok(mapping) = value.cast::<PyMapping>() else { return Ok(()) };
    // A copy: what is asked of a value may run Python code, which may change the dict.
    let given = PyDict::new(value.py());
    given.update(mapping)?;
    let mut unknown = Vec::new();
    for (key, value) in given.iter() {
        let Ok(key) = key.cast_into::<PyString>() else { continue };
        let Ok(name) = key.to_str() else { continue };
        match param.fields.iter().find(|field| field.name == name) {
            Some(field) if !fits(field, &value) => {
                let message = format!("{}[{name:?}] must be {}, not {}", at(), expected(field), type_name(&value));
                return Err(PyTypeError::new_err(message));
            }
            Some(_) => {}
            None => unknown.push(name.to_owned()),
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let py = value.py();
    for field in param.fields.iter().filter(|field| field.required) {
        if given.contains(field.name)? {
            continue;
        }
        if let Some(near) = nearest(py, field.name, unknown.iter().map(String::as_str))? {
            return Err(PyValueError::new_err(format!("{} has no {:?}, but {near:?}", at(), field.name)));
        }
    }
    tell(py, param, &unknown, logger)
}

/// Tells whether a value is of the type of a field; None stands for an optional one that is not given.
fn fits(field: &Field, value: &Bound<'_, PyAny>) -> bool {
    let is_text = || value.is_instance_of::<PyString>();
    let is_number = || value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>();
    let is_list = || value.cast::<PySequence>().is_ok() && !value.is_instance_of::<PyString>() && !is_binary(value);
    (value.is_none() && !field.required)
        || match field.rust_type {
            "Value" => true,
            "Object" => value.cast::<PyMapping>().is_ok(),
            "f64" | "u64" => is_number() && !value.is_instance_of::<PyBool>(),
            list if list.starts_with("Vec") => is_list(),
            // Text, times and words.
            _ => is_text(),
        }
}

fn expected(field: &Field) -> &'static str {
    match field.rust_type {
        "Object" => "a dict",
        "f64" | "u64" => "a number",
        list if list.starts_with("Vec") => "a list",
        _ => "str",
    }
}

fn nearest<'n>(py: Python<'_>, name: &str, names: impl Iterator<Item = &'n str>) -> PyResult<Option<String>> {
    let found = py.import("difflib")?.call_method1("get_close_matches", (name, names.collect::<Vec<_>>(), 1))?;
    found.extract::<Vec<String>>().map(|found| found.into_iter().next())
}

/// Logs each field that is not declared, once.
fn tell(py: Python<'_>, param: &Param, unknown: &[String], logger: Option<&Py<PyAny>>) -> PyResult<()> {
    static TOLD: Mutex<BTreeSet<(&'static str, String)>> = Mutex::new(BTreeSet::new());
    for name in unknown {
        let mut told = lock(&TOLD);
        let is_new = told.len() < TOLD_AT_MOST && told.insert((param.type_name(), name.clone()));
        drop(told);
        if is_new {
            let near = nearest(py, name, param.fields.iter().map(|field| field.name))?;
            let hint = near.map(|near| format!(": did you mean {near:?}?")).unwrap_or_default();
            let text = format!("{} has no field {name:?}; it is sent as it is{hint}", param.type_name());
            let logger = match logger {
                Some(own) => own.bind(py).clone(),
                None => py.import("logging")?.call_method1(interned!(py, "getLogger"), ("muxi",))?,
            };
            logger.call_method1(interned!(py, "warning"), ("%s", text))?;
        }
    }
    Ok(())
}
