//! The files of a checkout that the drop-in touches: what state they are in, and the steps between the states.
//!
//! Every step leaves the original under one of its names, whenever it is cut off.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::shim::{self, Shim};
use crate::{Failure, exit, files};

/// Upstream's script, in the folder `scripts` of its `ai-service`.
const SCRIPT: &str = "run_self_play_soak.py";
/// What every version of upstream's script has.
const UPSTREAM_MARK: &[u8] = b"def run_self_play_soak(";

/// A checkout with a script to replace.
pub(super) struct Checkout {
    folder: PathBuf,
    pub script: PathBuf,
    pub original: PathBuf,
    /// Held so that two commands do not work on the same files.
    _lock: Option<File>,
}

/// What stands in a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Upstream's script; its copy may be there too, left by a command that was cut off.
    Absent,
    /// The shim of this version.
    Installed,
    /// An unchanged shim of another version.
    Outdated,
    /// Upstream's script, beside the original that an earlier one was kept as: the checkout was updated.
    Replaced,
    /// A shim that somebody changed.
    Edited,
    /// A shim whose original is gone.
    OriginalMissing,
    /// A shim whose original somebody changed.
    OriginalChanged,
}

impl State {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Installed => "installed",
            Self::Outdated => "outdated",
            Self::Replaced => "replaced",
            Self::Edited => "edited",
            Self::OriginalMissing => "original-missing",
            Self::OriginalChanged => "original-changed",
        }
    }
}

/// The state, with what the next step needs.
pub(super) struct Found {
    pub state: State,
    /// Version of the shim that is there.
    pub shim_version: Option<String>,
    script: Vec<u8>,
    original: Option<Vec<u8>>,
}

impl Found {
    /// Whether an original is kept beside the script.
    pub fn has_original(&self) -> bool {
        self.original.is_some()
    }
}

impl Checkout {
    /// Finds the script below `dir`.
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        let folder = dir.join("scripts");
        let script = folder.join(SCRIPT);
        let kind = fs::symlink_metadata(&script).map_err(|error| {
            let failure = cannot("read", &script, error);
            let inner = dir.join("ai-service");
            match (dir.is_dir(), inner.join("scripts").join(SCRIPT).is_file()) {
                (false, _) => failure.hint("DIR is the folder `ai-service` of a RingRift checkout"),
                (true, true) => failure.hint(format!("DIR is the folder `ai-service`: {}", inner.display())),
                (true, false) => {
                    failure.hint("DIR is the folder `ai-service` of a RingRift checkout, with `scripts` in it")
                }
            }
        })?;
        if !kind.is_file() {
            let what = if kind.is_symlink() { "a symbolic link" } else { "no regular file" };
            return Err(Failure::message(exit::BAD_INPUT, format!("{} is {what}", script.display()))
                .hint("give the checkout that has the script itself"));
        }
        // Systems that cannot lock a folder do without.
        let lock = File::open(&folder).ok().filter(|folder| folder.lock().is_ok());
        let original = folder.join("run_self_play_soak.original.py");
        Ok(Self { folder, script, original, _lock: lock })
    }

    /// Reads the files.
    pub fn look(&self) -> Result<Found, Failure> {
        let script = fs::read(&self.script).map_err(|error| cannot("read", &self.script, error))?;
        let original = match fs::read(&self.original) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(cannot("read", &self.original, error)),
        };
        let shim = Shim::parse(&script);
        let state = match (&shim, &original) {
            (None, Some(original)) if *original != script => State::Replaced,
            (None, _) => State::Absent,
            (Some(shim), _) if !shim.is_whole => State::Edited,
            (Some(_), None) => State::OriginalMissing,
            (Some(shim), Some(original)) if shim.original != shim::hash(original) => State::OriginalChanged,
            (Some(shim), _) if script == shim::text(&shim.original).as_bytes() => State::Installed,
            (Some(_), _) => State::Outdated,
        };
        Ok(Found { state, shim_version: shim.map(|shim| shim.version), script, original })
    }

    /// Puts the shim in place of the script. Does nothing if it is there.
    pub fn install(&self, found: &Found) -> Result<(), Failure> {
        match found.state {
            State::Installed => return Ok(()),
            State::Outdated => {}
            State::Absent | State::Replaced => {
                if !found.script.windows(UPSTREAM_MARK.len()).any(|part| part == UPSTREAM_MARK) {
                    let text = format!("{} is not RingRift's self-play script", self.script.display());
                    return Err(Failure::message(exit::BAD_INPUT, text)
                        .hint("DIR is the folder `ai-service` of a RingRift checkout"));
                }
                self.keep_older(found)?;
                self.copy(&self.script, &found.script, &self.original)?;
            }
            State::Edited | State::OriginalMissing | State::OriginalChanged => return Err(self.refusal(found)),
        }
        let original = if found.state == State::Outdated { found.original.as_ref() } else { Some(&found.script) };
        let text = shim::text(&shim::hash(original.map_or(&[], Vec::as_slice)));
        self.copy(&self.script, text.as_bytes(), &self.script)
    }

    /// Puts the original back, and says whether there was anything to do.
    pub fn remove(&self, found: &Found) -> Result<bool, Failure> {
        match (&found.state, &found.original) {
            (State::Replaced, _) | (State::Absent, None) => return Ok(false),
            (State::Absent, Some(_)) => {}
            (State::Installed | State::Outdated, Some(original)) => {
                self.copy(&self.original, original, &self.script)?;
            }
            _ => return Err(self.refusal(found)),
        }
        fs::remove_file(&self.original).map_err(|error| cannot("remove", &self.original, error))?;
        Ok(true)
    }

    /// Originals of earlier states of the checkout, which nothing here removes.
    pub fn older(&self) -> Vec<PathBuf> {
        (1..=u32::MAX).map(|number| self.numbered(number)).take_while(|path| path.exists()).collect()
    }

    fn numbered(&self, number: u32) -> PathBuf {
        self.folder.join(format!("run_self_play_soak.original.{number}.py"))
    }

    /// Gives an original of an earlier state a name of its own, unless it has one.
    fn keep_older(&self, found: &Found) -> Result<(), Failure> {
        let Some(original) = found.original.as_ref().filter(|_| found.state == State::Replaced) else { return Ok(()) };
        let older = self.older();
        if older.iter().any(|path| fs::read(path).is_ok_and(|bytes| bytes == *original)) {
            return Ok(());
        }
        let number = u32::try_from(older.len() + 1).unwrap_or(u32::MAX);
        self.copy(&self.original, original, &self.numbered(number))
    }

    /// Writes `bytes` to `to`, with the permissions of `from`.
    fn copy(&self, from: &Path, bytes: &[u8], to: &Path) -> Result<(), Failure> {
        fs::metadata(from).and_then(|metadata| files::write_atomic_with(to, bytes, metadata.permissions())).map_err(
            |error| cannot("write", to, error).hint(format!("is {} writable for this user?", self.folder.display())),
        )
    }

    /// Why a state is not one to go on from.
    fn refusal(&self, found: &Found) -> Failure {
        let (script, original) = (self.script.display(), self.original.display());
        let text = match found.state {
            State::OriginalMissing => format!("{script} is the drop-in, but its original {original} is gone"),
            State::OriginalChanged => format!("{original} was changed after the drop-in was installed"),
            _ => format!("{script} is the drop-in, but was changed after it was installed"),
        };
        let failure = Failure::message(exit::BAD_INPUT, text)
            .hint(format!("`git checkout -- scripts/{SCRIPT}`, run in the checkout, brings its own script back"));
        if found.has_original() {
            failure.hint(format!("or, to have what is kept there: mv {original} {script}"))
        } else {
            failure
        }
    }
}

fn cannot(what: &str, path: &Path, error: io::Error) -> Failure {
    Failure::new(exit::IO, anyhow::Error::new(error).context(format!("cannot {what} {}", path.display())))
}
