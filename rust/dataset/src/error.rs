//! Why an export came to nothing.

use std::io;
use std::path::{Path, PathBuf};

use ringrift_replay::StoreError;

/// Why an export failed. Nothing stands under the names of its files then but what stood there before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
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
    #[error("no rows for {}: none of {considered} games of {board} with {players} players gave any ({reasons})\nhint: the reasons are named after their flags; loosen those, or record more games", path.display())]
    NoRows {
        /// The file that would have been.
        path: PathBuf,
        /// The board.
        board: &'static str,
        /// The number of players.
        players: usize,
        /// Games that were looked at.
        considered: u64,
        /// Games by reason.
        reasons: String,
    },
    /// More games than one in a thousand cannot be replayed.
    #[error("{failed} of {considered} games cannot be replayed, and more than one in a thousand is no accident; the first, {game} of {}: {what}\nhint: `rrpipe verify {}` lists what is wrong; --no-strict exports the others all the same", path.display(), path.display())]
    TooManyFailed {
        /// Games that failed.
        failed: u64,
        /// Games that passed the filters.
        considered: u64,
        /// Database of the first.
        path: PathBuf,
        /// Its name.
        game: String,
        /// What is wrong with it.
        what: String,
    },
    /// A game with too few moves, which upstream's strict mode refuses together with its database.
    #[error("game {game} of {} has {moves} moves\nhint: upstream refuses databases with games of less than 5 moves; --no-strict takes the others", path.display())]
    TooFewMoves {
        /// The database.
        path: PathBuf,
        /// The game.
        game: String,
        /// Its number of moves.
        moves: usize,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}\nhint: {}", path.display(), hint_of(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another export writes the same file.
    #[error("another export is writing {}\nhint: wait for it, or write to another file", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses threads.
    #[error("cannot start threads: {0}\nhint: try fewer --jobs")]
    Threads(#[source] io::Error),
    /// It was asked to stop.
    #[error("interrupted\nhint: nothing was written; run the command again")]
    Interrupted,
}

fn hint_of(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or write elsewhere; an export needs room for twice its file"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "the folder must be writable, since the file is made beside its final name"
        }
        io::ErrorKind::IsADirectory => "give the name of a file",
        _ => "check the device and the folder",
    }
}

impl ExportError {
    pub(crate) fn write(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Write { path: path.to_owned(), source }
    }

    /// Whether the operating system or another process is in the way, rather than the content of the databases.
    pub fn is_environment(&self) -> bool {
        match self {
            Self::Store(error) => error.is_environment(),
            Self::Write { .. } | Self::Busy { .. } | Self::Threads(_) => true,
            _ => false,
        }
    }
}
