//! JSONL files that grow: one writer at a time, whole lines only.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Why a JSONL file cannot be written or resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonlError {
    /// The system refuses.
    #[error("cannot {action} {}: {source}\nhint: check that the path is right, that its folder may be written, and that there is space; whole lines written before are safe", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process writes the file.
    #[error("{} is being written by another process\nhint: wait for it, or choose another file; nothing was changed", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The lines are not those of a run from its first game on.
    #[error("{}, line {line}: {what}\nhint: only a file whose lines are games 0, 1, 2, ... can be resumed; move it away to start anew", path.display())]
    NotResumable {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// A torn last line that was removed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repair {
    /// Bytes of the line.
    pub bytes: u64,
}

/// The file, held under a lock until it is dropped.
#[derive(Debug)]
pub struct JsonlFile {
    path: PathBuf,
    file: File,
    /// Length of the whole lines in it.
    bytes: u64,
}

impl JsonlFile {
    /// Opens the file of a run and takes its lock. Returns the number of games that it has when it is resumed, and the torn
    /// last line that is to be removed. Nothing in the file changes before [`Self::begin`].
    pub(crate) fn open(path: &Path, resume: bool) -> Result<(Self, u64, Option<Repair>), JsonlError> {
        let file = open_locked(path)?;
        let (games, whole, torn) = if resume { survey(path, &file)? } else { (0, 0, 0) };
        let repair = (torn > 0).then_some(Repair { bytes: torn });
        Ok((Self { path: path.to_owned(), file, bytes: whole }, games, repair))
    }

    /// Opens any such file and takes its lock. Returns its whole lines, and the torn last line that is to be removed. Nothing
    /// in the file changes before [`Self::begin`].
    ///
    /// # Errors
    /// [`JsonlError`] if the file cannot be opened, is written by another process, or is no text.
    pub fn open_lines(path: &Path) -> Result<(Self, String, Option<Repair>), JsonlError> {
        let mut file = open_locked(path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(|source| JsonlError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let torn = (text.len() - whole) as u64;
        text.truncate(whole);
        let lines = String::from_utf8(text).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.split(|&byte| byte == b'\n').count() as u64;
            JsonlError::NotResumable { path: path.to_owned(), line, what: "not UTF-8".into() }
        })?;
        let repair = (torn > 0).then_some(Repair { bytes: torn });
        Ok((Self { path: path.to_owned(), file, bytes: whole as u64 }, lines, repair))
    }

    /// Removes the torn line of a resumed file, or all lines of one that is begun anew.
    ///
    /// # Errors
    /// [`JsonlError`] if the system refuses.
    pub fn begin(&mut self) -> Result<(), JsonlError> {
        let begun = self.file.set_len(self.bytes).and_then(|()| self.file.seek(SeekFrom::End(0)));
        begun.map(drop).map_err(|source| JsonlError::Io { action: "write", path: self.path.clone(), source })
    }

    /// Appends whole lines and returns when they are on the disk.
    ///
    /// # Errors
    /// [`JsonlError`] if the system refuses; the file then has the lines of before.
    pub fn append(&mut self, lines: &str) -> Result<(), JsonlError> {
        match self.file.write_all(lines.as_bytes()).and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.bytes += lines.len() as u64;
                Ok(())
            }
            Err(source) => {
                // Part of a line may be there; without it the file stays one that every reader takes.
                let _ = self.file.set_len(self.bytes);
                Err(JsonlError::Io { action: "write", path: self.path.clone(), source })
            }
        }
    }
}

/// Opens a file for one writer, with its folder.
fn open_locked(path: &Path) -> Result<File, JsonlError> {
    let fail = |action| move |source| JsonlError::Io { action, path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(fail("make the folder of"))?;
    }
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(fail("open"))?;
    match file.try_lock() {
        // Some file systems have no locks; then the user sees to it that there is one writer.
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JsonlError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(source)) => Err(fail("lock")(source)),
    }
}

/// Number of games, bytes of whole lines, bytes of a torn last line.
fn survey(path: &Path, file: &File) -> Result<(u64, u64, u64), JsonlError> {
    let fail = |source| JsonlError::Io { action: "read", path: path.to_owned(), source };
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut games, mut whole, mut last_start) = (0, 0, 0);
    let mut line = Vec::new();
    let torn = loop {
        line.clear();
        let count = reader.read_until(b'\n', &mut line).map_err(fail)? as u64;
        if !line.ends_with(b"\n") {
            break count;
        }
        last_start = whole;
        whole += count;
        games += 1;
    };
    if games > 0 {
        let mut text = String::new();
        let mut file = file;
        file.seek(SeekFrom::Start(last_start)).map_err(fail)?;
        file.take(whole - last_start).read_to_string(&mut text).map_err(fail)?;
        let wrong = |what: String| JsonlError::NotResumable { path: path.to_owned(), line: games, what };
        let json: Value = serde_json::from_str(&text).map_err(|error| wrong(format!("not a JSON object ({error})")))?;
        match json.get("index").and_then(Value::as_u64) {
            Some(index) if index + 1 == games => {}
            Some(index) => return Err(wrong(format!("expected the game with index {}, got {index}", games - 1))),
            None => return Err(wrong("the record has no index".into())),
        }
    }
    Ok((games, whole, torn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn torn_line_is_removed_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/games.jsonl");
        let (mut file, games, repair) = JsonlFile::open(&path, true).unwrap();
        assert_eq!((games, repair), (0, None));
        file.begin().unwrap();
        file.append("{\"index\": 0}\n{\"index\": 1}\n").unwrap();
        drop(file);
        fs::write(&path, fs::read_to_string(&path).unwrap() + "{\"index\": 2, \"mo").unwrap();
        let (mut file, games, repair) = JsonlFile::open(&path, true).unwrap();
        assert_eq!((games, repair), (2, Some(Repair { bytes: 16 })));
        file.begin().unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
    }

    #[test]
    fn second_writer_leaves_the_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("games.jsonl");
        let (mut file, ..) = JsonlFile::open(&path, false).unwrap();
        file.begin().unwrap();
        file.append("{\"index\": 0}\n").unwrap();
        assert!(matches!(JsonlFile::open(&path, false), Err(JsonlError::Locked { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"index\": 0}\n");
    }

    #[test]
    fn file_of_something_else_is_not_resumed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("games.jsonl");
        for text in ["{\"index\": 3}\n", "{\"a\": 3}\n", "words\n"] {
            fs::write(&path, text).unwrap();
            assert!(matches!(JsonlFile::open(&path, true), Err(JsonlError::NotResumable { line: 1, .. })), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
