//! Who a run is: its name and its settings, kept beside the JSONL file, so that a resumed run stores the same games under
//! the same names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ringrift_replay::files::write_atomic;
use serde_json::{Map, Value, json};

use crate::settings::{NNUE, NO_NNUE};

/// Why the file of a run cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The system refuses.
    #[error("cannot {action} {}: {source}\nhint: check the permissions of the folder", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not one of a run.
    #[error("{} does not describe a run\nhint: it is written beside the JSONL file; remove both to start anew", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The run had other settings.
    #[error("the run to be resumed has {name} {before}, this command {now}\nhint: resume with the settings that {} lists, or start anew without --resume-from-jsonl", path.display())]
    Different {
        /// The file.
        path: PathBuf,
        /// Which setting.
        name: String,
        /// Its value at the start of the run.
        before: String,
        /// Its value now.
        now: String,
    },
}

/// Path of the file of the run that writes `jsonl`.
pub(crate) fn identity_path(jsonl: &Path) -> PathBuf {
    with_suffix(jsonl, ".run.json")
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A name that no other run has.
///
/// # Errors
/// The system has no random numbers.
pub(crate) fn new_run_id() -> io::Result<String> {
    let random = || getrandom::u64().map_err(|error| io::Error::other(error.to_string()));
    Ok(format!("{:016x}{:016x}", random()?, random()?))
}

/// What is known of an earlier run with this JSONL file; none if there was no such run.
pub(crate) fn load(jsonl: &Path) -> Result<Option<Map<String, Value>>, IdentityError> {
    let path = identity_path(jsonl);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(IdentityError::Io { action: "read", path, source }),
    };
    match serde_json::from_str(&text) {
        Ok(Value::Object(map)) if map.get("run_id").is_some_and(Value::is_string) => Ok(Some(map)),
        _ => Err(IdentityError::Malformed { path }),
    }
}

/// Writes the file of a run.
pub(crate) fn save(jsonl: &Path, run_id: &str, settings: &Map<String, Value>) -> Result<(), IdentityError> {
    let path = identity_path(jsonl);
    let mut map = Map::new();
    map.insert("run_id".into(), run_id.into());
    map.insert("ringrift_core".into(), env!("CARGO_PKG_VERSION").into());
    map.extend(settings.clone());
    let text = format!("{:#}\n", json!(map));
    write_atomic(&path, text.as_bytes()).map_err(|source| IdentityError::Io { action: "write", path, source })
}

/// Compares the settings of a run with those it is to be resumed with.
pub(crate) fn compare(
    jsonl: &Path,
    before: &Map<String, Value>,
    now: &Map<String, Value>,
) -> Result<(), IdentityError> {
    // Runs of versions without networks say nothing of them.
    let none = Value::from(NO_NNUE);
    let known = |name: &str| before.get(name).or((name == NNUE).then_some(&none));
    let mut settings = now.iter().filter_map(|(name, value)| Some((name, value, known(name)?)));
    match settings.find(|(_, value, known)| value != known) {
        None => Ok(()),
        Some((name, value, known)) => Err(IdentityError::Different {
            path: identity_path(jsonl),
            name: name.clone(),
            before: known.to_string(),
            now: value.to_string(),
        }),
    }
}
