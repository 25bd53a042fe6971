//! From Python values to arguments.

use muxi_client::{
    Bundle,
    api::{
        arg::Arg,
        request::Args,
        table::{Endpoint, Kind, Param, Place},
    },
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    intern,
    prelude::*,
    types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PySequence, PyString, PyTuple},
};
use std::io;

/// Deeper than any sensible value, and far from the end of the stack.
const DEEPEST: usize = 200;

/// A checked formation bundle.
#[pyclass(frozen, name = "Bundle", module = "muxi._muxi")]
pub(crate) struct PyBundle(pub(crate) Bundle);

/// The arguments of a call, from the values in the order of the table's row.
pub(crate) fn args(endpoint: &'static Endpoint, values: &Bound<'_, PyTuple>) -> PyResult<Args> {
    let mut args = Args::new(endpoint);
    for (at, (param, value)) in endpoint.params.iter().zip(values.iter_borrowed()).enumerate() {
        if !value.is_none() {
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
        Kind::Bundle => Arg::Bundle(value.cast::<PyBundle>().map_err(|_| wrong())?.get().0.clone()),
    })
}

/// A checked bundle from a path (text), bytes, or a binary file.
pub(crate) fn bundle(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<PyBundle> {
    let made = if let Ok(path) = source.cast::<PyString>() {
        let path = text_of(path, "the bundle's path")?;
        py.detach(|| Bundle::from_path(path))
    } else if let (true, Some(bytes)) = (is_binary(source), bytes_of(source)) {
        py.detach(|| Bundle::from_bytes(bytes))
    } else if source.hasattr(intern!(py, "read"))? {
        let file = BinaryFile(source.clone().unbind());
        py.detach(|| Bundle::from_reader(file))
    } else {
        let expected = "a bundle must be a .tar.gz file, a folder, bytes or a binary file";
        return Err(PyTypeError::new_err(format!("{expected}, not {}", type_name(source))));
    };
    made.map(PyBundle).map_err(|e| PyValueError::new_err(e.to_string()))
}

/// A Python file object, open for reading bytes.
struct BinaryFile(Py<PyAny>);

impl io::Read for BinaryFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Python::attach(|py| {
            let piece = self.0.call_method1(py, intern!(py, "read"), (buffer.len(),))?;
            let piece = piece
                .cast_bound::<PyBytes>(py)
                .map_err(|_| PyTypeError::new_err("the file must be open for reading bytes (mode \"rb\")"))?;
            let piece = piece.as_bytes().get(..buffer.len()).unwrap_or(piece.as_bytes());
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        })
        .map_err(|e: PyErr| io::Error::other(e.to_string()))
    }
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

fn type_name(value: &Bound<'_, PyAny>) -> String {
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

fn text_of(text: &Bound<'_, PyString>, at: &str) -> PyResult<String> {
    let text = text.to_str().map_err(|_| PyValueError::new_err(format!("{at} is no valid Unicode text")))?;
    Ok(text.to_owned())
}

/// `value` as JSON text; `name` is how an error calls it.
pub(crate) fn json(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<u8>> {
    let mut out = Vec::with_capacity(128);
    write(value, &mut out, &mut Path { name, steps: Vec::new() })?;
    Ok(out)
}

/// Where in the value an error is.
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
        let number = value.py().get_type::<PyInt>().call_method1(intern!(value.py(), "__repr__"), (value,))?;
        out.extend_from_slice(number.cast::<PyString>()?.to_str()?.as_bytes());
    } else if let Ok(number) = value.cast::<PyFloat>() {
        if !number.value().is_finite() {
            return Err(PyValueError::new_err(format!(
                "{} is {}, which JSON cannot hold",
                path.text(),
                number.value()
            )));
        }
        let text = value.py().get_type::<PyFloat>().call_method1(intern!(value.py(), "__repr__"), (value,))?;
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

fn is_binary(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>()
}

fn write_text(text: &str, out: &mut Vec<u8>) -> PyResult<()> {
    serde_json::to_writer(out, text).map_err(|e| PyValueError::new_err(e.to_string()))
}

fn write_dict(dict: &Bound<'_, PyDict>, out: &mut Vec<u8>, path: &mut Path<'_>) -> PyResult<()> {
    out.push(b'{');
    for (at, (key, value)) in dict.iter().enumerate() {
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
