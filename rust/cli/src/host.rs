//! The process that the command line runs in: a Python interpreter (wheel) or a program of its own (standalone).

use std::ffi::{CStr, OsString};
use std::io;
use std::path::PathBuf;

use crate::failure::Failure;

/// How `rrpipe` was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Inside a Python interpreter, as the console script of the wheel or `python -m ringrift_core`.
    Wheel,
    /// A program of its own, without Python.
    Standalone,
    /// A program of its own that can start a Python interpreter inside itself (feature `embed`).
    StandaloneEmbed,
}

impl Form {
    /// The name used in output and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wheel => "wheel",
            Self::Standalone => "standalone",
            Self::StandaloneEmbed => "standalone+embed",
        }
    }
}

/// What Python shall run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PythonProgram {
    /// Source text, as after `python -c`.
    Code(String),
    /// A script file.
    Script(PathBuf),
}

/// A Python program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonTask {
    /// What to run.
    pub program: PythonProgram,
    /// `sys.argv[1:]`.
    pub args: Vec<OsString>,
}

/// What `rrpipe` asks of the process around it. Called on the thread that entered [`run`](crate::run) only.
pub trait Host {
    /// How `rrpipe` was started.
    fn form(&self) -> Form;

    /// The version of the Python that [`Self::run_python`] uses; `None` without Python.
    fn python_version(&self) -> Option<String>;

    /// From now on Ctrl-C is reported by [`Self::interrupted`] instead of ending the process.
    ///
    /// # Errors
    /// The operating system refuses a signal handler.
    fn catch_interrupts(&self) -> io::Result<()>;

    /// Whether Ctrl-C was pressed. Cheap, but meant to be asked every 50-100 ms, not in an inner loop.
    fn interrupted(&self) -> bool;

    /// Runs a Python program to its end and returns its exit status.
    ///
    /// # Errors
    /// There is no Python here, or it cannot be started. Exceptions of the program are not errors: they are printed
    /// and lead to a status, as with `python` itself.
    fn run_python(&self, task: &PythonTask) -> Result<u8, Failure>;
}

/// Python source that defines `run(argv, code) -> int`: runs one program as `python` would, inside the current
/// interpreter. `argv` is the program's `sys.argv`; `code` is source text, or `None` to run the file `argv[0]`.
pub const PYTHON_RUNNER: &CStr =
    match CStr::from_bytes_with_nul(concat!(include_str!("python_runner.py"), "\0").as_bytes()) {
        Ok(source) => source,
        Err(_) => panic!("the runner's source holds no zero byte"),
    };

impl PythonTask {
    /// The arguments of [`PYTHON_RUNNER`]'s `run`: `sys.argv` and the source text.
    pub fn runner_args(&self) -> (Vec<OsString>, Option<&str>) {
        let (name, code) = match &self.program {
            PythonProgram::Code(code) => (OsString::from("-c"), Some(code.as_str())),
            PythonProgram::Script(path) => (path.clone().into_os_string(), None),
        };
        (std::iter::once(name).chain(self.args.iter().cloned()).collect(), code)
    }
}
