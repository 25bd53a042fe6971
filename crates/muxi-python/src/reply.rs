//! Replies that can be read by attribute: the descriptor of a declared key, and the class of an operation's reply.

use crate::once::Once;
use muxi_client::api::table::{self, Api, Endpoint, Reply as Form};
use pyo3::{
    exceptions::{PyAttributeError, PyValueError},
    prelude::*,
    types::{PyDict, PyList, PyString},
};
use std::{collections::HashMap, sync::LazyLock};

/// A declared key of a reply, read by attribute.
///
/// Objects in its value become instances of their class when they are read for the first time, and take the place of the
/// plain dicts, so that both ways of reading see the same objects.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct Field {
    key: Py<PyString>,
    is_required: bool,
    nested: Option<Nested>,
}

/// The objects in a value.
struct Nested {
    form: Place,
    class_name: String,
    class: Once<Py<PyAny>>,
}

/// The place of objects in a value.
#[derive(Clone, Copy)]
enum Place {
    Itself,
    List,
    Map,
}

#[pymethods]
impl Field {
    /// The field of `key`. `place` is `""`, `"list"` or `"map"`: where the value has instances of `class_name`.
    #[new]
    fn new(key: &Bound<'_, PyString>, is_required: bool, place: &str, class_name: Option<String>) -> PyResult<Self> {
        let form = match place {
            "" => Place::Itself,
            "list" => Place::List,
            "map" => Place::Map,
            _ => return Err(PyValueError::new_err(format!("no place {place:?}"))),
        };
        let nested = class_name.map(|class_name| Nested { form, class_name, class: Once::new() });
        Ok(Self { key: key.clone().unbind(), is_required, nested })
    }

    fn __get__<'py>(
        slf: Bound<'py, Self>,
        instance: Option<Bound<'py, PyAny>>,
        _owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(instance) = instance else { return Ok(slf.into_any()) };
        let (py, field) = (slf.py(), slf.get());
        let reply = instance.cast::<PyDict>()?;
        // Made before the value is looked at: that runs Python, and another thread may convert the value meanwhile.
        let class = field.nested.as_ref().map(|nested| nested.class(py)).transpose()?;
        match (reply.get_item(&field.key)?, field.nested.as_ref().zip(class)) {
            (Some(value), None) => Ok(value),
            (Some(value), Some((nested, class))) => nested.read(class, reply, field.key.bind(py), value),
            (None, _) if field.is_required => Err(PyAttributeError::new_err(field.key.clone_ref(py))),
            (None, _) => Ok(py.None().into_bound(py)),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<key {}>", self.key.bind(py).repr()?))
    }
}

impl Nested {
    fn class<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        Ok(self.class.get_or_make(py, || class(py, &self.class_name))?.bind(py))
    }

    fn read<'py>(
        &self,
        class: &Bound<'py, PyAny>,
        reply: &Bound<'py, PyDict>,
        key: &Bound<'py, PyString>,
        value: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.form {
            Place::Itself if is_plain(&value) => {
                let object = class.call1((value,))?;
                reply.set_item(key, &object)?;
                return Ok(object);
            }
            Place::List => {
                if let Ok(list) = value.cast::<PyList>() {
                    convert_list(class, list)?;
                }
            }
            Place::Map => {
                if let Ok(map) = value.cast::<PyDict>() {
                    for (key, value) in map.iter().filter(|(_, value)| is_plain(value)).collect::<Vec<_>>() {
                        map.set_item(key, class.call1((value,))?)?;
                    }
                }
            }
            Place::Itself => {}
        }
        Ok(value)
    }
}

fn convert_list(class: &Bound<'_, PyAny>, list: &Bound<'_, PyList>) -> PyResult<()> {
    let Some(last) = list.len().checked_sub(1) else { return Ok(()) };
    // A list that was read before is not walked through again.
    if !is_plain(&list.get_item(0)?) && !is_plain(&list.get_item(last)?) {
        return Ok(());
    }
    for (at, value) in list.iter().enumerate() {
        if is_plain(&value) {
            list.set_item(at, class.call1((value,))?)?;
        }
    }
    Ok(())
}

fn is_plain(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyDict>()
}

fn class(py: Python<'_>, name: &str) -> PyResult<Py<PyAny>> {
    Ok(py.import("muxi._classes")?.getattr("class_of")?.call1((name,))?.unbind())
}

/// Makes a dict an instance of the class of an operation's reply.
pub(crate) fn typed<'py>(endpoint: &Endpoint, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static CLASSES: LazyLock<HashMap<&'static str, Once<Py<PyAny>>>> = LazyLock::new(|| {
        let rows = [Api::Server, Api::Formation].into_iter().flat_map(table::all);
        // An `Object` has no declared keys.
        let types =
            rows.filter(|row| row.reply == Form::Json).map(|row| row.reply_type).filter(|name| *name != "Object");
        types.map(|name| (name, Once::new())).collect()
    });
    match CLASSES.get(endpoint.reply_type) {
        Some(found) if is_plain(&value) => {
            let py = value.py();
            found.get_or_make(py, || class(py, endpoint.reply_type))?.bind(py).call1((value,))
        }
        _ => Ok(value),
    }
}
