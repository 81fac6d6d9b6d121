//! The exceptions of `ringrift_core`, and the only place where errors of the engine become exceptions.
//!
//! `RingRiftError` is the base. Each of the others is a `ValueError` too: it says that a value given by the caller is
//! wrong. Errors of the operating system become the matching `OSError`, as everywhere in Python.

use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

/// An exception class of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exception {
    /// Base of all.
    RingRift,
    /// A move that the rules do not allow in this position.
    IllegalMove,
    /// A state that breaks the rules; the message lists every violation.
    Setup,
    /// A game record that is damaged, or that does not follow the rules.
    Record,
}

/// How many there are.
const COUNT: usize = 4;

impl Exception {
    const ALL: [Self; COUNT] = [Self::RingRift, Self::IllegalMove, Self::Setup, Self::Record];

    fn name(self) -> &'static str {
        match self {
            Self::RingRift => "RingRiftError",
            Self::IllegalMove => "IllegalMoveError",
            Self::Setup => "SetupError",
            Self::Record => "RecordError",
        }
    }

    fn doc(self) -> &'static str {
        match self {
            Self::RingRift => "Base of all errors of ringrift_core.",
            Self::IllegalMove => "A move that the rules do not allow in this position.",
            Self::Setup => "A state that breaks the rules. The message lists every violation.",
            Self::Record => "A game record that is damaged, or that does not follow the rules.",
        }
    }

    /// The class object, made at the first request.
    pub(crate) fn class(self, py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
        static CLASSES: [PyOnceLock<Py<PyType>>; COUNT] = [const { PyOnceLock::new() }; COUNT];
        let class = CLASSES[self as usize].get_or_try_init(py, || {
            let bases = match self {
                Self::RingRift => PyTuple::new(py, [py.get_type::<PyException>()])?,
                _ => PyTuple::new(py, [Self::RingRift.class(py)?, py.get_type::<PyValueError>()])?,
            };
            let body = PyDict::new(py);
            body.set_item("__module__", "ringrift_core")?;
            body.set_item("__doc__", self.doc())?;
            let class = py.get_type::<PyType>().call1((self.name(), bases, body))?;
            Ok::<_, PyErr>(class.cast_into::<PyType>()?.unbind())
        })?;
        Ok(class.bind(py).clone())
    }
}

/// Adds the classes to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    for exception in Exception::ALL {
        module.add(exception.name(), exception.class(module.py())?)?;
    }
    Ok(())
}

/// Turns errors of the engine into exceptions: `core(...).or_raise(errors::setup)?`.
pub(crate) trait OrRaise<T> {
    /// The value, or the exception that `exception` makes of the error's text.
    fn or_raise(self, exception: fn(String) -> PyErr) -> PyResult<T>;
}

impl<T, E: std::fmt::Display> OrRaise<T> for Result<T, E> {
    fn or_raise(self, exception: fn(String) -> PyErr) -> PyResult<T> {
        self.map_err(|error| exception(error.to_string()))
    }
}

/// A plain `ValueError`: an argument out of range.
pub(crate) fn value_error(text: String) -> PyErr {
    PyValueError::new_err(text)
}

/// A `SetupError`.
pub(crate) fn setup(text: String) -> PyErr {
    raised(Exception::Setup, text)
}

/// An `IllegalMoveError`.
pub(crate) fn illegal_move(text: String) -> PyErr {
    raised(Exception::IllegalMove, text)
}

fn raised(exception: Exception, text: String) -> PyErr {
    Python::attach(|py| exception.class(py).map_or_else(|error| error, |class| PyErr::from_type(class, text)))
}
