//! Writing files so that a file under its final name is always a whole one.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file in the making: it appears under its name, whole, when it is [committed](AtomicFile::commit), and not at all
/// if it is dropped before. Devices and pipes, such as `/dev/null`, are written to as they are.
#[derive(Debug)]
pub struct AtomicFile(BufWriter<Target>);

#[derive(Debug)]
enum Target {
    /// A temporary file, and the name that it will have.
    Temporary { file: NamedTempFile, path: PathBuf },
    /// Something that cannot be replaced by a file.
    Device(File),
}

impl AtomicFile {
    /// Begins a file; the temporary one stands beside it. A link keeps standing, and what it leads to is replaced.
    ///
    /// # Errors
    /// The folder is missing or not writable, or `path` is a folder.
    pub fn create(path: &Path) -> io::Result<Self> {
        let path = if path.is_symlink() && path.exists() { fs::canonicalize(path)? } else { path.to_owned() };
        if let Ok(found) = fs::metadata(&path) {
            if found.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            if !found.is_file() {
                return Ok(Self(BufWriter::new(Target::Device(File::options().write(true).open(path)?))));
            }
        }
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // As for any new file; the process's umask takes its share.
            builder.permissions(Permissions::from_mode(0o666));
        }
        let file = builder.prefix(".rrpipe-").suffix(".tmp").tempfile_in(folder(&path))?;
        Ok(Self(BufWriter::new(Target::Temporary { file, path })))
    }

    /// Gives the file its name when everything is on the disk.
    ///
    /// # Errors
    /// Any step fails; what had the name before is unchanged, and the temporary file is gone.
    pub fn commit(self) -> io::Result<()> {
        let Target::Temporary { file, path } = self.0.into_inner().map_err(io::IntoInnerError::into_error)? else {
            return Ok(());
        };
        file.as_file().sync_all()?;
        file.persist(&path)?;
        // The rename itself is durable once the folder is. Not every system can open a folder for that.
        if cfg!(unix) {
            File::open(folder(&path))?.sync_all()?;
        }
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Temporary { file, .. } => file.write(bytes),
            Self::Device(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Temporary { file, .. } => file.flush(),
            Self::Device(file) => file.flush(),
        }
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes `bytes` to `path` by a temporary file beside it, fsync and rename.
///
/// # Errors
/// Any of these steps fails; `path` is then as before and the temporary file is gone.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)?;
    file.commit()
}

/// As [`write_atomic`]; the file has the given permissions before it has its name.
///
/// # Errors
/// As [`write_atomic`].
pub fn write_atomic_with(path: &Path, bytes: &[u8], permissions: Permissions) -> io::Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)?;
    if let Target::Temporary { file, .. } = file.0.get_ref() {
        file.as_file().set_permissions(permissions)?;
    }
    file.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn file_that_is_given_up_never_appears() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        AtomicFile::create(&path).unwrap().write_all(b"half").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn file_gets_its_permissions() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        for mode in [0o755, 0o444, 0o640] {
            write_atomic_with(&path, b"x", Permissions::from_mode(mode)).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode);
        }
    }

    #[test]
    #[cfg(unix)]
    fn links_keep_standing_and_devices_stay_devices() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file, device) =
            (folder.path().join("link"), folder.path().join("file"), folder.path().join("device"));
        fs::write(&file, "one").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        write_atomic(&link, b"two").unwrap();
        assert!(link.is_symlink() && fs::read(&file).unwrap() == b"two");
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        write_atomic(&device, b"two").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file() && device.is_symlink());
        assert_eq!(write_atomic(folder.path(), b"x").unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn missing_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_atomic(&folder.path().join("no/such/a.txt"), b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
