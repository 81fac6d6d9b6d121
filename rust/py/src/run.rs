//! Long work without the interpreter: other Python threads go on, and Ctrl-C is answered.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::{future, panic};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3_async_runtimes::generic::future_into_py;
use ringrift_cli::{Failure, exit, interrupt};
use tokio::task::JoinError;

use crate::errors::{self, OrRaise as _};
use crate::host::{Interpreter, Poll};
use crate::lifetime::{self, Call, Tasks};

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

/// A future of the running loop that gets the result of `work`, which runs on a thread of the runtime and looks at `stop`.
/// Cancelling the future does not end the work: `stop` does.
///
/// # Errors
/// There is no running loop, or the interpreter is about to go.
pub(crate) fn awaitable<'py, T>(
    py: Python<'py>,
    stop: &Arc<AtomicBool>,
    work: impl FnOnce(&Arc<AtomicBool>) -> PyResult<T> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>>
where
    T: for<'a> IntoPyObject<'a> + Send + 'static,
{
    let event_loop = py.import("asyncio")?.call_method0("get_running_loop")?.unbind();
    let runtime = lifetime::runtime(py, stop)?;
    let stop = Arc::clone(stop);
    let _entered = runtime.enter();
    let worked = tokio::task::spawn_blocking(move || {
        let result = work(&stop);
        // Nobody waits any more once the loop is closed, and telling it would be an error of its own.
        let is_heard = !lifetime::is_closing() && Python::attach(move |py| is_open(event_loop.bind(py)));
        is_heard.then_some(result)
    });
    future_into_py::<Tasks, _, _>(py, async {
        match worked.await.map_err(JoinError::try_into_panic) {
            Ok(Some(result)) => result,
            Err(Ok(panic)) => panic::resume_unwind(panic),
            Ok(None) | Err(Err(_)) => future::pending().await,
        }
    })
}

fn is_open(event_loop: &Bound<'_, PyAny>) -> bool {
    let is_closed = event_loop.call_method0("is_closed").and_then(|answer| answer.is_truthy());
    !is_closed.unwrap_or(true)
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
