//! Long work without the interpreter: other Python threads go on, and Ctrl-C is answered.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use ringrift_cli::{Failure, exit, interrupt};

use crate::errors::{self, OrRaise as _};
use crate::host::{Interpreter, Poll};
use crate::lifetime::Call;

/// Runs `work` on a thread of its own, the interpreter released, until it returns; `work` looks at its flag.
///
/// # Errors
/// `KeyboardInterrupt`, or whatever a signal handler raised.
pub(crate) fn interruptible<T: Send>(py: Python<'_>, work: impl FnOnce(&Arc<AtomicBool>) -> T + Send) -> PyResult<T> {
    interruptible_with(py, None, work)
}

/// The same, with something to call several times a second meanwhile.
///
/// # Errors
/// `KeyboardInterrupt`, or whatever a signal handler or `poll` raised.
pub(crate) fn interruptible_with<T: Send>(
    py: Python<'_>,
    poll: Option<Poll>,
    work: impl FnOnce(&Arc<AtomicBool>) -> T + Send,
) -> PyResult<T> {
    let _call = Call::begin(py)?;
    let (result, raised) = py.detach(|| {
        let host = Interpreter::with_poll(poll);
        let result = interrupt::watch(&host, work).and_then(interrupt::Watched::complete);
        (result, host.into_raised())
    });
    if let Some(raised) = raised {
        return Err(raised);
    }
    result.map_err(|failure: Failure| {
        if failure.exit() == exit::INTERRUPTED {
            PyKeyboardInterrupt::new_err(())
        } else {
            errors::value_error(format!("{failure:?}"))
        }
    })
}

/// The result of `work` on a thread pool of `threads`, or on the common one for 0.
///
/// # Errors
/// The operating system refuses threads.
pub(crate) fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    if threads == 0 {
        return Ok(work());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    Ok(pool.or_raise(errors::value_error)?.install(work))
}
