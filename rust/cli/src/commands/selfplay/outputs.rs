//! That no two outputs of a run are the same file.

use std::path::{Path, PathBuf};

use ringrift_selfplay::{GameSettings, RunOptions};

use super::args::Args;
use crate::{Failure, exit};

/// Refuses a command that would write one file in two ways, or write over what it reads.
pub(super) fn check_outputs(args: &Args, runs: &[(GameSettings, RunOptions)]) -> Result<(), Failure> {
    let mut named: Vec<(&str, PathBuf)> = Vec::new();
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
                let text = format!("--log-jsonl {} is no regular file", jsonl.display());
                return Err(Failure::message(exit::USAGE, text).hint("--no-log plays without a log"));
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
    if let Some(path) = &args.summary_json {
        add("--summary-json", path);
    }
    if let Some(path) = &args.heuristic_weights_file {
        add("--heuristic-weights-file", path);
    }
    for (i, (what, path)) in named.iter().enumerate() {
        if let Some((other, _)) = named[..i].iter().find(|(_, other)| other == path && !is_device(path)) {
            let text = format!("{other} and {what} are the same file: {}", path.display());
            return Err(Failure::message(exit::USAGE, text).hint("give each a name of its own"));
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
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
