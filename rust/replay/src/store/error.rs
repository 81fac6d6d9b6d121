//! What can go wrong with a replay database.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::{ErrorCode, ffi};

use super::schema;

/// Why an operation on a replay database failed.
///
/// Errors are values that can be copied: the games of one group commit all get the error that ended it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file is not there.
    #[error("no database at {}\nhint: check the path; commands that write make the file themselves", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened, made or looked at.
    #[error("cannot open {}: {message}\nhint: the file and its folder must be accessible, the folder also for writing", .path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// The file is something else.
    #[error("{} is not an SQLite database\nhint: replay databases begin with the bytes \"SQLite format 3\"; is it still compressed?", .path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// An SQLite database without the tables of a replay database.
    #[error("{} is no replay database: it lacks {missing}\nhint: a replay database has the tables games, game_moves and game_initial_state", .path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// Tables or columns that are not there.
        missing: String,
    },
    /// Written by a newer program.
    #[error("{} has schema version {found}, and this program knows versions up to {}\nhint: use a newer ringrift-core for it", .path.display(), schema::VERSION)]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its version, as it says.
        found: String,
    },
    /// The content of the file is broken.
    #[error("{} is damaged: {message}\nhint: `sqlite3 FILE .recover` saves what can be read; then verify the result", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        message: String,
    },
    /// Another process holds the database.
    #[error("{} is locked by another process, after waiting {waited_ms} ms\nhint: wait for the other writer, or write to a file of your own and merge later", .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long the operation waited.
        waited_ms: u64,
    },
    /// The file or its folder may not be written.
    #[error("{} cannot be written\nhint: check the permissions of the file and its folder", .path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// No space is left.
    #[error("no space left for {}\nhint: games acknowledged before are safe; free some space and resume", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The device failed.
    #[error("cannot read or write {}: {message}\nhint: check the device; games acknowledged before are in the file if it can be read", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// The file was changed again and again while it was being read.
    #[error("{} keeps changing while it is read\nhint: read it again when its writer has finished, or read a copy", .path.display())]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// The database has no such game.
    #[error("{} has no game {game:?}\nhint: `rrpipe replay list FILE` shows the games", .path.display())]
    NoSuchGame {
        /// The file.
        path: PathBuf,
        /// Its name.
        game: String,
    },
    /// The rows of a game do not make up a game.
    #[error("{}: game {game} is torn: {what}\nhint: `rrpipe verify FILE` lists everything that is wrong; other games can be read", .path.display())]
    TornGame {
        /// The file.
        path: PathBuf,
        /// Name of the game.
        game: String,
        /// What is missing or unreadable.
        what: String,
    },
    /// A game of that name is in the database already.
    #[error("{} already has a different game {game:?}\nhint: names of games are made from run and index; was a run id used twice?", .path.display())]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// Its name.
        game: String,
    },
    /// A game that databases do not take.
    #[error("game {game:?} cannot be stored: {what}\nhint: {hint}")]
    Unstorable {
        /// Name of the game.
        game: String,
        /// What is wrong with it.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// The writer has stopped.
    #[error("the writer of {} has stopped\nhint: its first error says why; games that it acknowledged are safe", .path.display())]
    WriterStopped {
        /// The file.
        path: PathBuf,
    },
    /// Anything else that SQLite reports.
    #[error("{}: {operation} failed: {message}\nhint: this should not happen; please report it with the file, if you can", .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What was being done.
        operation: &'static str,
        /// What SQLite says.
        message: String,
    },
}

impl StoreError {
    /// Whether the operating system or another process is in the way, rather than the content of the file.
    pub fn is_environment(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. }
                | Self::CannotOpen { .. }
                | Self::Locked { .. }
                | Self::ReadOnly { .. }
                | Self::Full { .. }
                | Self::Io { .. }
                | Self::Changing { .. }
        )
    }

    /// The error of a file operation.
    pub(crate) fn of_io(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing { path: path.to_owned() },
            io::ErrorKind::StorageFull => Self::Full { path: path.to_owned() },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path: path.to_owned() },
            _ => Self::CannotOpen { path: path.to_owned(), message: error.to_string() },
        }
    }

    pub(crate) fn unstorable(game: &str, what: impl Into<String>, hint: &'static str) -> Self {
        Self::Unstorable { game: game.to_owned(), what: what.into(), hint }
    }

    pub(crate) fn torn(path: &Path, game: &str, what: impl Into<String>) -> Self {
        Self::TornGame { path: path.to_owned(), game: game.to_owned(), what: what.into() }
    }
}

/// Where a failed SQLite call was made.
#[derive(Copy, Clone, Debug)]
pub(crate) struct At<'a> {
    pub(crate) path: &'a Path,
    pub(crate) waited_ms: u64,
}

impl At<'_> {
    /// Turns an error of SQLite into one that says what to do.
    pub(crate) fn error(self, operation: &'static str, error: &rusqlite::Error) -> StoreError {
        let path = self.path.to_owned();
        let message = error.to_string();
        if let rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) = error
        {
            return StoreError::Damaged { path, message };
        }
        if error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_READONLY_ROLLBACK) {
            let message = "its writer died inside a transaction, which has to be rolled back first".into();
            return StoreError::Damaged { path, message };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => StoreError::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { path, message },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
                StoreError::Locked { path, waited_ms: self.waited_ms }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
                StoreError::ReadOnly { path }
            }
            Some(ErrorCode::DiskFull) => StoreError::Full { path },
            Some(ErrorCode::SystemIoFailure) => StoreError::Io { path, message },
            Some(ErrorCode::CannotOpen) => StoreError::CannotOpen { path, message },
            _ if message.starts_with("no such table") || message.starts_with("no such column") => {
                StoreError::NotAStore { path, missing: message }
            }
            _ => StoreError::Sqlite { path, operation, message },
        }
    }

    /// [`At::error`] as a function, for `map_err`.
    pub(crate) fn on(self, operation: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
        move |error| self.error(operation, &error)
    }
}
