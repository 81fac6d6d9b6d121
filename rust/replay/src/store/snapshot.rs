//! A private copy of a database as it was at one moment.

use std::path::{Path, PathBuf};

use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};
use tempfile::TempPath;

use super::{
    connection::{BUSY_TIMEOUT, ReadConnection, Stamp, open_for_reading},
    error::{At, StoreError},
    reader::StoreReader,
};

/// How often copying is begun again because the file was changed meanwhile.
const RETRIES: usize = 5;

/// A database as it was at one moment: what was committed then, the write-ahead log included, whoever writes to the file
/// meanwhile and later.
///
/// It is a copy that SQLite's backup interface makes inside one read transaction. A long read of the file itself would
/// keep its writers from ever emptying their log; the copy holds them up for no longer than copying takes, stays as it is,
/// and may be read by several threads at once. The file is never written to. The copy is gone when this value is dropped.
///
/// ```
/// # use ringrift_replay::{StoreWriter, WriterOptions};
/// use ringrift_replay::{GameFilter, GameOrder, Parts, StoreSnapshot};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("games.db");
/// # StoreWriter::open(&path, WriterOptions::default())?.close()?;
/// let snapshot = StoreSnapshot::take(&path, folder.path())?;
/// let filter = GameFilter { status: Some("completed".into()), order: GameOrder::NewestFirst, ..GameFilter::default() };
/// for game in snapshot.reader()?.games(&filter, Parts::Moves)? {
///     let game = game?;
///     let (start, probabilities) = (game.start()?, game.moves.iter().map(|row| &row.move_probs));
///     # drop((start, probabilities.count()));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StoreSnapshot {
    source: PathBuf,
    copy: TempPath,
}

impl StoreSnapshot {
    /// Copies a database into a file of its own in `folder`, which needs room for it.
    ///
    /// # Errors
    /// [`StoreError`] says what the file is instead, or why it cannot be read or copied.
    pub fn take(source: &Path, folder: &Path) -> Result<Self, StoreError> {
        let copy = tempfile::Builder::new().prefix(".rrpipe-").suffix(".db").tempfile_in(folder);
        let copy = copy.map_err(|error| StoreError::of_io(folder, &error))?.into_temp_path();
        for _ in 0..RETRIES {
            let ReadConnection { connection, frozen } = open_for_reading(source, BUSY_TIMEOUT)?;
            let copied = copy_pages(&connection, source, &copy);
            match frozen {
                // Whatever was found or not found in it means nothing.
                Some(before) if Stamp::of(source)? != before => {}
                _ => {
                    copied?;
                    let snapshot = Self { source: source.to_owned(), copy };
                    // Says what the file is, if it is no replay database.
                    snapshot.reader()?;
                    return Ok(snapshot);
                }
            }
        }
        Err(StoreError::Changing { path: source.to_owned() })
    }

    /// The database that was copied.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// The copy.
    pub(crate) fn file(&self) -> &Path {
        &self.copy
    }

    /// Reads the copy; what goes wrong is said of the database that was copied.
    ///
    /// # Errors
    /// The copy cannot be read.
    pub fn reader(&self) -> Result<StoreReader, StoreError> {
        StoreReader::open_copy(&self.copy, &self.source)
    }
}

/// Copies all pages in one transaction, over whatever the copy has.
fn copy_pages(from: &Connection, source: &Path, copy: &Path) -> Result<(), StoreError> {
    let waited_ms = BUSY_TIMEOUT.as_millis() as u64;
    let (of_source, of_copy) = (At { path: source, waited_ms }, At { path: copy, waited_ms });
    let file = std::fs::File::options().write(true).truncate(true).open(copy);
    file.map_err(|error| StoreError::of_io(copy, &error))?;
    let mut to = Connection::open(copy).map_err(of_copy.on("opening a copy"))?;
    // Nobody needs the copy after a crash.
    let settings = to.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;");
    settings.map_err(of_copy.on("opening a copy"))?;
    let backup = Backup::new(from, &mut to).map_err(of_source.on("copying"))?;
    match backup.step(-1) {
        Ok(StepResult::Done) => Ok(()),
        Ok(_) => Err(StoreError::Locked { path: source.to_owned(), waited_ms }),
        Err(error) => {
            // Of the two files, only the copy grows.
            let at = if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) { of_copy } else { of_source };
            Err(at.error("copying", &error))
        }
    }
}
