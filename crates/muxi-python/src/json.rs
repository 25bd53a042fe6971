//! From JSON to Python objects.

use crate::once::interned;
use jiter::{FloatMode, PartialMode, PythonParse, StringCacheMode};
use muxi_client::api::surrogates::mend;
use pyo3::{prelude::*, types::PyBytes};

/// The garbage collector looks at every object that a decoder makes; from this size on it is paused meanwhile.
const PAUSE_FROM: usize = 64 << 10;

/// JSON text as Python objects, as `json.loads` gives them.
#[pyfunction]
pub(crate) fn loads<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    parse(py, text.as_bytes())
}

/// JSON as Python objects, as `json.loads` gives them.
pub(crate) fn parse<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let parser = PythonParse {
        allow_inf_nan: true,
        cache_mode: StringCacheMode::Keys,
        partial_mode: PartialMode::Off,
        catch_duplicate_keys: false,
        float_mode: FloatMode::Float,
    };
    if bytes.len() < PAUSE_FROM {
        return parser.python_parse(py, bytes).or_else(|_| mended(py, &parser, bytes));
    }
    let gc = py.import(interned!(py, "gc"))?;
    let enabled = gc.call_method0(interned!(py, "isenabled"))?.is_truthy()?;
    if enabled {
        gc.call_method0(interned!(py, "disable"))?;
    }
    let parsed = parser.python_parse(py, bytes);
    if enabled {
        gc.call_method0(interned!(py, "enable"))?;
    }
    parsed.or_else(|_| mended(py, &parser, bytes))
}

/// Parses what the fast parser refuses: halves of surrogate pairs, for which U+FFFD stands then, and what Python's own
/// parser takes; or says in Python's own words what is wrong.
fn mended<'py>(py: Python<'py>, parser: &PythonParse, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    match std::str::from_utf8(bytes).ok().and_then(mend) {
        Some(mended) => parser.python_parse(py, mended.as_bytes()).or_else(|_| python_loads(py, mended.as_bytes())),
        None => python_loads(py, bytes),
    }
}

fn python_loads<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    py.import(interned!(py, "json"))?.call_method1(interned!(py, "loads"), (PyBytes::new(py, bytes),))
}
