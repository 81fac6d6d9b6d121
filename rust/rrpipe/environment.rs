//! Which Python installation an interpreter belongs to, read from the file system as Python itself does at its start.
//!
//! Used by the program and, for the interpreter that it is linked with, by its build script.

use std::fs;
use std::path::{Path, PathBuf};

/// What `pyvenv.cfg` says about a virtual environment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Venv {
    /// The folder of the environment.
    pub(crate) folder: PathBuf,
    /// The folder of the interpreter that the environment was made from.
    pub(crate) home: Option<PathBuf>,
    /// The version of that interpreter, such as `3.11.7`.
    pub(crate) version: Option<String>,
}

impl Venv {
    /// The virtual environment that `python` is part of.
    pub(crate) fn of(python: &Path) -> Option<Self> {
        let bin = python.parent()?;
        let folders = [Some(bin), bin.parent()];
        let (folder, text) = folders
            .into_iter()
            .flatten()
            .find_map(|dir| Some((dir, fs::read_to_string(dir.join("pyvenv.cfg")).ok()?)))?;
        let value = |wanted: &str| {
            let pairs = text.lines().filter_map(|line| line.split_once('='));
            let mut values = pairs.filter(|(key, _)| key.trim() == wanted).map(|(_, value)| value.trim().to_owned());
            values.next()
        };
        let home = value("home").map(PathBuf::from);
        Some(Self { folder: folder.to_owned(), home, version: value("version").or_else(|| value("version_info")) })
    }
}

/// The installation behind `python`, an interpreter of the version `minor` (such as `3.11`) or a virtual environment
/// of one: the folder that holds its `bin`, without symbolic links. `None` if it cannot be found.
pub(crate) fn installation(python: &Path, minor: &str) -> Option<PathBuf> {
    let real = match Venv::of(python).and_then(|venv| venv.home) {
        Some(home) => [format!("python{minor}"), "python3".to_owned(), "python".to_owned()]
            .iter()
            .find_map(|name| home.join(name).canonicalize().ok())?,
        None => python.canonicalize().ok()?,
    };
    Some(real.parent()?.parent()?.to_owned())
}
