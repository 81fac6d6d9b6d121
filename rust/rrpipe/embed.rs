//! The Python interpreter inside the standalone program.
//!
//! It is started when a command first needs it, on the thread that entered `main`, as the interpreter of an environment:
//! `$RRPIPE_PYTHON`, else that of `$VIRTUAL_ENV`, else that of the virtual environment this program lies in, else the one
//! it was built with. An environment of another installation than the libpython that this program is linked with is
//! refused, and so is another libpython: they would not fit together.

use std::cell::OnceCell;
use std::env;
use std::ffi::{CStr, CString, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::ffi;
use pyo3::prelude::*;
use ringrift_cli::{Failure, PYTHON_RUNNER, PythonTask, exit};

use crate::environment::{self, Venv};

/// The version that this program was compiled for, such as `3.11`.
const MINOR: &str = env!("RRPIPE_PYTHON_MINOR");
/// The interpreter that it was built with.
const BUILD_PYTHON: Option<&str> = option_env!("RRPIPE_BUILD_PYTHON");
/// The installation which that interpreter, and so libpython, belongs to.
const BUILD_INSTALLATION: Option<&str> = option_env!("RRPIPE_PYTHON_INSTALLATION");
/// The folder of libpython at build time.
const LIBRARY_FOLDER: Option<&str> = option_env!("RRPIPE_PYTHON_LIBRARY_FOLDER");

/// The interpreter, once it is started. Not `Send`: Python knows the thread that started it as its main thread.
#[derive(Default)]
pub(crate) struct Python {
    /// The state of the main thread while it is not in Python.
    main_thread: OnceCell<*mut ffi::PyThreadState>,
}

/// The version of the libpython that is loaded, such as `3.11.7`; the interpreter need not run.
pub(crate) fn version() -> String {
    // SAFETY: may be called at any time, and returns a static string.
    let text = unsafe { CStr::from_ptr(ffi::Py_GetVersion()) };
    text.to_string_lossy().split(' ').next().unwrap_or_default().to_owned()
}

impl Python {
    /// Whether the interpreter is started.
    pub(crate) fn is_running(&self) -> bool {
        self.main_thread.get().is_some()
    }

    /// Whether Python has noted a Ctrl-C.
    pub(crate) fn interrupted(&self) -> bool {
        self.is_running() && pyo3::Python::attach(|py| py.check_signals().is_err())
    }

    /// Runs one program to its end and returns its exit status.
    pub(crate) fn run(&self, task: &PythonTask) -> Result<u8, Failure> {
        self.start()?;
        pyo3::Python::attach(|py| {
            // A handler that was set before the interpreter ran has kept Python from setting its own.
            let signal = py.import("signal")?;
            signal.call_method1("signal", (signal.getattr("SIGINT")?, signal.getattr("default_int_handler")?))?;
            let runner = PyModule::from_code(py, PYTHON_RUNNER, c"<rrpipe>", c"_rrpipe_runner")?;
            runner.getattr("run")?.call1(task.runner_args())?.extract()
        })
        .or_else(|error: PyErr| {
            let interrupted = pyo3::Python::attach(|py| error.is_instance_of::<PyKeyboardInterrupt>(py));
            if interrupted { Ok(exit::INTERRUPTED.code()) } else { Err(Failure::new(exit::UNEXPECTED, error)) }
        })
    }

    /// Ends the interpreter if it runs: waits for its threads, calls its exit functions, writes out its streams.
    /// Returns whether all was written.
    pub(crate) fn close(&self) -> bool {
        let Some(&state) = self.main_thread.get() else { return true };
        // SAFETY: `state` is what this thread saved in `start`, nobody has restored it since, and the only caller is
        // the end of `main`, after which nothing uses Python. Worker threads are joined by then.
        unsafe {
            ffi::PyEval_RestoreThread(state);
            ffi::Py_FinalizeEx() == 0
        }
    }

    fn start(&self) -> Result<(), Failure> {
        if self.is_running() {
            return Ok(());
        }
        let beside = env::current_exe().ok().map(|exe| exe.with_file_name("python"));
        let python = choose(|name| env::var_os(name), beside)?;
        check_library(LIBRARY_FOLDER.map(Path::new))?;
        check(&python, BUILD_INSTALLATION.map(Path::new))?;
        let state = initialize(&python)?;
        self.main_thread.get_or_init(|| state);
        Ok(())
    }
}

/// The interpreter whose environment is to be used. `variable` looks up the process environment; `beside` is where an
/// interpreter lies if this program was put into a virtual environment.
fn choose(variable: impl Fn(&str) -> Option<OsString>, beside: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let (python, source) = if let Some(python) = variable("RRPIPE_PYTHON") {
        (python, "RRPIPE_PYTHON")
    } else if let Some(folder) = variable("VIRTUAL_ENV") {
        (folder.join("bin/python"), "VIRTUAL_ENV")
    } else if let Some(python) = beside.filter(|python| Venv::of(python).is_some()) {
        (python, "the folder of rrpipe")
    } else if let Some(python) = BUILD_PYTHON {
        (python.into(), "the build of rrpipe")
    } else {
        return Err(Failure::message(exit::UNAVAILABLE, "no Python environment is given")
            .hint("set VIRTUAL_ENV, or RRPIPE_PYTHON to an interpreter"));
    };
    if python.is_file() {
        return Ok(python);
    }
    Err(Failure::message(exit::UNAVAILABLE, format!("no Python interpreter at {} (from {source})", python.display()))
        .hint("set VIRTUAL_ENV to a virtual environment, or RRPIPE_PYTHON to an interpreter"))
}

/// Refuses to work with another libpython than that of the build, which `LD_LIBRARY_PATH` may bring.
fn check_library(ours: Option<&Path>) -> Result<(), Failure> {
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `info` is writable; after success it is filled in, and its file name is a string that lives as long as the
    // library. All zero bytes, as after a failure, are a valid value too.
    let loaded = unsafe {
        let found = libc::dladdr(ffi::Py_GetVersion as *const libc::c_void, info.as_mut_ptr()) != 0;
        let name = info.assume_init().dli_fname;
        if !found || name.is_null() {
            return Ok(());
        }
        PathBuf::from(std::ffi::OsStr::from_bytes(CStr::from_ptr(name).to_bytes()))
    };
    // Linked in, or part of a macOS framework: nothing to mistake.
    if !loaded.file_name().is_some_and(|name| name.as_bytes().starts_with(b"libpython")) {
        return Ok(());
    }
    let folder = |path: &Path| path.canonicalize().ok();
    match (ours.and_then(folder), loaded.parent().and_then(folder)) {
        (Some(ours), Some(theirs)) if ours != theirs => {
            let text = format!("the system loaded {}, but rrpipe was built for {}", loaded.display(), ours.display());
            Err(Failure::message(exit::UNAVAILABLE, text).hint("unset LD_LIBRARY_PATH, or build rrpipe again"))
        }
        _ => Ok(()),
    }
}

/// Refuses an interpreter that the loaded libpython does not belong to. `ours` is the installation of libpython.
fn check(python: &Path, ours: Option<&Path>) -> Result<(), Failure> {
    let venv = Venv::of(python);
    let refuse = |what: String| {
        let hint = "use the rrpipe of that environment (pip install ringrift-core there), or build this one for it: \
                    PYO3_PYTHON=<its python> cargo build --release --features embed";
        Err(Failure::message(exit::UNAVAILABLE, what).hint(hint))
    };
    if let Some(Venv { folder, version: Some(theirs), .. }) = &venv {
        let minor: Vec<&str> = theirs.split('.').take(2).collect();
        if minor.join(".") != MINOR {
            let folder = folder.display();
            return refuse(format!("rrpipe embeds Python {}, the environment {folder} has {theirs}", version()));
        }
    }
    let (Some(ours), Some(theirs)) = (ours, environment::installation(python, MINOR)) else {
        return match venv {
            Some(venv) => refuse(format!("the installation behind the environment {} is gone", venv.folder.display())),
            None => Ok(()),
        };
    };
    if theirs == ours {
        return Ok(());
    }
    let (ours, theirs, python) = (ours.display(), theirs.display(), python.display());
    refuse(format!("rrpipe embeds Python {} of {ours}, but {python} belongs to {theirs}", version()))
}

/// Starts the interpreter as `python` would be, with its signal handlers, and lets go of it.
fn initialize(python: &Path) -> Result<*mut ffi::PyThreadState, Failure> {
    let name = CString::new(python.as_os_str().as_bytes())
        .map_err(|error| Failure::new(exit::UNAVAILABLE, error).hint("the path of Python must not hold a zero byte"))?;
    let mut config = std::mem::MaybeUninit::<ffi::PyConfig>::uninit();
    // SAFETY: the calls come in the order that Python's documentation demands: the configuration is initialised before
    // its fields are set, used once and then cleared; no interpreter runs yet (`start` sees to it); `name` outlives the
    // call that copies it. After a successful start this thread holds the interpreter, and saves its state to let go.
    unsafe {
        ffi::PyConfig_InitPythonConfig(config.as_mut_ptr());
        let mut config = config.assume_init();
        config.parse_argv = 0;
        config.install_signal_handlers = 1;
        let mut status = ffi::PyConfig_SetBytesString(&raw mut config, &raw mut config.program_name, name.as_ptr());
        if ffi::PyStatus_Exception(status) == 0 {
            status = ffi::Py_InitializeFromConfig(&raw const config);
        }
        ffi::PyConfig_Clear(&raw mut config);
        if ffi::PyStatus_Exception(status) == 0 {
            return Ok(ffi::PyEval_SaveThread());
        }
        let reason = if status.err_msg.is_null() { c"no reason given" } else { CStr::from_ptr(status.err_msg) };
        let text = format!("cannot start Python of {}: {}", python.display(), reason.to_string_lossy());
        Err(Failure::message(exit::UNAVAILABLE, text).hint("check PYTHONHOME and PYTHONPATH"))
    }
}
