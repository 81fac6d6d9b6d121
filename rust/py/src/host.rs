//! The host of the command line inside a Python interpreter.

use std::cell::RefCell;
use std::io;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use ringrift_cli::{Failure, Form, Host, PYTHON_RUNNER, PythonTask, exit};

use crate::lifetime;

/// Called now and then by the thread that entered, with the interpreter; an exception ends the work.
pub(crate) type Poll = Box<dyn FnMut(Python<'_>) -> PyResult<()> + Send>;

/// The interpreter that called. Python's own handler sees Ctrl-C; asking for it needs the interpreter for a moment.
#[derive(Default)]
pub(crate) struct Interpreter {
    /// What a Python signal handler raised, unless it was `KeyboardInterrupt`; or what ended the work otherwise.
    raised: RefCell<Option<PyErr>>,
    poll: RefCell<Option<Poll>>,
}

impl Interpreter {
    /// With something to call while the work runs.
    pub(crate) fn with_poll(poll: Option<Poll>) -> Self {
        Self { poll: RefCell::new(poll), ..Self::default() }
    }

    /// The exception to raise once the command has ended.
    pub(crate) fn into_raised(self) -> Option<PyErr> {
        self.raised.into_inner()
    }
}

impl Host for Interpreter {
    fn form(&self) -> Form {
        Form::Wheel
    }

    fn python_version(&self) -> Option<String> {
        Python::version_str().split(' ').next().map(str::to_owned)
    }

    fn catch_interrupts(&self) -> io::Result<()> {
        Ok(())
    }

    fn interrupted(&self) -> bool {
        if lifetime::is_closing() {
            self.raised.borrow_mut().get_or_insert_with(lifetime::closing_error);
            return true;
        }
        Python::attach(|py| {
            let polled = match py.check_signals() {
                Err(error) if error.is_instance_of::<PyKeyboardInterrupt>(py) => return true,
                Ok(()) => self.poll.borrow_mut().as_mut().map_or(Ok(()), |poll| poll(py)),
                error => error,
            };
            let Err(error) = polled else { return false };
            self.raised.borrow_mut().get_or_insert(error);
            true
        })
    }

    fn run_python(&self, task: &PythonTask) -> Result<u8, Failure> {
        Python::attach(|py| {
            let runner = PyModule::from_code(py, PYTHON_RUNNER, c"<rrpipe>", c"_rrpipe_runner")?;
            runner.getattr("run")?.call1(task.runner_args())?.extract()
        })
        .or_else(|error: PyErr| {
            let interrupted = Python::attach(|py| error.is_instance_of::<PyKeyboardInterrupt>(py));
            if interrupted { Ok(exit::INTERRUPTED.code()) } else { Err(Failure::new(exit::UNEXPECTED, error)) }
        })
    }
}
