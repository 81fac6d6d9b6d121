//! That no two outputs of a run are the same file.

use std::path::{Path, PathBuf};

use crate::identity::with_suffix;
use crate::run::RunOptions;
use crate::settings::GameSettings;

/// Files that a run cannot write, by their names alone.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// Two outputs, or an output and an input, are one file.
    #[error("{first} and {second} are the same file: {}\nhint: give each a name of its own", path.display())]
    SameFile {
        /// What it is.
        first: &'static str,
        /// What it is as well.
        second: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The log has to be a file, because it is emptied, locked and read again.
    #[error("--log-jsonl {} is no regular file\nhint: --no-log plays without a log", path.display())]
    NoRegularFile {
        /// What was given.
        path: PathBuf,
    },
}

/// Looks at all files of these runs, and at `others`, which the caller reads or writes.
///
/// # Errors
/// One file would be written in two ways, or written over while it is read.
pub fn check_outputs(runs: &[(GameSettings, RunOptions)], others: &[(&'static str, &Path)]) -> Result<(), OutputError> {
    let mut named: Vec<(&'static str, PathBuf)> = Vec::new();
    let mut add = |what, path: &Path| {
        let path = place(path);
        // Runs of one command share some files.
        if !named.contains(&(what, path.clone())) {
            named.push((what, path));
        }
    };
    for (_, options) in runs {
        if let Some(jsonl) = &options.jsonl {
            if is_device(jsonl) {
                return Err(OutputError::NoRegularFile { path: jsonl.clone() });
            }
            add("--log-jsonl", jsonl);
            add("the settings of the run", &with_suffix(jsonl, ".run.json"));
            if options.checkpoint_interval > 0 {
                add("the checkpoint", &with_suffix(jsonl, ".checkpoint.json"));
            }
        }
        if let Some((path, _)) = &options.database {
            add("--record-db", path);
            for suffix in ["-wal", "-shm", "-journal"] {
                add("the journal of --record-db", &with_suffix(path, suffix));
            }
        }
        if let Some((path, _)) = &options.pool {
            add("the file of positions", path);
        }
    }
    for (what, path) in others {
        add(what, path);
    }
    for (i, &(second, ref path)) in named.iter().enumerate() {
        if let Some(&(first, _)) = named[..i].iter().find(|(_, other)| other == path && !is_device(path)) {
            return Err(OutputError::SameFile { first, second, path: path.clone() });
        }
    }
    Ok(())
}

/// Where a path leads, links followed as far as there is something.
fn place(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.canonicalize().unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => place(parent).join(name),
        _ => path,
    })
}

/// `/dev/null` takes any number of outputs.
fn is_device(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir())
}
