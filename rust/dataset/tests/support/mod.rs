//! A recorded database in a folder of its own, for tests that change it.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use ringrift_dataset::{Observer, Progress};
use rusqlite::Connection;

/// Nobody who follows the work.
pub struct Silent;

impl Observer for Silent {
    fn tick(&mut self, _: Progress) {}
}

/// A folder with a copy of a recorded database, `games.db`.
pub struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    /// A copy of a database in `tests/data/dbs`.
    pub fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/data/dbs/{name}.db.gz"));
        let mut bytes = Vec::new();
        GzDecoder::new(File::open(packed).unwrap()).read_to_end(&mut bytes).unwrap();
        fs::write(folder.path().join("games.db"), bytes).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes the database; afterwards nobody uses it.
    pub fn change(&self, sql: &str) {
        let connection = Connection::open(self.path("games.db")).unwrap();
        connection.execute_batch(sql).unwrap();
        connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
        connection.close().unwrap();
    }

    /// Names of the files in the folder, sorted.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
