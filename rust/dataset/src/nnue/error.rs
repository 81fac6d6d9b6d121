//! Why there are no samples.

use std::io;
use std::path::{Path, PathBuf};

use ringrift_replay::StoreError;

/// Why samples cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// A setting that makes no sense.
    #[error("{name} is {value}\nhint: {hint}")]
    Option {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        hint: &'static str,
    },
    /// A database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No database has games of the board and number of players.
    #[error(
        "no game of {board} with {players} players in {databases}\nhint: `rrpipe replay list FILE` shows what a database has"
    )]
    NoGames {
        /// The board.
        board: &'static str,
        /// The number of players.
        players: usize,
        /// The databases.
        databases: String,
    },
    /// Every game was dropped.
    #[error(
        "none of {considered} games of {board} with {players} players gave a sample ({reasons})\nhint: loosen the filters that are named, or record more games"
    )]
    NoRows {
        /// The board.
        board: &'static str,
        /// The number of players.
        players: usize,
        /// Games that were looked at.
        considered: u64,
        /// Games by reason.
        reasons: String,
    },
    /// Too many games cannot be replayed.
    #[error("{failed} of {considered} games cannot be replayed, more than a share of {share_max}; the first, {game} of {}: {what}\nhint: `rrpipe verify {}` lists what is wrong; a greater share takes the others all the same", path.display(), path.display())]
    TooManyFailed {
        /// Games that failed.
        failed: u64,
        /// Games that passed the filters.
        considered: u64,
        /// Greatest share.
        share_max: f64,
        /// Database of the first.
        path: PathBuf,
        /// Its name.
        game: String,
        /// What is wrong with it.
        what: String,
    },
    /// The file that should keep the samples is something else.
    #[error("{} is no file of samples: {what}\nhint: it stays as it is; give the name of a new file", path.display())]
    NotACache {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// The file that keeps the samples cannot be read or written.
    #[error("cannot {doing} {}: {source}\nhint: check the device and the folder", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system refuses threads.
    #[error("cannot start threads: {0}\nhint: try fewer")]
    Threads(#[source] io::Error),
    /// It was asked to stop.
    #[error("interrupted\nhint: nothing was written; call it again")]
    Interrupted,
}

impl SampleError {
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::File { doing, path: path.to_owned(), source }
    }
}
