//! The databases that games are read from: unchanged, and each as it was at one moment.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ringrift_replay::{GameFilter, StoreError, StoreReader, StoreSnapshot};
use sha2::{Digest as _, Sha256};

use crate::npz::hex;

/// A database that is open for reading.
#[derive(Debug)]
pub(crate) struct Source {
    pub path: PathBuf,
    /// A copy, if a writer's log stands beside the file.
    snapshot: Option<StoreSnapshot>,
    /// The file at the beginning.
    stamp: Option<Stamp>,
}

/// A file as it was at some moment.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    has_log: bool,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let data = path.metadata().ok()?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let has_log = Path::new(&log).metadata().is_ok_and(|log| log.len() > 0);
        Some(Self { bytes: data.len(), modified: data.modified().ok(), has_log })
    }
}

impl Source {
    /// Opens a database. If it is being written to, a copy is made in `folder`.
    pub fn open(path: &Path, folder: &Path) -> Result<Self, StoreError> {
        let stamp = Stamp::of(path);
        let snapshot = match stamp {
            Some(Stamp { has_log: true, .. }) => Some(StoreSnapshot::take(path, folder)?),
            _ => None,
        };
        let source = Self { path: path.to_owned(), snapshot, stamp };
        source.reader()?;
        Ok(source)
    }

    pub fn reader(&self) -> Result<StoreReader, StoreError> {
        match &self.snapshot {
            Some(snapshot) => snapshot.reader(),
            None => StoreReader::open(&self.path),
        }
    }

    /// Number of games that pass the filter.
    pub fn count(&self, filter: &GameFilter) -> Result<u64, StoreError> {
        let mut reader = self.reader()?;
        let games = reader.games(filter, ringrift_replay::Parts::Moves)?;
        Ok(games.len() as u64)
    }

    /// Length of the file.
    pub fn bytes(&self) -> u64 {
        self.stamp.map_or(0, |stamp| stamp.bytes)
    }

    /// SHA-256 of the file; none if it is being written to, or `stop` says so.
    pub fn sha256(&self, stop: &impl Fn() -> bool) -> io::Result<Option<String>> {
        if self.snapshot.is_some() {
            return Ok(None);
        }
        let mut file = File::open(&self.path)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        while !stop() {
            match file.read(&mut buffer)? {
                0 => return Ok(Some(hex(hasher))),
                read => hasher.update(&buffer[..read]),
            }
        }
        Ok(None)
    }

    /// That the file was not changed while it was read, unless a copy was.
    pub fn check_unchanged(&self) -> Result<(), StoreError> {
        if self.snapshot.is_some() || Stamp::of(&self.path) == self.stamp {
            return Ok(());
        }
        Err(StoreError::Changing { path: self.path.clone() })
    }
}
