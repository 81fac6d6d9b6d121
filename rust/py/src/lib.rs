//! The native half of the Python module `ringrift_core`: argument conversion, error mapping, release of the interpreter.
//! No logic lives here.
#![forbid(unsafe_code)]

mod encoder;
mod engine;
mod errors;
mod host;
mod lifetime;
mod moves;
mod nnue;
mod playouts;
mod position;
mod run;
mod selfplay;

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::prelude::*;

/// The native half of `ringrift_core`. Private: import `ringrift_core` instead.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::encoder::{Encoder, read_game};
    #[pymodule_export]
    use super::engine::{SearchEngine, SearchLine, SearchResult, SearchStop};
    #[pymodule_export]
    use super::moves::{Move, MoveSequence};
    #[pymodule_export]
    use super::nnue::{NnueNetwork, NnueSamples, UpstreamNnue, nnue_backward, nnue_forward};
    #[pymodule_export]
    use super::playouts::random_playouts;
    #[pymodule_export]
    use super::position::{Position, cell_coordinates, read_state_json};
    #[pymodule_export]
    use super::selfplay::SelfplayRun;
    #[pymodule_export]
    use super::{cli_main, set_shipped_models};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        let close = wrap_pyfunction!(super::lifetime::close, module)?;
        module.py().import("atexit")?.call_method1("register", (close,))?;
        super::errors::register(module)
    }
}

/// Say where the models lie that came with the package.
#[pyfunction]
fn set_shipped_models(folder: PathBuf) {
    ringrift_selfplay::set_shipped_models(folder);
}

/// Run one `rrpipe` command line, `argv[0]` being the program's name, and return its exit status.
#[pyfunction]
fn cli_main(py: Python<'_>, argv: Vec<OsString>) -> PyResult<u8> {
    let (exit, raised) = py.detach(|| {
        let host = host::Interpreter::default();
        let exit = ringrift_cli::run(argv, &host);
        (exit, host.into_raised())
    });
    raised.map_or(Ok(exit.code()), Err)
}
