//! The host of the command line inside a Python interpreter.

use std::cell::RefCell;
use std::io;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use ringrift_cli::{Failure, Form, Host, PYTHON_RUNNER, PythonTask, exit};

/// The interpreter that called. Python's own handler sees Ctrl-C; asking for it needs the interpreter for a moment.
#[derive(Default)]
pub(crate) struct Interpreter {
    /// What a Python signal handler raised, unless it was `KeyboardInterrupt`.
    raised: RefCell<Option<PyErr>>,
}

impl Interpreter {
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
        Python::attach(|py| {
            let Err(error) = py.check_signals() else { return false };
            if !error.is_instance_of::<PyKeyboardInterrupt>(py) {
                self.raised.borrow_mut().get_or_insert(error);
            }
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
