//! Opening database files, for writing and for reading.

use std::{
    fmt,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::{
    error::{At, StoreError},
    migrate::migrate,
    schema::{self, Found},
};

/// First bytes of every SQLite database.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// How long to wait for locks, as upstream does.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Pages in the write-ahead log from which a commit carries them over into the database (32 MiB). SQLite's default of
/// 4 MiB would copy the pages at the ends of the indexes for nearly every group of games.
pub(crate) const CHECKPOINT_PAGES: u32 = 8192;

/// A path with something after its last name, such as `-wal` for the write-ahead log of a database.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The folder of a file.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// What the first bytes of a file say; SQLite itself takes an empty file for an empty database. Returns whether the file
/// is in WAL mode, by the version for readers in its header.
fn check_magic(path: &Path) -> Result<bool, StoreError> {
    const READ_VERSION: usize = 19;
    let mut head = Vec::with_capacity(READ_VERSION + 1);
    let file = File::open(path).map_err(|error| StoreError::of_io(path, &error))?;
    let read = file.take(READ_VERSION as u64 + 1).read_to_end(&mut head);
    read.map_err(|error| StoreError::of_io(path, &error))?;
    if head.is_empty() || head.starts_with(MAGIC) {
        Ok(head.get(READ_VERSION) == Some(&2))
    } else {
        Err(StoreError::NotADatabase { path: path.to_owned() })
    }
}

/// Whether a file begins as every SQLite database does.
pub fn is_database(path: &Path) -> bool {
    let mut head = [0; MAGIC.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *MAGIC
}

/// How a writer opens its database.
#[derive(Copy, Clone, Debug)]
pub(crate) struct WriteSettings {
    pub(crate) busy_timeout: Duration,
    pub(crate) pages_max: Option<u32>,
}

/// Opens a database for writing: makes it where it is missing, and brings it up to the present schema.
pub(crate) fn open_for_writing(path: &Path, settings: WriteSettings) -> Result<Connection, StoreError> {
    let at = At { path, waited_ms: settings.busy_timeout.as_millis() as u64 };
    let is_new = match path.metadata() {
        Ok(data) if data.is_dir() => {
            return Err(StoreError::CannotOpen { path: path.to_owned(), message: "it is a folder".into() });
        }
        Ok(data) => {
            check_magic(path)?;
            data.len() == 0
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(StoreError::of_io(path, &error)),
    };
    if is_new {
        let folder = folder(path);
        std::fs::create_dir_all(folder).map_err(|error| StoreError::of_io(folder, &error))?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(at.on("opening"))?;
    connection.busy_timeout(settings.busy_timeout).map_err(at.on("opening"))?;
    if connection.is_readonly("main").map_err(at.on("opening"))? {
        return Err(StoreError::ReadOnly { path: path.to_owned() });
    }
    // Says whether the file can be read at all, before anything in it is changed.
    let found = schema::inspect(&connection).map_err(at.on("reading the schema"))?;
    if let Found::Other(missing) = &found {
        return Err(StoreError::NotAStore { path: path.to_owned(), missing: missing.clone() });
    }
    if let Found::UnknownVersion(version) = &found {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found: version.clone() });
    }
    configure(&connection, settings).map_err(at.on("configuring"))?;
    bring_up(&mut connection).map_err(at.on("making the tables"))?;
    if is_new && cfg!(unix) {
        // The name of a new file is durable once its folder is.
        let synced = File::open(folder(path)).and_then(|folder| folder.sync_all());
        synced.map_err(|error| StoreError::of_io(path, &error))?;
    }
    Ok(connection)
}

fn configure(connection: &Connection, settings: WriteSettings) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // With FULL, a commit returns when the log is on the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    if let Some(pages) = settings.pages_max {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}

/// Makes or migrates the tables, in one transaction. Another writer may have done so meanwhile.
fn bring_up(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    match schema::inspect(&transaction)? {
        Found::Empty => {
            schema::create(&transaction)?;
            schema::set_version(&transaction, schema::VERSION)?;
        }
        Found::Store(version) if version < schema::VERSION => migrate(&transaction, version)?,
        _ => {}
    }
    transaction.commit()
}

/// A file as it was at some moment, to tell whether it was changed since.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<std::time::SystemTime>,
    /// Length and time of the write-ahead log, if it has anything.
    log: Option<(u64, Option<std::time::SystemTime>)>,
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Result<Self, StoreError> {
        let data = path.metadata().map_err(|error| StoreError::of_io(path, &error))?;
        if data.is_dir() {
            return Err(StoreError::CannotOpen { path: path.to_owned(), message: "it is a folder".into() });
        }
        let log = beside(path, "-wal").metadata().ok().filter(|log| log.len() > 0);
        let log = log.map(|log| (log.len(), log.modified().ok()));
        Ok(Self { length: data.len(), modified: data.modified().ok(), log })
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = |time: Option<std::time::SystemTime>| {
            time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default().as_nanos()
        };
        let (log, log_modified) = self.log.unwrap_or_default();
        write!(f, "{} {} {log} {}", self.length, nanos(self.modified), nanos(log_modified))
    }
}

/// A connection that never changes the database, nor leaves files beside it.
#[derive(Debug)]
pub(crate) struct ReadConnection {
    pub(crate) connection: Connection,
    /// The file at the time of opening, if it is read as if nobody could change it.
    pub(crate) frozen: Option<Stamp>,
}

/// Opens a database for reading.
///
/// A database in WAL mode cannot be read without files for locks beside it, unless it is declared immutable. That is
/// done where it has no log, hence no writer; [`Stamp`] tells when that has changed. Databases in other modes are locked
/// while they are read, which leaves no trace.
pub(crate) fn open_for_reading(path: &Path, busy_timeout: Duration) -> Result<ReadConnection, StoreError> {
    let at = At { path, waited_ms: busy_timeout.as_millis() as u64 };
    let stamp = Stamp::of(path)?;
    let is_frozen = check_magic(path)? && stamp.log.is_none();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if is_frozen {
        Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        Connection::open_with_flags(path, flags)
    };
    let connection = connection.map_err(at.on("opening"))?;
    connection.busy_timeout(busy_timeout).map_err(at.on("opening"))?;
    connection.pragma_update(None, "query_only", true).map_err(at.on("opening"))?;
    Ok(ReadConnection { connection, frozen: is_frozen.then_some(stamp) })
}

fn immutable_uri(path: &Path) -> String {
    use std::fmt::Write as _;

    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut uri = String::from("file:");
    for byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(*byte as char),
            byte if byte.is_ascii_alphanumeric() => uri.push(*byte as char),
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri + "?immutable=1"
}
