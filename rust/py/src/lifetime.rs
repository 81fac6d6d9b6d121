//! What has to be over before the interpreter goes, and the threads of asynchronous calls.
//!
//! Python before 3.14 ends a thread that wants the interpreter back during finalization, by `pthread_exit` where it
//! stands. In a thread that entered Python from Rust this unwinds Rust frames as if by a panic: they drop references to
//! Python objects without an interpreter, and the process dies of SIGSEGV or of `Fatal Python error:
//! PyGILState_Release`. The runtime that `pyo3-async-runtimes` keeps runs into this whenever a program ends right after
//! an `await`: its thread reports the result by `loop.call_soon_threadsafe`, which writes to a socket with the interpreter
//! released; the loop wakes up, the program ends, and the thread comes back from the socket into the finalization. Any
//! thread that is in Rust and has not done with Python is as exposed.
//!
//! So nothing of ours outlives the `atexit` handlers. [`close`], which is one, stops the runs in progress, joins every
//! thread of the runtime (which is ours for that reason: the one of `pyo3-async-runtimes` cannot be ended), and waits
//! for calls in daemon threads to return to Python. Later calls are refused.
//!
//! All functions here hold the interpreter when they take the lock, and let go of the lock before they let go of the
//! interpreter: there is no deadlock between the two, and a child of `os.fork` never finds the lock taken.

use std::future::Future;
use std::pin::Pin;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyRuntimeError, PySystemExit};
use pyo3::prelude::*;
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic::{ContextExt, JoinError, Runtime};
use tokio::runtime::{Builder, Handle};
use tokio::task;

/// How long the end of the interpreter is held up for calls in daemon threads. Work that looks at its flag is over much
/// sooner; a progress callback may wait for something that will not come any more.
const GRACE: Duration = Duration::from_secs(30);

/// Time between two looks at the calls in progress.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Stack of the threads that run work, as that of a main thread.
const STACK_BYTES: usize = 8 << 20;

static CLOSING: AtomicBool = AtomicBool::new(false);
static WORK: Mutex<Work> = Mutex::new(Work { process: 0, calls: 0, stops: Vec::new(), runtime: None });

/// What is in progress.
struct Work {
    /// The process that does it: after a fork the child does nothing of it.
    process: u32,
    /// Calls that have not returned to Python.
    calls: usize,
    /// Flags of asynchronous work.
    stops: Vec<Weak<AtomicBool>>,
    /// Its threads.
    runtime: Option<tokio::runtime::Runtime>,
}

impl Work {
    fn of_this_process() -> MutexGuard<'static, Self> {
        let mut work = WORK.lock().unwrap_or_else(PoisonError::into_inner);
        if work.process != process::id() {
            work.process = process::id();
            work.calls = 0;
            work.stops.clear();
            // Its threads are those of the parent, and cannot be joined here.
            std::mem::forget(work.runtime.take());
        }
        work
    }
}

/// Whether the interpreter is about to go. Long work ends then.
pub(crate) fn is_closing() -> bool {
    CLOSING.load(Ordering::Relaxed)
}

/// What a call in a daemon thread raises at the end of the interpreter; `threading` says nothing about it.
pub(crate) fn closing_error() -> PyErr {
    PySystemExit::new_err("the interpreter is shutting down")
}

fn refuse_if_closing() -> PyResult<()> {
    if is_closing() { Err(PyRuntimeError::new_err("the interpreter is shutting down")) } else { Ok(()) }
}

/// A call of long work in progress; from its beginning until it holds the interpreter again for good.
pub(crate) struct Call(());

impl Call {
    /// Begins a call.
    ///
    /// # Errors
    /// The interpreter is about to go.
    pub fn begin(_: Python<'_>) -> PyResult<Self> {
        refuse_if_closing()?;
        Work::of_this_process().calls += 1;
        Ok(Self(()))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut work = Work::of_this_process();
        work.calls = work.calls.saturating_sub(1);
    }
}

/// The runtime of asynchronous calls, started at the first; `stop` becomes true when the interpreter is about to go.
///
/// # Errors
/// The interpreter is about to go, or the system refuses threads.
pub(crate) fn runtime(_: Python<'_>, stop: &Arc<AtomicBool>) -> PyResult<Handle> {
    refuse_if_closing()?;
    let mut work = Work::of_this_process();
    work.stops.retain(|stop| stop.strong_count() > 0);
    work.stops.push(Arc::downgrade(stop));
    if let Some(runtime) = &work.runtime {
        return Ok(runtime.handle().clone());
    }
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).thread_name("ringrift").thread_stack_size(STACK_BYTES).build()?;
    let handle = runtime.handle().clone();
    work.runtime = Some(runtime);
    Ok(handle)
}

/// Ends everything that would outlive the interpreter: the `atexit` handler of the module.
#[pyfunction]
pub(crate) fn close(py: Python<'_>) {
    CLOSING.store(true, Ordering::Relaxed);
    let runtime = {
        let mut work = Work::of_this_process();
        work.stops.drain(..).filter_map(|stop| stop.upgrade()).for_each(|stop| stop.store(true, Ordering::Relaxed));
        work.runtime.take()
    };
    // Joins its threads; what they still want from the interpreter they get.
    py.detach(|| drop(runtime));
    let began = Instant::now();
    while Work::of_this_process().calls > 0 && began.elapsed() < GRACE {
        py.detach(|| thread::sleep(POLL_INTERVAL));
    }
}

/// The runtime as `pyo3-async-runtimes` uses it: the one whose context it is in.
pub(crate) struct Tasks;

/// Why a task of [`Tasks`] did not end.
pub(crate) struct TaskError(task::JoinError);

impl JoinError for TaskError {
    fn is_panic(&self) -> bool {
        self.0.is_panic()
    }

    fn into_panic(self) -> Box<dyn std::any::Any + Send + 'static> {
        self.0.into_panic()
    }
}

/// A task of [`Tasks`].
pub(crate) struct Task(task::JoinHandle<()>);

impl Future for Task {
    type Output = Result<(), TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_err(TaskError)
    }
}

impl Runtime for Tasks {
    type JoinError = TaskError;
    type JoinHandle = Task;

    fn spawn<F: Future<Output = ()> + Send + 'static>(work: F) -> Task {
        Task(tokio::spawn(work))
    }

    fn spawn_blocking<F: FnOnce() + Send + 'static>(work: F) -> Task {
        Task(task::spawn_blocking(work))
    }
}

impl ContextExt for Tasks {
    fn scope<F, R>(_: TaskLocals, work: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        Box::pin(work)
    }

    /// None: work is started from Python only, where the running loop is known.
    fn get_task_locals() -> Option<TaskLocals> {
        None
    }
}
