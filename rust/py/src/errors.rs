//! The exceptions of `ringrift_core`, and the only place where errors of the engine become exceptions.
//!
//! `RingRiftError` is the base. Each of the others is a `ValueError` too: it says that a value given by the caller is
//! wrong. Errors of the operating system become the matching `OSError`, as everywhere in Python.

use std::io;

use pyo3::exceptions::{PyException, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use ringrift_dataset::nnue::SampleError;
use ringrift_heuristic::ProfileFileError;
use ringrift_nnue::NetworkError;
use ringrift_nnue::upstream::UpstreamError;
use ringrift_replay::StoreError;
use ringrift_selfplay::{
    IdentityError, JsonlError, NetworkFileError, OutputError, RecordError, RunError, SeedError, SpecError,
};

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
    /// A network that is damaged, or that is not made for this program.
    NetworkFormat,
}

/// How many there are.
const COUNT: usize = 5;

impl Exception {
    const ALL: [Self; COUNT] = [Self::RingRift, Self::IllegalMove, Self::Setup, Self::Record, Self::NetworkFormat];

    fn name(self) -> &'static str {
        match self {
            Self::RingRift => "RingRiftError",
            Self::IllegalMove => "IllegalMoveError",
            Self::Setup => "SetupError",
            Self::Record => "RecordError",
            Self::NetworkFormat => "NetworkFormatError",
        }
    }

    fn doc(self) -> &'static str {
        match self {
            Self::RingRift => "Base of all errors of ringrift_core.",
            Self::IllegalMove => "A move that the rules do not allow in this position.",
            Self::Setup => "A state that breaks the rules. The message lists every violation.",
            Self::Record => "A game record that is damaged, or that does not follow the rules.",
            Self::NetworkFormat => "A network that is damaged, or that is not made for this program.",
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

/// A `RingRiftError` that is none of the others.
pub(crate) fn ringrift(text: String) -> PyErr {
    raised(Exception::RingRift, text)
}

/// What ended a run of games, or kept it from beginning.
pub(crate) fn run(error: &RunError) -> PyErr {
    let text = with_keywords(&error.to_string());
    match error {
        RunError::Jsonl(error) | RunError::Record(RecordError::Jsonl(error)) => jsonl(error, text),
        RunError::Record(RecordError::Store(error)) => store(error, text),
        RunError::Record(RecordError::File { source, .. }) | RunError::System(source) => os(source, text),
        RunError::Identity(error) => identity(error, text),
        _ => raised(Exception::RingRift, text),
    }
}

/// Files that a run cannot write.
pub(crate) fn outputs(error: &OutputError) -> PyErr {
    value_error(with_keywords(&error.to_string()))
}

/// Why a run has no seed.
pub(crate) fn seed(error: &SeedError) -> PyErr {
    let text = with_keywords(&error.to_string());
    match error {
        SeedError::WhichRun => value_error(text),
        SeedError::Identity(error) => identity(error, text),
        SeedError::System(source) => os(source, text),
        _ => raised(Exception::RingRift, text),
    }
}

/// Why a file with weight profiles cannot be used.
pub(crate) fn profiles(error: &ProfileFileError) -> PyErr {
    match error {
        ProfileFileError::Io { source, .. } => os(source, error.to_string()),
        ProfileFileError::UnknownProfile { .. } => value_error(error.to_string()),
        _ => raised(Exception::Record, error.to_string()),
    }
}

/// Why a text names no engine.
pub(crate) fn spec(error: &SpecError) -> PyErr {
    match error {
        SpecError::Weights { source, .. } => profiles(source),
        SpecError::Network { source, .. } => network_file(source, error.to_string()),
        _ => value_error(error.to_string()),
    }
}

/// Why there are no samples.
pub(crate) fn samples(error: &SampleError) -> PyErr {
    match error {
        SampleError::Store(error) => store(error, error.to_string()),
        SampleError::File { source, .. } | SampleError::Threads(source) => os(source, error.to_string()),
        SampleError::TooManyFailed { .. } | SampleError::NotACache { .. } => {
            raised(Exception::Record, error.to_string())
        }
        _ => value_error(error.to_string()),
    }
}

/// Why an engine cannot have a network.
pub(crate) fn network_file(error: &NetworkFileError, text: String) -> PyErr {
    match (error, error.io()) {
        (_, Some(source)) => os(source, text),
        (NetworkFileError::Network(_), None) => raised(Exception::NetworkFormat, text),
        _ => value_error(text),
    }
}

/// Why a network cannot be used.
pub(crate) fn network(error: &NetworkError) -> PyErr {
    match error.io() {
        Some(source) => os(source, error.to_string()),
        None => raised(Exception::NetworkFormat, error.to_string()),
    }
}

/// Why a network of upstream cannot be used.
pub(crate) fn upstream_network(error: &UpstreamError) -> PyErr {
    match error {
        UpstreamError::Io { source, .. } => os(source, format!("{error}: {source}")),
        _ => raised(Exception::NetworkFormat, error.to_string()),
    }
}

fn jsonl(error: &JsonlError, text: String) -> PyErr {
    match error {
        JsonlError::Io { source, .. } => os(source, text),
        JsonlError::Locked { .. } => io::Error::new(io::ErrorKind::WouldBlock, text).into(),
        _ => raised(Exception::Record, text),
    }
}

fn identity(error: &IdentityError, text: String) -> PyErr {
    match error {
        IdentityError::Io { source, .. } => os(source, text),
        IdentityError::Different { .. } => value_error(text),
        _ => raised(Exception::Record, text),
    }
}

/// Why a replay database cannot be read or written.
pub(crate) fn store(error: &StoreError, text: String) -> PyErr {
    let kind = match error {
        StoreError::Missing { .. } => io::ErrorKind::NotFound,
        StoreError::ReadOnly { .. } => io::ErrorKind::PermissionDenied,
        StoreError::Locked { .. } => io::ErrorKind::WouldBlock,
        error if error.is_environment() => io::ErrorKind::Other,
        _ => return raised(Exception::Record, text),
    };
    io::Error::new(kind, text).into()
}

/// The `OSError` of its kind, with its number if the system gave one.
pub(crate) fn os(source: &io::Error, text: String) -> PyErr {
    match source.raw_os_error() {
        Some(number) => PyOSError::new_err((number, text)),
        None => io::Error::new(source.kind(), text).into(),
    }
}

/// Names options as Python's callers know them: `log_jsonl` for `--log-jsonl`.
fn with_keywords(text: &str) -> String {
    let mut words = text.split("--");
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let end = word.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(word.len());
        out += &word[..end].replace('-', "_");
        out += &word[end..];
    }
    out
}

fn raised(exception: Exception, text: String) -> PyErr {
    Python::attach(|py| exception.class(py).map_or_else(|error| error, |class| PyErr::from_type(class, text)))
}
