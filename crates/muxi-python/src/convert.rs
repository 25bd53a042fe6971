//! From Python values to arguments.

use crate::{json::parse, once::interned};
use muxi_client::{
    Bundle,
    api::{
        arg::Arg,
        args::Args,
        params::File,
        table::{Endpoint, Kind, Param, Place},
    },
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PySequence, PyString, PyTuple},
};

/// Deeper than any sensible value, and far from the end of the stack.
const DEEPEST: usize = 200;

/// The arguments of a call, from the values in the order of the table's row; `bundle` makes a bundle of a value.
pub(crate) fn args(
    endpoint: &'static Endpoint,
    values: &Bound<'_, PyTuple>,
    bundle: &mut dyn FnMut(&Bound<'_, PyAny>) -> PyResult<Bundle>,
) -> PyResult<Args> {
    let mut args = Args::new(endpoint);
    for (at, (param, value)) in endpoint.params.iter().zip(values.iter_borrowed()).enumerate() {
        if param.kind == Kind::Bundle {
            args.set_at(at, Some(Arg::Bundle(bundle(&value)?)));
        } else if !value.is_none() {
            args.set_at(at, Some(arg(endpoint, param, &value)?));
        } else if param.required && !param.nullable {
            return Err(wrong_type(endpoint, param, &value));
        }
    }
    Ok(args)
}

fn arg(endpoint: &Endpoint, param: &Param, value: &Bound<'_, PyAny>) -> PyResult<Arg> {
    let wrong = || wrong_type(endpoint, param, value);
    Ok(match param.kind {
        Kind::Str => match value.cast::<PyString>() {
            Ok(text) => Arg::Str(text_of(text, param.name)?),
            Err(_) if param.place == Place::Path && is_int(value) => Arg::Str(value.str()?.to_string()),
            Err(_) => return Err(wrong()),
        },
        Kind::Int if is_int(value) => Arg::Int(value.extract()?),
        // The official SDK takes a number as text, too.
        Kind::Int => Arg::Int(value.extract::<String>().ok().and_then(|text| text.parse().ok()).ok_or_else(wrong)?),
        Kind::Bool => Arg::Bool(value.cast::<PyBool>().map_err(|_| wrong())?.is_true()),
        Kind::Object if value.cast::<PyMapping>().is_err() => return Err(wrong()),
        Kind::List if value.is_instance_of::<PyString>() || value.cast::<PySequence>().is_err() => return Err(wrong()),
        Kind::Json | Kind::Object | Kind::List => Arg::Json(json(value, param.name)?),
        Kind::Bytes => Arg::Bytes(bytes_of(value).ok_or_else(wrong)?.into()),
        Kind::Bundle => return Err(wrong()),
    })
}

/// The fields of a file that goes with a chat turn. Without a media type, that follows from the name.
#[pyfunction]
pub(crate) fn file<'py>(
    py: Python<'py>,
    name: &str,
    content_type: Option<&str>,
    content: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    let made = match content_type {
        Some(content_type) => File::from_bytes(name, content_type, content),
        None => File::named(name, content),
    };
    let fields = serde_json::to_vec(&made);
    parse(py, &fields.map_err(|e| PyValueError::new_err(e.to_string()))?)
}

/// The bytes in `bytes`, `bytearray` or text.
pub(crate) fn bytes_of(value: &Bound<'_, PyAny>) -> Option<Vec<u8>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Some(bytes.as_bytes().to_vec());
    }
    if let Ok(bytes) = value.cast::<PyByteArray>() {
        return Some(bytes.to_vec());
    }
    Some(value.cast::<PyString>().ok()?.to_str().ok()?.as_bytes().to_vec())
}

fn is_int(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>()
}

pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}

fn wrong_type(endpoint: &Endpoint, param: &Param, value: &Bound<'_, PyAny>) -> PyErr {
    let expected = match param.kind {
        Kind::Str => "str",
        Kind::Int => "int",
        Kind::Bool => "bool",
        Kind::Json => "a JSON value",
        Kind::Object => "a dict",
        Kind::List => "a list",
        Kind::Bytes => "bytes or str",
        Kind::Bundle => "a bundle",
    };
    let message = format!("{}: {} must be {expected}, not {}", endpoint.name, param.name, type_name(value));
    PyTypeError::new_err(message)
}

pub(crate) fn text_of(text: &Bound<'_, PyString>, at: &str) -> PyResult<String> {
    let text = text.to_str().map_err(|_| PyValueError::new_err(format!("{at} is no valid Unicode text")))?;
    Ok(text.to_owned())
}

/// `value` as JSON text; `name` is how an error calls it.
pub(crate) fn json(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<u8>> {
    let mut out = Vec::with_capacity(128);
    write(value, &mut out, &mut Path { name, steps: Vec::new() })?;
    Ok(out)
}

/// The place of an error in the value.
struct Path<'a> {
    name: &'a str,
    steps: Vec<String>,
}

impl Path<'_> {
    fn text(&self) -> String {
        format!("{}{}", self.name, self.steps.concat())
    }

    fn into<T>(&mut self, step: impl FnOnce() -> String, work: impl FnOnce(&mut Self) -> PyResult<T>) -> PyResult<T> {
        if self.steps.len() >= DEEPEST {
            let message = format!("{} is nested more than {DEEPEST} deep, or contains itself", self.name);
            return Err(PyValueError::new_err(message));
        }
        self.steps.push(step());
        let done = work(self)?;
        self.steps.pop();
        Ok(done)
    }
}

fn write(value: &Bound<'_, PyAny>, out: &mut Vec<u8>, path: &mut Path<'_>) -> PyResult<()> {
    if let Ok(text) = value.cast::<PyString>() {
        return write_text(&text_of(text, &path.text())?, out);
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        return write_dict(dict, out, path);
    }
    if let Ok(list) = value.cast::<PyList>() {
        return write_list(list.iter(), out, path);
    }
    if value.is_none() {
        out.extend_from_slice(b"null");
    } else if let Ok(value) = value.cast::<PyBool>() {
        out.extend_from_slice(if value.is_true() { b"true" } else { b"false" });
    } else if value.is_instance_of::<PyInt>() {
        // A subclass such as an enumeration may print otherwise: this prints the number itself.
        let number = value.py().get_type::<PyInt>().call_method1(interned!(value.py(), "__repr__"), (value,))?;
        out.extend_from_slice(number.cast::<PyString>()?.to_str()?.as_bytes());
    } else if let Ok(number) = value.cast::<PyFloat>() {
        if !number.value().is_finite() {
            return Err(PyValueError::new_err(format!(
                "{} is {}, which JSON cannot hold",
                path.text(),
                number.value()
            )));
        }
        let text = value.py().get_type::<PyFloat>().call_method1(interned!(value.py(), "__repr__"), (value,))?;
        out.extend_from_slice(text.cast::<PyString>()?.to_str()?.as_bytes());
    } else if let Ok(tuple) = value.cast::<PyTuple>() {
        return write_list(tuple.iter(), out, path);
    } else if let Ok(mapping) = value.cast::<PyMapping>() {
        let dict = PyDict::new(value.py());
        dict.update(mapping)?;
        return write_dict(&dict, out, path);
    } else if let (Ok(sequence), false) = (value.cast::<PySequence>(), is_binary(value)) {
        return write_list(sequence.to_list()?.iter(), out, path);
    } else {
        let hint = if is_binary(value) { ": encode it with base64" } else { "" };
        let message = format!("{} is {}, which JSON cannot hold{hint}", path.text(), type_name(value));
        return Err(PyTypeError::new_err(message));
    }
    Ok(())
}

pub(crate) fn is_binary(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>()
}

fn write_text(text: &str, out: &mut Vec<u8>) -> PyResult<()> {
    serde_json::to_writer(out, text).map_err(|e| PyValueError::new_err(e.to_string()))
}

fn write_dict(dict: &Bound<'_, PyDict>, out: &mut Vec<u8>, path: &mut Path<'_>) -> PyResult<()> {
    out.push(b'{');
    // A copy: what is read of a value may run Python code, which may change the dict.
    for (at, (key, value)) in dict.copy()?.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let key = key_of(&key, path)?;
        write_text(&key, out)?;
        out.push(b':');
        path.into(|| format!("[{key:?}]"), |path| write(&value, out, path))?;
    }
    out.push(b'}');
    Ok(())
}

/// The key as text. Numbers, booleans and None are written as their JSON, as Python's `json` module does it.
fn key_of(key: &Bound<'_, PyAny>, path: &mut Path<'_>) -> PyResult<String> {
    if let Ok(text) = key.cast::<PyString>() {
        return text_of(text, &path.text());
    }
    // A boolean is an integer in Python, too.
    if !(key.is_none() || key.is_instance_of::<PyInt>() || key.is_instance_of::<PyFloat>()) {
        let message = format!("{} has the key {}, but keys must be str", path.text(), key.repr()?);
        return Err(PyTypeError::new_err(message));
    }
    let mut word = Vec::new();
    write(key, &mut word, path)?;
    String::from_utf8(word).map_err(|e| PyValueError::new_err(e.to_string()))
}

fn write_list<'py>(
    items: impl Iterator<Item = Bound<'py, PyAny>>,
    out: &mut Vec<u8>,
    path: &mut Path<'_>,
) -> PyResult<()> {
    out.push(b'[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        path.into(|| format!("[{at}]"), |path| write(&item, out, path))?;
    }
    out.push(b']');
    Ok(())
}
